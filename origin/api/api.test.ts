import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { signCall } from '../../contracts/internal-api.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createEdgeClient } from '../edge/edge-client.ts';
import { createOutbox } from '../edge/outbox.ts';
import { type StandInEdge, startStandInEdge } from '../edge/stand-in-edge.ts';
import { Intake } from '../intake/intake.ts';
import { createIntakeMetrics } from '../intake/intake-metrics.ts';
import { SampleCard } from '../intake/sample-card.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { type App, createApp } from './app.ts';
import { errors } from './errors.ts';

const apiKey = 'an-api-key-of-tests-000000';
let app: App;
let database: Database;
let edge: StandInEdge;
let isStopping = false;
const logged: string[] = [];

beforeAll(async () => {
  edge = await startStandInEdge();
  database = openDatabase({ url: await createTestDatabase(), poolMax: 6, onIdleError: () => {} });
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  const registry = new Registry();
  const client = createEdgeClient(edge);
  app = createApp({
    database,
    log,
    registry,
    apiKey,
    edge: client,
    pull: null,
    house: createHouseAccounts(database.sql),
    intake: new Intake({ database, log, metrics: createIntakeMetrics(registry) }),
    outbox: createOutbox({ database, edge: client, log }),
    internalSecret: edge.secret,
    isStopping: () => isStopping,
  });
  return async () => {
    await database.close();
    await edge.close();
  };
});
beforeEach(() => {
  edge.away = false;
  isStopping = false;
});

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await app.request(path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  const said = await answer.text();
  return { status: answer.status, body: said.startsWith('{') ? JSON.parse(said) : { said }, headers: answer.headers };
}

async function deliver(card: SampleCard, secret = edge.secret): Promise<Answer> {
  const path = '/internal/card-events';
  const body = JSON.stringify({ messages: [{ id: 'm1', body: card.message() }] });
  const at = new Date();
  return await call(
    'POST',
    path,
    body,
    signCall(secret, { method: 'POST', pathAndQuery: path, body }, { id: newId('req'), at }),
  );
}

async function newAccount(): Promise<Json> {
  return (await call('POST', '/accounts', { name: 'Zoë & Söhne', currency: 'USD' })).body;
}
let tokens = 0;
async function newCard(over: Json = {}): Promise<{ card: Json; sample: SampleCard; account_id: unknown }> {
  const { account_id } = await newAccount();
  tokens += 1;
  const card_token = `api-${tokens}`;
  const { body } = await call('POST', '/cards', { account_id, network: 'native', card_token, ...over });
  return { card: body, sample: new SampleCard(card_token), account_id };
}

describe('accounts', () => {
  test('an account is made with its ledger account, funded, and read', async () => {
    const { account_id, ledger_account_id } = await newAccount();
    const funded = await call('POST', `/accounts/${account_id}/fundings`, { amount_minor: 500_000 });
    expect(funded).toMatchObject({ status: 201, body: { transfer_id: expect.stringMatching(/^trf_/) } });
    expect((await call('GET', `/accounts/${account_id}`)).body).toMatchObject({
      name: 'Zoë & Söhne',
      balance_minor: 500_000,
      held_minor: 0,
      available_minor: 500_000,
    });
    expect((await call('GET', `/ledger/accounts/${ledger_account_id}`)).body).toMatchObject({
      kind: 'cardholder',
      balances: { credits_posted_minor: 500_000, debits_posted_minor: 0 },
    });
  });
});

describe('cards', () => {
  test('a new card is at the edge when it is answered, and its token is in no answer', async () => {
    const { card, sample } = await newCard({ funds_minor: 10_000, controls: [{ control_id: 'c', does: 'block' }] });
    expect(card).toMatchObject({
      edge: { state: 'stored', version: 1 },
      profile: { status: 'active', funds_minor: 10_000 },
    });
    expect(edge.profiles.get(sample.card_key)).toEqual(card['profile']);
    const listed = await call('GET', `/cards?account_id=${card['account_id']}`);
    expect(listed.body).toEqual({ cards: [card], next_cursor: null });
    expect(JSON.stringify([card, listed])).not.toContain(sample.card_token);
  });

  test('with the edge away a card is made all the same, and says that it is pending', async () => {
    edge.away = true;
    const { card } = await newCard();
    expect(card).toMatchObject({ edge: { state: 'pending', version: 0, last_error: expect.stringContaining('503') } });
  });

  test('a profile is replaced whole, as the next version', async () => {
    const { card, sample } = await newCard({ funds_minor: 10_000 });
    const path = `/cards/${card['card_id']}/profile`;
    const next = { status: 'frozen', expires_at_ms: null, funds_minor: 5_000, controls: [] };
    const replaced = await call('PUT', path, { ...next, expected_version: 1 });
    expect(replaced).toMatchObject({
      status: 200,
      body: { profile: { ...next, version: 2 }, edge: { state: 'stored', version: 2 } },
    });
    expect(edge.profiles.get(sample.card_key)).toMatchObject({ version: 2, status: 'frozen' });
    expect(await call('PUT', path, { ...next, expected_version: 1 })).toMatchObject({ status: 409 });
    const { controls: _, ...withoutControls } = next;
    expect(await call('PUT', path, withoutControls)).toMatchObject({
      status: 422,
      body: { details: [{ field: 'controls' }] },
    });
  });

  test('two replacements at once get two versions', async () => {
    const { card } = await newCard();
    const next = { status: 'active', expires_at_ms: null, funds_minor: null, controls: [] };
    await Promise.all([1, 2, 3].map(() => call('PUT', `/cards/${card['card_id']}/profile`, next)));
    expect((await call('GET', `/cards/${card['card_id']}`)).body).toMatchObject({ profile: { version: 4 } });
  });

  test('a token that the network has already is a conflict', async () => {
    const { account_id, sample } = await newCard();
    const again = await call('POST', '/cards', { account_id, network: 'native', card_token: sample.card_token });
    expect(again).toMatchObject({ status: 409, body: { error_code: 'card_already_exists' } });
  });
});

describe('authorizations', () => {
  test('the timeline shows request, decision, events and their transfers in one answer', async () => {
    const { card, sample } = await newCard();
    sample.clear(sample.authorize(1_250), 1_300);
    expect(await deliver(sample)).toMatchObject({ status: 200, body: { results: [{ id: 'm1', outcome: 'done' }] } });
    const list = await call('GET', `/authorizations?card_id=${card['card_id']}`);
    const [first] = list.body['authorizations'] as Json[];
    expect(first).toMatchObject({ status: 'posted', held_minor: 0, posted_minor: 1_300, card_id: card['card_id'] });
    const { body } = await call('GET', `/authorizations/${first?.['authorization_id']}/timeline`);
    const [debit, credit] = [{ kind: 'cardholder' }, { kind: 'network_clearing' }];
    expect(body).toMatchObject({
      authorization: first,
      request: { amount_minor: 1_250, merchant: { category: '5411' } },
      decision: { outcome: 'approved', approved_minor: 1_250 },
      events: [
        { sequence: 2, kind: 'authorization', transfers: [{ kind: 'pending', amount_minor: 1_250, debit, credit }] },
        {
          sequence: 3,
          kind: 'message',
          message: { kind: 'clearing', amount_minor: 1_300 },
          transfers: [
            { kind: 'post', amount_minor: 1_250 },
            { kind: 'direct', amount_minor: 50 },
          ],
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain(sample.card_key);
  });

  test('pages hold each item once, the newest first, whatever comes meanwhile', async () => {
    const { card, sample } = await newCard();
    for (let n = 1; n <= 7; n += 1) sample.authorize(n);
    await deliver(sample);
    const amounts: unknown[] = [];
    for (let cursor: unknown = ''; cursor !== null; ) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await call('GET', `/authorizations?card_id=${card['card_id']}&limit=3${query}`);
      amounts.push(...(body['authorizations'] as Json[]).map(({ requested_minor }) => requested_minor));
      cursor = body['next_cursor'];
      sample.authorize(100);
      await deliver(sample);
    }
    expect(amounts).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  test("a ledger account's transfers are listed from both sides", async () => {
    const { account_id, sample } = await newCard();
    await call('POST', `/accounts/${account_id}/fundings`, { amount_minor: 900 });
    sample.clear(null, 40);
    await deliver(sample);
    const { ledger_account_id } = (await call('GET', `/accounts/${account_id}`)).body;
    const path = `/ledger/accounts/${ledger_account_id}/transfers?limit=1`;
    const first = await call('GET', path);
    expect(first.body).toMatchObject({ transfers: [{ amount_minor: 40, debit: { ledger_account_id } }] });
    const second = await call('GET', `${path}&cursor=${first.body['next_cursor']}`);
    expect(second.body).toMatchObject({
      transfers: [{ amount_minor: 900, credit: { ledger_account_id } }],
      next_cursor: null,
    });
  });

  test('sums past 2^53 are written digit by digit', async () => {
    const { account_id } = await newAccount();
    for (let n = 0; n < 3; n += 1)
      await database.sql.query(
        `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
         select 'trf_big', f.ledger_account_no, a.ledger_account_no, 9007199254740991, 'USD', 'direct', 0
         from ledger_accounts a, ledger_accounts f where a.account_id = $1 and f.kind = 'funding_source' and f.currency = 'USD'`,
        [account_id],
      );
    const answer = await app.request(`/accounts/${account_id}`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await answer.text()).toContain('"balance_minor":27021597764222973');
  });
});

describe('dead letters', () => {
  test('are listed with their reason, and without the message, which names a card by its token', async () => {
    const { sample } = await newCard();
    const body = JSON.stringify({ messages: [{ id: 'm1', body: { version: 9, card_key: sample.card_key } }] });
    const path = '/internal/card-events';
    const signature = signCall(
      edge.secret,
      { method: 'POST', pathAndQuery: path, body },
      { id: newId('req'), at: new Date() },
    );
    await call('POST', path, body, signature);
    const listed = await call('GET', '/dead-letters');
    expect(listed.body['dead_letters']).toMatchObject([
      { source: 'card_events', reason: expect.stringMatching(/^version/), times: 1 },
    ]);
    expect(JSON.stringify(listed)).not.toContain(sample.card_token);
  });
});

describe('health', () => {
  test('healthy, or degraded with the edge away: each dependency with its latency and error', async () => {
    await database.sql.query(`update dead_letters set resolved_at = now(), resolution = 'discarded'`);
    expect(await call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } });
    edge.away = true;
    const { status, body } = await call('GET', '/health');
    expect([status, body['status']]).toEqual([200, 'degraded']);
    expect(body['dependencies']).toMatchObject([
      { name: 'database', status: 'healthy', latency_ms: expect.any(Number), error: null },
      { name: 'edge', status: 'degraded', error: 'the edge answered 503 to /livez' },
      { name: 'queue', status: 'healthy' },
      { name: 'intake', status: 'healthy' },
    ]);
  });

  test('it lives without a key, is ready until it stops, and shows its metrics by route', async () => {
    const bare = (path: string) => app.request(path);
    expect((await bare('/livez')).status).toBe(200);
    expect((await bare('/readyz')).status).toBe(200);
    isStopping = true;
    expect((await bare('/readyz')).status).toBe(503);
    const metrics = await (await bare('/metrics')).text();
    expect(metrics).toContain(
      'http_server_request_duration_seconds_count{http_response_status_code="503",route="/readyz",method="GET"} 1',
    );
    expect(metrics).toMatch(/route="\/accounts\/:account_id"/);
  });
});

const routes: [method: string, path: string, body: Json | null][] = [
  ['POST', '/accounts', { name: 'x', currency: 'USD' }],
  ['GET', `/accounts/${newId('acct')}`, null],
  ['POST', `/accounts/${newId('acct')}/fundings`, { amount_minor: 1 }],
  ['POST', '/cards', { account_id: newId('acct'), network: 'native', card_token: 'x' }],
  ['GET', '/cards', null],
  ['GET', `/cards/${newId('card')}`, null],
  [
    'PUT',
    `/cards/${newId('card')}/profile`,
    { status: 'active', expires_at_ms: null, funds_minor: null, controls: [] },
  ],
  ['GET', `/authorizations?card_id=${newId('card')}`, null],
  ['GET', `/authorizations/${newId('auth')}/timeline`, null],
  ['GET', `/ledger/accounts/${newId('lac')}`, null],
  ['GET', `/ledger/accounts/${newId('lac')}/transfers`, null],
  ['GET', '/dead-letters', null],
];
const withBody = routes.filter((route) => route[2] !== null) as [string, string, Json][];

describe('every route', () => {
  test('the list here is the list in the app', () => {
    const open = ['/livez', '/readyz', '/health', '/metrics', '/internal/card-events'];
    const inApp = app.routes.filter(({ method, path }) => method !== 'ALL' && !open.includes(path));
    const shape = (path: string) => path.replace(/\?.*/, '').replaceAll(/:\w+|\b[a-z]+_[0-9a-z]{26}\b/g, '*');
    expect(inApp.map(({ method, path }) => `${method} ${shape(path)}`).toSorted()).toEqual(
      routes.map(([method, path]) => `${method} ${shape(path)}`).toSorted(),
    );
  });

  test.each(routes)('%s %s needs the key', async (method, path, body) => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${apiKey}`])
      expect(await call(method, path, body ?? undefined, { authorization })).toMatchObject({
        status: 401,
        body: { error_code: 'credentials_wrong' },
      });
  });

  test.each(withBody)(
    '%s %s refuses what is no JSON, too large, or not in its contract, and names the field',
    async (method, path, body) => {
      expect((await call(method, path, '{')).status).toBe(400);
      expect((await call(method, path, `{"a":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
      for (const field of ['unknown_field', '__proto__'])
        expect(
          await call(method, path, JSON.stringify({ ...body, odd: 1 }).replace('"odd"', `"${field}"`)),
        ).toMatchObject({
          status: 422,
          body: {
            error_code: 'field_invalid',
            details: expect.arrayContaining([{ field, problem: 'is not a field of this request' }]),
          },
        });
    },
  );

  test.each(withBody)('%s %s refuses card data, and keeps none of it', async (method, path, body) => {
    logged.length = 0;
    for (const bad of [
      { ...body, cvv: '123' },
      { ...body, note: 'card 4111 1111 1111 1111 please' },
      { ...body, pan: 1 },
    ]) {
      const refused = await call(method, path, bad);
      expect(refused).toMatchObject({ status: 422, body: { error_code: 'card_data_refused' } });
      expect(JSON.stringify(refused.body)).not.toContain('4111');
    }
    expect(logged.join('')).not.toContain('4111');
  });

  test.each(['/accounts', '/cards', '/ledger/accounts', '/authorizations'])(
    '%s: an id that is none is not found',
    async (path) => {
      for (const id of ['x', '%00', "'--", `acct_${'0'.repeat(26)}`]) {
        const timeline = path === '/authorizations' ? '/timeline' : '';
        expect((await call('GET', `${path}/${id}${timeline}`)).status).toBe(404);
      }
    },
  );

  test('a query that is not in its contract is refused by field', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=ten', 'cursor=%21', 'offset=3'])
      expect(await call('GET', `/cards?${query}`)).toMatchObject({
        status: 422,
        body: { details: [{ field: query.split('=')[0] }] },
      });
  });

  test('a path that does not exist is not found, and only for who has the key', async () => {
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { error_code: 'route_not_found' } });
    expect((await call('GET', '/nowhere', undefined, { authorization: '' })).status).toBe(401);
  });
});

describe('errors', () => {
  test('look the same everywhere: our members and those of RFC 9457, under the caller’s request id', async () => {
    const request_id = 'partner-request-1';
    const { body, headers } = await call('GET', '/cards/none', undefined, { 'x-request-id': request_id });
    expect(body).toEqual({
      type: 'urn:atlas:error:card_not_found',
      title: 'card not found',
      status: 404,
      error_code: 'card_not_found',
      message: errors.card_not_found.says,
      request_id,
    });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('x-request-id')).toBe(request_id);
  });

  test('a signature by another secret is refused before a message is looked at', async () => {
    const { sample } = await newCard();
    const stranger = `whsec_${Buffer.from('another secret of tests').toString('base64')}`;
    expect(await deliver(sample, stranger)).toMatchObject({ status: 401, body: { error_code: 'signature_wrong' } });
  });
});
