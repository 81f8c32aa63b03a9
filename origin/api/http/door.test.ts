// What stands before every route: whose ids are believed, what a stranger sees, and what it costs to show it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { createLoop } from '../../loop.ts';
import { SampleApi } from '../../testing/sample-api.ts';

let url: string;
let api: SampleApi;
let apart: SampleApi;
beforeAll(async () => {
  url = await createTestDatabase();
  const timing = { refusedSampleMs: 0, looksTtlMs: 300 };
  api = await SampleApi.start(url, {}, { timing });
  const pull = createLoop({ name: 'pull', log: { error: () => {} } as never, intervalMs: 1, round: async () => false });
  apart = await SampleApi.start(url, { INNER_PORT: '0', DOCS: 'inner' }, { pulls: [pull] });
});
afterAll(() => Promise.all([api.close(), apart.close()]));

/** Everything that the audit trail and the log have. */
async function kept(): Promise<string> {
  const { rows } = await api.database.sql.query('select * from audit_events');
  return JSON.stringify(rows) + api.logged.join('\n');
}

test('X5: the id of a request is ours, whatever the caller writes, and so is the one in the trail', async () => {
  const another = 'req_00000000000000000000000001';
  const made = await api.call('POST', '/merchants', { name: 'Shop', currency: 'EUR' }, { 'x-request-id': another });
  expect(made.status).toBe(201);
  expect(made.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
  expect(made.headers.get('x-request-id')).not.toBe(another);
  expect(made.headers.get('x-client-request-id')).toBe(another);
  expect(await kept()).not.toContain(another);
});

test('X5: a card number as a request id is refused by name, and stands nowhere', async () => {
  const number = '4111110000001029';
  const body = { name: 'Shop', currency: 'EUR' };
  const known = await api.call('POST', '/merchants', body, { 'x-request-id': number });
  expect(known).toMatchObject({
    status: 422,
    body: { error_code: 'card_data_refused', details: [{ field: 'x-request-id' }] },
  });
  const stranger = await api.call('GET', '/cards', undefined, { 'x-request-id': number, authorization: 'Bearer x' });
  expect(stranger.status).toBe(401);
  for (const { text, headers } of [known, stranger]) expect(text + JSON.stringify([...headers])).not.toContain(number);
  expect(await kept()).not.toContain(number);
});

test("X5: a stranger's id is in no line of the log; who has a key has it beside ours", async () => {
  const id = 'a-strangers-request-id';
  await api.call('GET', '/cards', undefined, { 'x-request-id': id, authorization: 'Bearer wrong' });
  expect(await kept()).not.toContain(id);
  // A failure of ours, so that there is a line of a request whose caller is known.
  const own = 'my-own-request-id';
  const rename = (from: string, to: string) => asOwner(url, (sql) => sql.query(`alter table ${from} rename to ${to}`));
  await rename('cards', 'cards_away');
  const failed = await api.call('GET', '/cards', undefined, { 'x-request-id': own });
  await rename('cards_away', 'cards');
  expect(failed.status).toBe(500);
  const line = api.logged.find((one) => one.includes('a request failed')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ client_request_id: own, request_id: failed.headers.get('x-request-id') });
});

test('X13: /health, /readyz and /metrics cost the database what one call does, however many come', async () => {
  let statements = 0;
  const { sql } = api.database;
  const { query } = sql;
  sql.query = (...given: Parameters<typeof query>) => {
    statements += 1;
    return query.apply(sql, given) as never;
  };
  try {
    const costs: number[] = [];
    for (const path of ['/health', '/readyz', '/metrics']) {
      const ask = (n: number) => Promise.all(Array.from({ length: n }, () => api.call('GET', path)));
      statements = 0;
      await ask(1);
      const one = statements;
      await new Promise((resolve) => setTimeout(resolve, 350));
      statements = 0;
      const answers = await ask(200);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(200);
      expect([path, statements]).toEqual([path, one]);
      costs.push(one);
    }
    expect(Math.max(...costs)).toBeGreaterThan(0);
  } finally {
    sql.query = query;
  }
});

test('X13: what was kept of readiness is not said while it stops', async () => {
  expect((await api.call('GET', '/readyz')).status).toBe(200);
  api.isStopping = true;
  expect((await api.call('GET', '/readyz')).status).toBe(503);
  api.isStopping = false;
});

test('X13: pages are read from memory, kept by who asks, and bounded for each address', async () => {
  const first = await api.app.request('/docs/swagger-ui-bundle.js');
  const etag = first.headers.get('etag') ?? '';
  expect(first.headers.get('cache-control')).toBe('public, max-age=300');
  const again = await api.app.request('/docs/swagger-ui-bundle.js', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const statuses = [];
  for (let n = 0; n < 150; n++) statuses.push((await api.app.request('/docs')).status);
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(120);
  expect(statuses.at(-1)).toBe(429);
});

test('X4: with a port of its own, the inner door answers what the outer one does not know', async () => {
  const status = async (door: 'app' | 'inner', path: string, method = 'GET') =>
    (await apart[door].request(path, { method, headers: { authorization: `Bearer ${apart.apiKey}` } })).status;
  const inner = ['/health', '/metrics', '/docs', '/openapi.json'];
  expect(await Promise.all(inner.map((path) => status('inner', path)))).toEqual([200, 200, 200, 200]);
  expect(await Promise.all(inner.map((path) => status('app', path)))).toEqual([404, 404, 404, 404]);
  for (const door of ['app', 'inner'] as const)
    expect([await status(door, '/livez'), await status(door, '/readyz')]).toEqual([200, 200]);
  expect([await status('inner', '/cards'), await status('app', '/cards')]).toEqual([404, 200]);
  // Where the origin pulls, the edge pushes nowhere.
  expect(await status('inner', '/internal/card-events', 'POST')).toBe(404);
  expect(await status('app', '/internal/card-events', 'POST')).toBe(404);
});

test('a key in an address opens nothing, and is in no line of the log and no event of the trail', async () => {
  const before = api.logged.length;
  for (const name of ['api_key', 'key', 'token', 'access_token', 'authorization', 'apikey']) {
    const query = new URLSearchParams({ [name]: name === 'authorization' ? `Bearer ${api.apiKey}` : api.apiKey });
    expect((await api.app.request(`/cards?${query}`)).status).toBe(401);
    const beside = await api.call('GET', `/cards?${query}`);
    expect([beside.status, beside.body['error_code']]).toEqual([422, 'field_invalid']);
    expect(beside.text).not.toContain(api.apiKey);
  }
  expect((await api.app.request(`/cards/${api.apiKey}`)).status).toBe(401);
  expect(await kept()).not.toContain(api.apiKey);
  expect(api.logged.length).toBeGreaterThan(before);
});
