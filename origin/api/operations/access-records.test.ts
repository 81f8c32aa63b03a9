// GET /access-records as an auditor asks: every record once, in pages, by key, route, outcome and days; and the asking is a record itself.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { AccessCounts } from '../../access/access-counts.ts';
import { writeAccess } from '../../access/write-access.ts';
import { SampleApi } from '../../testing/sample-api.ts';

const dayMs = 86_400_000;
const noonMs = Date.parse('2026-11-27T12:00:00Z');

let api: SampleApi;
/** Three days; on each, two keys and strangers, two routes, five addresses: 30 rows. */
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  for (const atMs of [noonMs - 2 * dayMs, noonMs - dayMs, noonMs]) {
    const counts = new AccessCounts();
    for (const api_key_id of ['akey_one', 'akey_two', null])
      for (const route of ['GET /cards/:card_id', 'unmatched'])
        for (let address = 0; address < 5; address += 1) {
          const outcome = api_key_id === null ? 'credentials_wrong' : 'read';
          const call = {
            api_key_id,
            route,
            outcome,
            network: `203.0.113.${address}`,
            requestId: `req_${address}`,
            atMs,
          };
          counts.count(call);
          counts.count(call);
        }
    await writeAccess(api.database, counts.take(), atMs);
  }
});
afterAll(() => api.close());

interface Page {
  readonly access_records: readonly Readonly<Record<string, string | number | null>>[];
  readonly next_cursor: string | null;
}
const threeDays = 'from=2026-11-25&to=2026-11-27';
const ask = async (query: string) => {
  const { status, body } = await api.call('GET', `/access-records?${query}`);
  return { status, ...(body as unknown as Page), body };
};

async function all(query: string) {
  const records: Page['access_records'][number][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page = await ask(`${query}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    records.push(...page.access_records);
    cursor = page.next_cursor;
  }
  return records;
}
const nameOf = ({ day, api_key_id, route, outcome, address_hash }: Page['access_records'][number]) =>
  [day, api_key_id, route, outcome, address_hash].join('|');

test.each([1, 4, 29, 30, 31, 90, 100])(
  'in pages of %d every record comes once, the newest day first',
  async (limit) => {
    const records = await all(`${threeDays}&limit=${limit}`);
    expect(new Set(records.map(nameOf)).size).toBe(90);
    expect(records).toHaveLength(90);
    expect(records.map(({ day }) => day)).toEqual(
      records
        .map(({ day }) => String(day))
        .toSorted()
        .toReversed(),
    );
    expect(records.every(({ calls }) => calls === 2)).toBe(true);
  },
);

test.each([
  ['a key', 'api_key_id=akey_one', 30, { api_key_id: 'akey_one' }],
  ['nobody’s', 'api_key_id=none', 30, { api_key_id: null, outcome: 'credentials_wrong' }],
  ['a route', 'route=GET%20/cards/:card_id', 45, { route: 'GET /cards/:card_id' }],
  ['an outcome', 'outcome=read', 60, { outcome: 'read' }],
  [
    'all of them',
    'api_key_id=akey_two&route=unmatched&outcome=read',
    15,
    { api_key_id: 'akey_two', route: 'unmatched' },
  ],
  ['a key that did nothing', 'api_key_id=akey_three', 0, {}],
])('of %s alone', async (_, query, count, each) => {
  const records = await all(`${threeDays}&${query}&limit=7`);
  expect(records).toHaveLength(count);
  for (const record of records) expect(record).toMatchObject(each);
});

test('of some days alone, and the newest week where none is named', async () => {
  expect(new Set((await all('from=2026-11-26&to=2026-11-26')).map(({ day }) => day))).toEqual(new Set(['2026-11-26']));
  expect((await ask('to=2026-11-24')).access_records).toEqual([]);
  const [last] = (await all('to=2026-12-01&limit=100')).slice(-1);
  expect(last?.['day']).toBe('2026-11-25');
  expect((await all('to=2026-12-02')).at(-1)?.['day']).toBe('2026-11-26');
});

describe('what cannot be asked', () => {
  test.each([
    ['from=2026-11-28&to=2026-11-27', 'from'],
    ['from=2026-10-27&to=2026-11-27', 'from'],
    ['from=2026-02-30', 'from'],
    ['from=0000-01-01', 'from'],
    ['to=9999-12-31', 'to'],
    ['api_key_id=akey_%00', 'api_key_id'],
    ['route=cards', 'route'],
    [`cursor=${Buffer.from('2026-11-27 %E0%A4%A read x y').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('2026-11-27 a b').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('2026-11-27 a%00 b c d').toString('base64url')}`, 'cursor'],
  ])('%s', async (query, field) => {
    const { status, body } = await ask(query);
    expect([status, body]).toMatchObject([422, { error_code: 'field_invalid', details: [{ field }] }]);
  });
});

test('the asking is a record, and only a key with audit:read may ask', async () => {
  const made = await api.call('POST', '/api-keys', { name: 'auditor', scopes: ['audit:read'] });
  const other = await api.call('POST', '/api-keys', { name: 'reader', scopes: ['cards:read'] });
  const as = ({ body }: typeof made) => ({ authorization: `Bearer ${String(body['api_key'])}` });
  expect((await api.call('GET', '/access-records', undefined, as(made))).status).toBe(200);
  expect((await api.call('GET', '/access-records', undefined, as(other))).status).toBe(403);
  await api.access.close();
  const today = new Date().toISOString().slice(0, 10);
  const records = await all(`from=${today}&to=${today}&route=GET%20/access-records`);
  const of = ({ body }: typeof made) => records.filter(({ api_key_id }) => api_key_id === body['api_key_id']);
  expect(of(made)).toMatchObject([{ outcome: 'read', calls: 1 }]);
  expect(of(other)).toMatchObject([{ outcome: 'scope_missing', calls: 1 }]);
});
