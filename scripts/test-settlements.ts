// Settlements for tests: a merchant that is owed something, a simulated provider over HTTP that confirms by webhook, and an
// engine between them that waits for nobody long.

import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Id } from '../contracts/ids.ts';
import type { Database } from '../origin/db/client.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { createMerchant, creditMerchant } from '../origin/merchants/merchants.ts';
import { createSettlement, createSettlements } from '../origin/payouts/create.ts';
import { type EngineOptions, SettlementEngine, settlementPolicy } from '../origin/payouts/engine.ts';
import { createProviderInbox } from '../origin/payouts/provider-inbox.ts';
import { createSettlementMetrics } from '../origin/payouts/settlement-metrics.ts';
import { type BulkheadBounds, type GuardedProvider, guarded } from '../origin/providers/guarded.ts';
import type { Provider } from '../origin/providers/provider.ts';
import { createProviderMetrics } from '../origin/providers/provider-metrics.ts';
import { createSimulatedProvider } from '../origin/providers/simulated.ts';
import { startSimulatedProvider } from './simulated-provider/server.ts';
import { until } from './test-waiting.ts';

export const silent = pino({ level: 'silent' });
export const doer = { actor: 'akey_test', correlation_id: 'req_test' };
const apiKey = 'simulated-provider-key-of-tests';
const secret = `whsec_${Buffer.from('simulated provider secret of tests').toString('base64')}`;

export async function sampleMerchant(
  database: Database,
  owedMinor: bigint,
  over: Partial<Parameters<typeof createMerchant>[1]> = {},
): Promise<Id<'mrch'>> {
  const merchant = { name: 'Shop', currency: 'USD', destinations: { simulated: { account: 'acc-1' } }, ...over };
  const merchant_id = await database.transaction((sql) => createMerchant(sql, merchant, doer));
  if (owedMinor > 0n)
    await creditMerchant(database, createHouseAccounts(database.sql), {
      merchant_id,
      amount_minor: owedMinor,
      network: 'native',
    });
  return merchant_id;
}

export function ask(database: Database, merchant_id: Id<'mrch'>, amount_minor = 100): Promise<Id<'stl'>> {
  return database.transaction((sql) => createSettlement(sql, { merchant_id, amount_minor, currency: 'USD' }, doer));
}

export async function askMany(database: Database, merchant_id: Id<'mrch'>, count: number): Promise<Id<'stl'>[]> {
  const request = { ...doer, settlement: { merchant_id, amount_minor: 1, currency: 'USD' } };
  const outcomes = await database.transaction((sql) =>
    createSettlements(
      sql,
      Array.from({ length: count }, () => request),
      [],
    ),
  );
  return outcomes.flatMap((outcome) => ('created' in outcome ? [outcome.created] : []));
}

/** The provider's server, and a listener that stores its confirmations in the database. */
export async function sampleProvider(
  parts: AsyncDisposableStack,
  database: () => Database,
  faults: Parameters<typeof startSimulatedProvider>[0]['faults'] = {},
  seed = 1,
) {
  let reader: Provider | null = null;
  const app = new Hono();
  app.post('/words', async (context) => {
    if (reader === null) return context.body(null, 503);
    await createProviderInbox(database().sql).receive(reader, context.req.raw.headers, await context.req.text());
    return context.body(null, 204);
  });
  const listener = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  parts.defer(() => {
    listener.close();
  });
  const callbackUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/words`;
  const quick = { latency_ms_min: 0, latency_ms_max: 2, confirm_after_ms: 5 };
  const server = await startSimulatedProvider({ apiKey, secret, callbackUrl, seed, faults: { ...quick, ...faults } });
  parts.defer(() => server.close());
  const client = () => createSimulatedProvider({ url: server.url, apiKey, webhookSecrets: [secret] });
  reader = client();
  const setFaults = (more: typeof faults) => server.setFaults({ ...quick, ...more });
  return { server, client, setFaults };
}

export function guard(provider: Provider, submissions?: BulkheadBounds): GuardedProvider {
  const bounds = submissions === undefined ? {} : { submissions };
  return guarded(provider, { metrics: createProviderMetrics(new Registry()), log: silent, ...bounds });
}

/** Without a breaker that opens: for tests of what comes after many failures. */
export function unguarded(provider: Provider): GuardedProvider {
  return { ...provider, availability: () => 'closed', newestTrouble: () => null };
}

export const quickPolicy = {
  ...settlementPolicy,
  backoffMsMin: 10,
  backoffMsMax: 50,
  askAfterMs: 20,
  pollAfterMs: 300,
};

export function sampleEngine(options: Pick<EngineOptions, 'database' | 'providers'> & Partial<EngineOptions>) {
  const metrics = createSettlementMetrics(new Registry());
  return new SettlementEngine({ log: silent, metrics, policy: quickPolicy, ...options });
}

export interface Standing {
  readonly settlement_id: string;
  readonly state: string;
  readonly failure_code: string | null;
  readonly submissions: number;
  readonly provider: string | null;
  readonly dead_lettered: boolean;
}

export async function standingOf(database: Database, ids: readonly string[]): Promise<Standing[]> {
  const { rows } = await database.sql.query<Standing>(
    `select settlement_id, state, failure_code, submissions, provider, dead_lettered_at is not null as dead_lettered
     from settlements where settlement_id = any($1::text[]) order by settlement_no`,
    [ids],
  );
  return rows;
}

/** Waits until all of them are final, or set aside. */
export function untilOver(database: Database, ids: readonly string[], withinMs?: number): Promise<Standing[]> {
  const isOver = ({ state, dead_lettered }: Standing) => state === 'completed' || state === 'failed' || dead_lettered;
  return until(
    () => standingOf(database, ids),
    (rows) => rows.length === ids.length && rows.every(isOver),
    withinMs,
  );
}

/** Credits posted, debits pending, debits posted: of what is owed to a merchant. */
export async function balanceOf(database: Database, merchantId: string): Promise<string> {
  const { rows } = await database.sql.query<{ balance: string }>(
    `select concat_ws(' ', credits_posted, debits_pending, debits_posted) as balance
     from ledger_balances join ledger_accounts using (ledger_account_no) where merchant_id = $1`,
    [merchantId],
  );
  return rows[0]?.balance ?? '';
}
