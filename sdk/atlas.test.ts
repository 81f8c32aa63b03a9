// The client against the API's contract: what it sends, what it repeats, what it says when it fails.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Atlas } from './atlas.ts';
import { AtlasError } from './atlas-error.ts';
import { createStandInApi, problem } from './testing/stand-in-api.ts';

let api: ReturnType<typeof createStandInApi>;
let atlas: Atlas;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  api = createStandInApi();
  atlas = new Atlas({ baseUrl: 'https://api.test/', apiKey: 'key_of_a_test', fetch: api.fetch });
});
afterEach(() => {
  vi.useRealTimers();
});

const body = { merchant_id: 'mrch_1', amount_minor: 1_250, currency: 'EUR', reference: 'INV-1' };

/** Waits that the client makes pass at once. */
async function settled<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => {});
  while (!over) await vi.advanceTimersByTimeAsync(50);
  return await done;
}
const failure = async (work: Promise<unknown>) => (await settled(work.catch((error: unknown) => error))) as AtlasError;

test('a settlement is created with the version, the key, and a quoted idempotency key', async () => {
  expect(await atlas.settlements.create(body)).toMatchObject({ ...body, state: 'queued' });
  const [sent] = api.seen;
  expect(sent).toMatchObject({ method: 'POST', path: '/settlements', body });
  expect(sent?.headers.get('accept')).toBe('application/vnd.atlas.v1+json');
  expect(sent?.headers.get('content-type')).toBe('application/json');
  expect(sent?.headers.get('idempotency-key')).toMatch(/^"[0-9a-f-]{36}"$/);
});

test("an idempotency key of one's own is sent as it is, and what is none is refused here", async () => {
  await atlas.settlements.create(body, { idempotencyKey: 'order "7"'.replace(' ', '-') });
  expect(api.seen[0]?.headers.get('idempotency-key')).toBe('"order-\\"7\\""');
  await expect(atlas.settlements.create(body, { idempotencyKey: 'two words' })).rejects.toThrow('idempotencyKey');
  await expect(atlas.settlements.create(body, { idempotencyKey: '' })).rejects.toThrow('idempotencyKey');
});

test.each(['', '.', '..'])('X15: %j is no id, and asks for nothing else', async (id) => {
  const atlas = new Atlas({ apiKey: 'atlas_key', baseUrl: 'http://127.0.0.1:9', retries: 0 });
  await expect((async () => await atlas.settlements.retrieve(id))()).rejects.toThrow('is no id');
});

describe('what is repeated', () => {
  test.each([
    ['a lost answer', () => 'no answer' as const],
    ['409 in flight', () => problem(409, 'request_in_flight', [], { 'retry-after': '1' })],
    ['429', () => problem(429, 'too_many_requests')],
    ['502', () => new Response('<html>bad gateway</html>', { status: 502 })],
    ['503', () => problem(503, 'database_unavailable')],
    ['504', () => new Response('', { status: 504 })],
    ['an answer that was cut off', () => new Response('{"settlement_id":', { status: 201 })],
  ])('%s, with the same key: one effect', async (_, trouble) => {
    api.trouble.push(trouble(), trouble());
    const made = await settled(atlas.settlements.create(body));
    expect(made.state).toBe('queued');
    expect(api.seen).toHaveLength(3);
    expect(new Set(api.seen.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(api.settlements.size).toBe(1);
  });

  test.each([
    [400, 'field_invalid'],
    [401, 'credentials_wrong'],
    [403, 'scope_missing'],
    [404, 'settlement_not_found'],
    [409, 'settlement_not_queued'],
    [422, 'idempotency_key_reused'],
    [500, 'internal_error'],
  ])('not %i %s', async (status, code) => {
    api.trouble.push(problem(status, code));
    expect(await failure(atlas.settlements.create(body))).toMatchObject({ status, errorCode: code });
    expect(api.seen).toHaveLength(1);
  });

  test('not more often than it was told', async () => {
    const few = new Atlas({ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', fetch: api.fetch, retries: 1 });
    api.trouble.push('no answer', 'no answer', 'no answer');
    expect(await failure(few.settlements.retrieve('stl_1'))).toMatchObject({
      status: 0,
      errorCode: 'connection_failed',
    });
    expect(api.seen).toHaveLength(2);
  });

  test('not a secret whose answer was lost; a 429 is, since nothing happened', async () => {
    api.trouble.push('no answer');
    expect(await failure(atlas.webhookEndpoints.rotateSecret('whk_1'))).toMatchObject({
      errorCode: 'connection_failed',
    });
    expect(api.seen).toHaveLength(1);
    api.trouble.push(problem(429, 'too_many_requests'), Response.json({ secret: 'whsec_x' }));
    expect(await settled(atlas.webhookEndpoints.rotateSecret('whk_1'))).toEqual({ secret: 'whsec_x' });
  });

  test('a removal whose answer was lost is done when it is not there any more', async () => {
    api.trouble.push('no answer', problem(404, 'webhook_endpoint_not_found'));
    expect(await settled(atlas.webhookEndpoints.remove('whk_1'))).toBeUndefined();
    api.trouble.push(problem(404, 'webhook_endpoint_not_found'));
    expect(await failure(atlas.webhookEndpoints.remove('whk_1'))).toMatchObject({ status: 404 });
    api.trouble.push(new Response(null, { status: 204 }));
    expect(await atlas.webhookEndpoints.remove('whk_1')).toBeUndefined();
  });

  test('Retry-After is waited for, in seconds or as a date; a long one is for the caller', async () => {
    const waited = async (value: string) => {
      const startedMs = Date.now();
      api.trouble.push(problem(429, 'too_many_requests', [], { 'retry-after': value }));
      await settled(atlas.settlements.list().page());
      return Date.now() - startedMs;
    };
    expect(await waited('20')).toBeGreaterThanOrEqual(20_000);
    expect(await waited(new Date(Date.now() + 30_000).toUTCString())).toBeGreaterThanOrEqual(28_000);
    api.trouble.push(problem(429, 'too_many_requests', [], { 'retry-after': '3600' }));
    expect(await failure(atlas.settlements.list().page())).toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
  });
});

describe('an error', () => {
  test('holds what the API said', async () => {
    const error = await failure(atlas.settlements.create({ ...body, amount_minor: 2_000_000 }));
    expect(error).toBeInstanceOf(AtlasError);
    expect(error).toMatchObject({
      ...{ name: 'AtlasError', status: 422, errorCode: 'amount_not_owed', message: 'Not so: amount_not_owed.' },
      ...{
        requestId: 'req_1',
        details: [{ field: 'amount_minor', problem: 'is more than is owed' }],
        retryAfterMs: null,
      },
    });
  });

  test('of a proxy that knows nothing of us is one too, and so is a redirect, which is not followed', async () => {
    const html = { headers: { 'x-request-id': 'req_2' } };
    api.trouble.push(new Response('<html>', { status: 413, ...html }));
    expect(await failure(atlas.settlements.retrieve('stl_1'))).toMatchObject({
      ...{ status: 413, errorCode: 'answer_unreadable', requestId: 'req_2', details: [] },
    });
    api.trouble.push(new Response(null, { status: 302, headers: { location: 'https://evil.test/' } }));
    expect(await failure(atlas.settlements.retrieve('stl_1'))).toMatchObject({ status: 302 });
  });

  test('never holds the API key', async () => {
    api.trouble.push('no answer');
    const error = await failure(atlas.webhookEndpoints.rotateSecret('whk_1'));
    expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain('key_of_a_test');
  });
});

test('no answer within the time is a timeout, and is asked again', async () => {
  vi.useRealTimers();
  let tries = 0;
  const silent: typeof fetch = (_, init) => {
    tries += 1;
    return new Promise((_resolve, reject) =>
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
    );
  };
  const quick = new Atlas({ baseUrl: 'https://api.test', apiKey: 'k', fetch: silent, timeoutMs: 20, retries: 1 });
  await expect(quick.settlements.retrieve('stl_1')).rejects.toMatchObject({ status: 0, errorCode: 'timed_out' });
  expect(tries).toBe(2);
});

test('who gives up gets the reason given, and no more tries are made', async () => {
  const controller = new AbortController();
  api.trouble.push('no answer', 'no answer', 'no answer', 'no answer');
  const work = atlas.settlements.create(body, { signal: controller.signal });
  const caught = work.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(0);
  controller.abort(new Error('enough'));
  expect(await settled(caught)).toMatchObject({ message: 'enough' });
  expect(api.seen).toHaveLength(1);
});

describe('a listing', () => {
  test('gives one page, all pages, or all items; and asks only when it is looped over', async () => {
    for (let index = 0; index < 5; index++) await atlas.settlements.create(body);
    api.seen.length = 0;
    const listing = atlas.settlements.list({ limit: 2, state: 'queued', merchant_id: 'mrch_1' });
    expect(api.seen).toHaveLength(0);
    const page = await listing.page();
    expect(page.items).toHaveLength(2);
    expect(api.seen[0]?.path).toBe('/settlements?limit=2&state=queued&merchant_id=mrch_1');
    const sizes = [];
    for await (const { items } of listing.pages()) sizes.push(items.length);
    expect(sizes).toEqual([2, 2, 1]);
    const ids = new Set<string>();
    for await (const settlement of listing) ids.add(settlement.settlement_id);
    expect(ids.size).toBe(5);
    const rest = [];
    for await (const settlement of atlas.settlements.list({ limit: 2, cursor: page.next_cursor ?? '' }))
      rest.push(settlement);
    expect(rest).toHaveLength(3);
  });

  test('may be left in the middle', async () => {
    for (let index = 0; index < 5; index++) await atlas.settlements.create(body);
    api.seen.length = 0;
    for await (const settlement of atlas.settlements.list({ limit: 2 })) if (settlement) break;
    expect(api.seen).toHaveLength(1);
  });
});

describe('waitUntilFinal', () => {
  test('asks until the settlement is final, ever less often', async () => {
    const { settlement_id } = await atlas.settlements.create(body);
    expect(await settled(atlas.settlements.waitUntilFinal(settlement_id))).toMatchObject({ state: 'completed' });
    expect(api.seen.filter(({ method }) => method === 'GET')).toHaveLength(3);
  });

  test('says when it took too long, and of what state', async () => {
    api.neverFinal();
    const { settlement_id } = await atlas.settlements.create(body);
    const startedMs = Date.now();
    const error = await failure(atlas.settlements.waitUntilFinal(settlement_id, { timeoutMs: 30_000 }));
    expect(error).toMatchObject({ errorCode: 'wait_timed_out', message: expect.stringContaining('still queued') });
    expect(Date.now() - startedMs).toBeLessThan(31_000);
    expect(api.seen.length).toBeLessThan(25);
  });

  test('ends when the caller gives up', async () => {
    api.neverFinal();
    const { settlement_id } = await atlas.settlements.create(body);
    const controller = new AbortController();
    const caught = atlas.settlements
      .waitUntilFinal(settlement_id, { signal: controller.signal })
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort(new Error('enough'));
    expect(await settled(caught)).toMatchObject({ message: 'enough' });
  });
});

test.each<{ call: (client: Atlas) => Promise<unknown>; sent: string }>([
  { call: (client) => client.settlements.retrieve('stl_1'), sent: 'GET /settlements/stl_1' },
  { call: (client) => client.settlements.cancel('stl_1'), sent: 'POST /settlements/stl_1/cancel' },
  { call: (client) => client.settlements.transitions('stl_1'), sent: 'GET /settlements/stl_1/transitions' },
  { call: (client) => client.settlements.transfers('stl_1'), sent: 'GET /settlements/stl_1/transfers' },
  { call: (client) => client.merchants.create({ name: 'A', currency: 'EUR' }), sent: 'POST /merchants' },
  { call: (client) => client.merchants.retrieve('mrch_1'), sent: 'GET /merchants/mrch_1' },
  { call: (client) => client.merchants.list({ limit: 5 }).page(), sent: 'GET /merchants?limit=5' },
  {
    call: (client) => client.merchants.addNetworkMerchantIds('mrch_1', ['M1']),
    sent: 'POST /merchants/mrch_1/network-merchant-ids',
  },
  {
    call: (client) => client.webhookEndpoints.create({ merchant_id: 'm', url: 'https://a.b' }),
    sent: 'POST /webhook-endpoints',
  },
  { call: (client) => client.webhookEndpoints.retrieve('whk_1'), sent: 'GET /webhook-endpoints/whk_1' },
  { call: (client) => client.webhookEndpoints.list().page(), sent: 'GET /webhook-endpoints' },
  {
    call: (client) => client.webhookEndpoints.update('whk_1', { status: 'enabled' }),
    sent: 'PATCH /webhook-endpoints/whk_1',
  },
  { call: (client) => client.webhookEndpoints.remove('whk_1'), sent: 'DELETE /webhook-endpoints/whk_1' },
  {
    call: (client) => client.webhookEndpoints.rotateSecret('whk_1'),
    sent: 'POST /webhook-endpoints/whk_1/rotate-secret',
  },
  { call: (client) => client.webhookEndpoints.sendTest('whk_1'), sent: 'POST /webhook-endpoints/whk_1/test' },
  {
    call: (client) => client.webhookEndpoints.messages('whk_1', { state: 'failed' }).page(),
    sent: 'GET /webhook-endpoints/whk_1/messages?state=failed',
  },
  {
    call: (client) => client.webhookEndpoints.recover('whk_1', { since: new Date(0) }),
    sent: 'POST /webhook-endpoints/whk_1/recover {"since":"1970-01-01T00:00:00.000Z"}',
  },
  { call: (client) => client.webhookMessages.retrieve('whm_1'), sent: 'GET /webhook-messages/whm_1' },
  { call: (client) => client.webhookMessages.resend('whm_1'), sent: 'POST /webhook-messages/whm_1/resend' },
  {
    call: (client) => client.settlements.retrieve('../merchants?a=b'),
    sent: 'GET /settlements/..%2Fmerchants%3Fa%3Db',
  },
])('a method for each route: $sent', async ({ call, sent }) => {
  api.trouble.push(Response.json({}));
  await call(atlas);
  const [request] = api.seen;
  const body = sent.includes('{') ? ` ${JSON.stringify(request?.body)}` : '';
  expect(`${request?.method} ${request?.path}${body}`).toBe(sent);
});

test('what cannot work is refused when the client is made', () => {
  expect(() => new Atlas({ baseUrl: '/api', apiKey: 'k' })).toThrow('baseUrl');
  expect(() => new Atlas({ baseUrl: 'https://api.test', apiKey: 'k\nx' })).toThrow('apiKey');
  expect(() => new Atlas({ baseUrl: 'https://api.test', apiKey: '' })).toThrow('apiKey');
});
