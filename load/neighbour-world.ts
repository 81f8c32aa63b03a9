// What the benchmark of neighbours asks for: an origin with three merchants, and of each kind of thing one whose list is as long as
// a page, or longer. Cards have a history of their own; the edge is a stand-in in this process, and so is the partner that webhooks go to.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { controlSchema } from '../contracts/control.ts';
import { newId } from '../contracts/ids.ts';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { Intake } from '../origin/intake/intake.ts';
import { createIntakeMetrics } from '../origin/intake/intake-metrics.ts';
import { raiseOpenItems } from '../origin/open-items/raise.ts';
import { SampleCard } from '../origin/testing/sample-card.ts';
import { startStandInEdge } from '../origin/testing/stand-in-edge.ts';
import { demo } from '../scripts/dev/demo.ts';
import { seededRandom } from '../scripts/seeded-random.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { madeUpCard, messagesOf } from './made-up-events.ts';
import { type SettlementsUnderLoad, startOwnOrigin } from './settlements-under-load.ts';

/** What paths and bodies name: of the noisy merchant, and the operator's. */
export interface Belongings {
  readonly merchant_id: string;
  /** Nothing is paid to it: a merchant whose destination has changed waits a day. */
  readonly unpaid_merchant_id: string;
  readonly settlement_id: string;
  readonly dead_settlement_id: string;
  readonly webhook_endpoint_id: string;
  /** The first call that removes it leaves nothing to the others, so it is one that no other route asks for. */
  readonly removed_webhook_endpoint_id: string;
  readonly webhook_message_id: string;
  readonly api_key_id: string;
  readonly account_id: string;
  readonly ledger_account_id: string;
  /** Has 1,000 authorizations, as 30 more of its account have. */
  readonly card_id: string;
  readonly authorization_id: string;
  readonly control_set_id: string;
  readonly open_item_id: string;
  readonly controls: readonly object[];
  readonly company_id: string;
  readonly department_id: string;
  readonly employee_id: string;
  /** Has no card: whoever else is named here keeps theirs. */
  readonly leaving_employee_id: string;
}

export interface World {
  readonly origin: SettlementsUnderLoad;
  readonly noisy: Belongings;
  readonly quiet_merchant_id: string;
}

const settlements = { noisy: 150, quiet: 20, dead: 150 };
const cards = { used: 30, unused: 100, eventsEach: 1_000 };
/** More than the bulk actions of a whole measurement close. */
const openItems = 5_000;
/** As many as one set may have within the bound on a profile's size. */
const controls = Array.from({ length: 200 }, (_, n) => ({
  ...{ control_id: `c${n}`, does: 'block', applies_to: { country: { any_of: ['KP'] } } },
}));

const scopes = ['settlements:read', 'settlements:write', 'merchants:read', 'webhooks:read', 'webhooks:write'];

export async function startWorld(parts: AsyncDisposableStack): Promise<World> {
  const edge = await startStandInEdge();
  parts.defer(() => edge.close());
  const origin = await startOwnOrigin(parts, 3, {
    ...{ RATE_LIMIT_PER_MINUTE: '1000', RATE_LIMIT_BURST_PER_SECOND: '100', WEBHOOK_LOOPBACK: 'allowed' },
    ...{ EDGE_URL: edge.url, INTERNAL_SECRET: edge.secret },
  });
  const [noisy, quiet, unpaid] = origin.merchants.map(({ merchant_id }) => merchant_id);
  if (noisy === undefined || quiet === undefined || unpaid === undefined)
    throw new Error('three merchants were asked for');
  const { url } = origin;
  const database = openDatabase({ url: origin.databaseUrl, poolMax: 4, onIdleError: () => {} });
  try {
    const settlement_id = await makeSettlements(url, noisy, settlements.noisy);
    await makeSettlements(url, quiet, settlements.quiet);
    const program = await makeProgram(url, database);
    const { card_key, state, nowMs } = program.sample;
    edge.states.set(card_key, { state, nowMs });
    return {
      origin,
      quiet_merchant_id: quiet,
      noisy: {
        ...{ merchant_id: noisy, unpaid_merchant_id: unpaid, settlement_id, controls },
        dead_settlement_id: await makeDeadSettlements(database, noisy),
        ...(await makeWebhooks(url, noisy, await startPartner(parts))),
        api_key_id: await made(url, '/api-keys', { name: 'to be revoked', scopes }, 'api_key_id'),
        ...program.named,
        control_set_id: await made(url, '/control-sets', { name: 'neighbours', controls }, 'control_set_id'),
        open_item_id: await makeOpenItems(database, noisy),
        ...(await makeCompany(url)),
      },
    };
  } finally {
    await database.close();
  }
}

/** Null: an operator's. */
export async function newKey(url: string, merchant_id: string | null): Promise<string> {
  const owner = merchant_id === null ? {} : { merchant_id };
  const wanted = merchant_id === null ? [...scopes, ...operatorScopes] : scopes;
  return await made(url, '/api-keys', { name: 'neighbours', ...owner, scopes: wanted }, 'api_key');
}
const operatorScopes = [
  ...['merchants:write', 'open_items:read', 'open_items:write', 'dead_letters:read', 'dead_letters:write', 'keys:read'],
  ...['cards:read', 'cards:write', 'controls:read', 'controls:write', 'ledger:read', 'ledger:write', 'audit:read'],
  ...['keys:write', 'companies:read', 'companies:write'],
];

async function makeSettlements(url: string, merchant_id: string, count: number): Promise<string> {
  const key = await newKey(url, merchant_id);
  const settlement = { merchant_id, amount_minor: 100, currency: 'USD' };
  let settlement_id = '';
  for (let n = 0; n < count; n++)
    settlement_id = await made(url, '/settlements', { ...settlement, reference: `N-${n}` }, 'settlement_id', key);
  return settlement_id;
}

/** Straight into the tables: these are no merchant's to pay, and none runs out of tries within a benchmark. */
async function makeDeadSettlements(database: Database, merchant_id: string): Promise<string> {
  const ids = Array.from({ length: settlements.dead }, () => newId('stl'));
  await database.transaction(async (sql) => {
    await sql.query(
      `insert into settlements (settlement_id, merchant_id, amount_minor, currency, reference, changed_by, correlation_id, destinations)
       select id, merchant_id, 100, 'USD', 'dead', 'engine', 'bench', destinations from unnest($1::text[]) as id, merchants
       where merchant_id = $2`,
      [ids, merchant_id],
    );
    await sql.query(`update settlements set state = 'processing' where settlement_id = any ($1)`, [ids]);
    await sql.query(
      `update settlements set state = 'retry_pending', failure_code = 'attempts_exhausted', failure_kind = 'soft',
         dead_lettered_at = now() where settlement_id = any ($1)`,
      [ids],
    );
  });
  return ids[0] ?? '';
}

/** An endpoint with more than a page of messages, all delivered. */
async function makeWebhooks(url: string, merchant_id: string, hooks: string) {
  const endpoint = { merchant_id, url: hooks, event_types: [] };
  const webhook_endpoint_id = await made(url, '/webhook-endpoints', endpoint, 'webhook_endpoint_id');
  let webhook_message_id = '';
  for (let n = 0; n < 110; n++)
    webhook_message_id = await made(url, `/webhook-endpoints/${webhook_endpoint_id}/test`, {}, 'webhook_message_id');
  const removed_webhook_endpoint_id = await made(url, '/webhook-endpoints', endpoint, 'webhook_endpoint_id');
  return { webhook_endpoint_id, removed_webhook_endpoint_id, webhook_message_id };
}

async function startPartner(parts: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
}

/** An account with cards and their history, booked by intake as the edge's messages are. */
async function makeProgram(url: string, database: Database) {
  const account = { name: 'Neighbours', currency: 'USD' };
  const account_id = await made(url, '/accounts', account, 'account_id');
  await made(url, `/accounts/${account_id}/fundings`, { amount_minor: 1_000_000 }, 'transfer_id');
  const read = await fetch(`${url}/accounts/${account_id}`, { headers: { authorization: `Bearer ${demo.apiKey}` } });
  const { ledger_account_id } = (await read.json()) as { ledger_account_id: string };
  const names = Array.from({ length: cards.used + cards.unused }, (_, n) => `neighbour-${n}`);
  const ids: string[] = [];
  await fewAtATime(names, async (card_token) => {
    const card = { account_id, network: 'native', card_token, controls: controls.slice(0, 20) };
    ids[names.indexOf(card_token)] = await made(url, '/cards', card, 'card_id');
  });
  const random = seededRandom(1);
  const used = names.slice(0, cards.used).map((name) => madeUpCard(name, cards.eventsEach, random));
  const metrics = createIntakeMetrics(new Registry());
  const intake = new Intake({ database, metrics, log: pino({ level: 'error' }) });
  for (const card of used)
    for (const [n, body] of messagesOf(card, 100).entries()) {
      const [result] = await intake.take([{ id: `${n}`, body: JSON.parse(JSON.stringify(body)) }]);
      if (result?.outcome !== 'done') throw new Error('a made-up event was not booked');
    }
  await intake.close();
  const first = used[0]?.events.find(({ kind }) => kind === 'authorization') as { authorization_id: string };
  const sample = new SampleCard(names[0] ?? '', { controls: controls.map((control) => controlSchema.parse(control)) });
  const named = { account_id, ledger_account_id, card_id: ids[0] ?? '', authorization_id: first.authorization_id };
  return { named, sample };
}

/** More departments and employees than a page has. */
async function makeCompany(url: string) {
  const company_id = await made(url, '/companies', { name: 'Neighbours' }, 'company_id');
  const department = (n: number) =>
    made(url, `/companies/${company_id}/departments`, { name: `Department ${n}` }, 'department_id');
  const department_id = await department(0);
  const employee = (n: number) =>
    made(url, `/departments/${department_id}/employees`, { display_name: `Employee ${n}` }, 'employee_id');
  for (let n = 1; n < 110; n++) await Promise.all([department(n), employee(n)]);
  const named = { employee_id: await employee(110), leaving_employee_id: await employee(111) };
  return { company_id, department_id, ...named };
}

async function makeOpenItems(database: Database, merchant_id: string): Promise<string> {
  const items = Array.from({ length: openItems }, (_, n) => ({
    ...{ kind: 'booked_twice' as const, key: `neighbour ${n}`, merchant_id, provider: 'iso20022', evidence: { n } },
    summary: 'The bank booked a payment of ours twice.',
  }));
  await database.transaction((sql) => raiseOpenItems(sql, items));
  const { rows } = await database.sql.query<{ open_item_id: string }>('select open_item_id from open_items limit 1');
  return rows[0]?.open_item_id ?? '';
}

/** What a POST has made: one field of its answer. Waits where its quota is used up. */
async function made(
  url: string,
  path: string,
  body: object,
  field: string,
  key: string = demo.apiKey,
): Promise<string> {
  for (;;) {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify(body),
    });
    const said = await answer.text();
    if (answer.ok) return String(JSON.parse(said)[field]);
    if (answer.status !== 429) throw new Error(`POST ${path} answered ${answer.status}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after') ?? 1)));
  }
}
