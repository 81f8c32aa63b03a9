// What a partner can read between the lines: cursors, transitions, transfers, its own record.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Answer, Json } from '../../testing/sample-api.ts';
import { operationsOf } from '../../testing/sample-operations.ts';
import { SampleWorld, type Tenant } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeAll(async () => {
  const url = await createTestDatabase();
  // A number that stands in no text by chance.
  await asOwner(url, (sql) =>
    sql.query(`select setval(pg_get_serial_sequence('settlements', 'settlement_no'), 987654321)`),
  );
  world = await SampleWorld.start(url);
});
afterAll(() => world.api.close());

const as = (key: string) => ({ authorization: `Bearer ${key}` });

async function page(path: string, tenant: Tenant, cursor?: string): Promise<Answer> {
  const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  return await world.api.call('GET', `${path}?limit=1${query}`, undefined, as(tenant.key));
}

async function firstCursor(path: string, tenant: Tenant): Promise<string> {
  return String((await page(path, tenant)).body['next_cursor']);
}

test.each(['1e1', '0x10', '0b11', '+5', '5.', ' 5 ', '00005', '5.0', 'NaN', '١'])(
  'limit=%j is refused by its name',
  async (limit) => {
    const path = `/settlements?limit=${encodeURIComponent(limit)}`;
    const { status, body } = await world.api.call('GET', path, undefined, as(world.own.key));
    expect([status, body['details']]).toEqual([422, [{ field: 'limit', problem: 'must be a whole number in digits' }]]);
  },
);

describe('a cursor', () => {
  test('X17: says nothing: no row number, in no usual encoding, and two of one row differ', async () => {
    for (let n = 0; n < 3; n++) await world.settlement(world.own);
    const { rows } = await world.api.database.sql.query<{ settlement_no: string }>(
      'select settlement_no from settlements order by settlement_no desc limit 1',
    );
    const [one, other] = [await firstCursor('/settlements', world.own), await firstCursor('/settlements', world.own)];
    expect(one).not.toBe(other);
    expect(one.length).toBe(other.length);
    const number = String(rows[0]?.settlement_no);
    for (const part of one.split('.'))
      for (const encoding of ['base64url', 'base64', 'hex', 'utf8'] as const)
        expect(Buffer.from(part, encoding).toString()).not.toContain(number);
  });

  test('X17: goes on where the page ended, to the last', async () => {
    const ids = new Set<string>();
    let cursor: string | undefined;
    do {
      const { body } = await page('/settlements', world.own, cursor);
      for (const { settlement_id } of body['settlements'] as { settlement_id: string }[]) ids.add(settlement_id);
      cursor = (body['next_cursor'] as string | null) ?? undefined;
    } while (cursor !== undefined);
    const { rows } = await world.api.database.sql.query<{ count: string }>(
      'select count(*) from settlements where merchant_id = $1',
      [world.own.merchant_id],
    );
    expect(String(ids.size)).toBe(rows[0]?.count);
  });

  test("X17: is none for another tenant, for another listing, changed, or of one's own making", async () => {
    for (let n = 0; n < 2; n++) await world.settlement(world.other);
    const sealed = await firstCursor('/settlements', world.own);
    const refused = {
      status: 422,
      body: { details: [{ field: 'cursor', problem: 'is not a cursor of this listing' }] },
    };
    expect((await page('/settlements', world.own, sealed)).status).toBe(200);
    expect(await page('/settlements', world.other, sealed)).toMatchObject(refused);
    expect(await page('/webhook-endpoints', world.own, sealed)).toMatchObject(refused);
    const last = sealed.at(-2) === 'A' ? 'B' : 'A';
    const forged = ['', 'x', Buffer.from('40').toString('base64url'), `${sealed.slice(0, -2)}${last}${sealed.at(-1)}`];
    for (const cursor of [...forged, 'v1.AAAAAAAA.AAAA', 'x'.repeat(5_000)])
      expect(await page('/settlements', world.own, cursor)).toMatchObject(refused);
  });

  test('X17: of every listing is sealed: none of the document has one that is not', async () => {
    const listings = (await operationsOf(world)).filter(({ parameters, body }) =>
      [...parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})].includes('cursor'),
    );
    expect(listings.length).toBeGreaterThan(10);
    const plain = Buffer.from('1').toString('base64url');
    for (const { method, path } of listings) {
      if (method !== 'GET') continue;
      const filled = path.replace(/\{(\w+)_id\}/g, (_, name: string) => `${prefixOf(name)}_${'0'.repeat(26)}`);
      const answer = await world.api.call('GET', `${filled}?cursor=${plain}`);
      expect([path, answer.status]).toEqual([path, 422]);
      expect(answer.text).toContain('is not a cursor of this listing');
    }
  });
});

function prefixOf(name: string): string {
  return (
    { webhook_endpoint: 'whk', ledger_account: 'lac', card: 'card', company: 'comp', account: 'acct' }[name] ?? 'x'
  );
}

test("X17: of a settlement's transitions a partner sees what its own keys did, and of the rest what became of it", async () => {
  const { api, own } = world;
  const asked = { merchant_id: own.merchant_id, amount_minor: 100, currency: 'USD' };
  const made = await api.call('POST', '/settlements', asked, { ...as(own.key), 'idempotency-key': newId('req') });
  const id = String(made.body['settlement_id']);
  await api.database.sql.query(
    `update settlements set state = 'processing', changed_by = 'provider:simulated', change_reason = 'submitted to simulated'
     where settlement_id = $1`,
    [id],
  );
  const path = `/settlements/${id}/transitions`;
  const seen = (await api.call('GET', path, undefined, as(own.key))).body['transitions'];
  expect(seen).toMatchObject([
    {
      from: null,
      to: 'queued',
      actor: expect.stringMatching(/^akey_/),
      correlation_id: expect.stringMatching(/^req_/),
    },
    { from: 'queued', to: 'processing', actor: 'atlas', reason: '', correlation_id: '' },
  ]);
  expect(JSON.stringify(seen)).not.toContain('simulated');
  const all = (await api.call('GET', path)).body['transitions'];
  expect(all).toMatchObject([{}, { actor: 'provider:simulated', reason: 'submitted to simulated' }]);
  // Asked for by an operator: whose key it was is none of the partner's business.
  const ours = await world.settlement(own);
  const [first] = (await api.call('GET', `/settlements/${ours}/transitions`, undefined, as(own.key))).body[
    'transitions'
  ] as Json[];
  expect(first).toMatchObject({ to: 'queued', actor: 'atlas', correlation_id: '' });
});

test('X17: no answer to a partner names a provider', async () => {
  const { api, own } = world;
  const id = await world.settlement(own);
  await world.endpoint(own);
  const paths = [
    ...['/merchants', `/merchants/${own.merchant_id}`, '/settlements', `/settlements/${id}`],
    ...[`/settlements/${id}/transitions`, `/settlements/${id}/transfers`, '/webhook-endpoints'],
  ];
  for (const path of paths) {
    const answer = await api.call('GET', path, undefined, as(own.key));
    expect(answer.status).toBe(200);
    expect(answer.text).not.toMatch(/simulated|stripe|iso20022/);
  }
  expect((await api.call('GET', `/merchants/${own.merchant_id}`)).body['destinations']).toHaveProperty('simulated');
});
