// Long answers are compressed for who takes gzip, and say the same.

import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { takesGzip } from './send-body.ts';

let world: SampleWorld;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  for (let n = 0; n < 5; n++) await world.settlement();
  return () => world.api.close();
});

interface Got {
  readonly status: number;
  readonly encoding: string | null;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

async function get(path: string, acceptEncoding: string | null, more: RequestInit = {}): Promise<Got> {
  const headers = {
    authorization: `Bearer ${world.own.key}`,
    ...(acceptEncoding === null ? {} : { 'accept-encoding': acceptEncoding }),
    ...(more.headers as Record<string, string>),
  };
  const answer = await world.api.app.request(path, { ...more, headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, encoding: answer.headers.get('content-encoding'), bytes, headers: answer.headers };
}

describe('an answer of a kilobyte or more', () => {
  test('is compressed for who takes gzip, and says the same', async () => {
    const plain = await get('/settlements', null);
    const compressed = await get('/settlements', 'gzip, deflate, br');
    expect([plain.encoding, compressed.encoding]).toEqual([null, 'gzip']);
    expect(gunzipSync(compressed.bytes).toString()).toBe(plain.bytes.toString());
    expect(compressed.bytes.byteLength * 2).toBeLessThan(plain.bytes.byteLength);
    for (const { headers } of [plain, compressed]) expect(headers.get('vary')).toBe('Accept, Accept-Encoding');
  });

  test('is not for who does not take it, and a short one is for nobody', async () => {
    for (const taken of ['identity', 'br', 'gzip;q=0', '*;q=0', ''])
      expect(await get('/settlements', taken)).toMatchObject({ status: 200, encoding: null });
    expect(await get('/settlements?limit=1', 'gzip')).toMatchObject({ status: 200, encoding: null });
  });

  test('is the same for a repeat, which may take it compressed where the first did not', async () => {
    const controls = Array.from({ length: 30 }, (_, n) => ({
      control_id: `c${n}`,
      does: 'block',
      applies_to: { country: { any_of: ['KP'] } },
    }));
    const asked = {
      method: 'POST',
      body: JSON.stringify({ name: 'many', controls }),
      headers: {
        ...{ authorization: `Bearer ${world.api.apiKey}`, 'content-type': 'application/json' },
        'idempotency-key': 'compressed',
      },
    };
    const [first, repeat] = [await get('/control-sets', null, asked), await get('/control-sets', 'gzip', asked)];
    expect([first.status, repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true']);
    expect([first.encoding, repeat.encoding]).toEqual([null, 'gzip']);
    expect(gunzipSync(repeat.bytes).equals(first.bytes)).toBe(true);
  });
});

test('the pages about the API are compressed too, under a name of their own, and both names are known again', async () => {
  const plain = await get('/openapi.json', null);
  const compressed = await get('/openapi.json', 'gzip');
  expect(compressed.encoding).toBe('gzip');
  expect(gunzipSync(compressed.bytes).equals(plain.bytes)).toBe(true);
  expect(compressed.bytes.byteLength * 4).toBeLessThan(plain.bytes.byteLength);
  const names = [plain, compressed].map(({ headers }) => headers.get('etag') ?? '');
  expect(new Set(names).size).toBe(2);
  for (const name of names)
    expect(await get('/openapi.json', 'gzip', { headers: { 'if-none-match': name } })).toMatchObject({ status: 304 });
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['br, gzip;q=0.1', true],
  ['*', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['*, gzip;q=0', false],
  ['*;q=0', false],
  ['identity', false],
  ['x-gzip', false],
])('Accept-Encoding %s: gzip %s', (header, taken) => {
  expect(takesGzip(header)).toBe(taken);
});
