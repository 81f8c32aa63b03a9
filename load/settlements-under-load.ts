// The origin that the settlement load asks, with merchants that are owed enough and a key for each: one of the load's own, as a
// process, with a durable Postgres and a simulated provider; or the one of `npm start`.

import { openDatabase } from '../origin/db/client.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { creditMerchant } from '../origin/merchants/merchants.ts';
import { demo } from '../scripts/dev/demo.ts';
import { readNote } from '../scripts/dev/home.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePort } from '../scripts/free-port.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { startOrigin } from './faults/origin-process.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { startProviderProcess } from './provider-process.ts';
import { temporaryDirectory } from './started.ts';

export interface LoadMerchant {
  readonly merchant_id: string;
  readonly api_key: string;
}

export interface SettlementsUnderLoad {
  readonly url: string;
  readonly databaseUrl: string;
  /** Admin sides of the simulated providers: what they say they have paid. */
  readonly providerAdminUrls: readonly string[];
  readonly merchants: readonly LoadMerchant[];
  /** Of the origin, where it is the load's own. */
  readonly originPid: number | null;
}

/** More than any merchant asks for in an hour of the load, in USD cents. */
const owedMinor = 10_000_000_000n;

/** `settings`: of the origin, instead of those of the settlement load. `portOf`: the port that it finds the database at, such as a relay's. */
export async function startOwnOrigin(
  parts: AsyncDisposableStack,
  merchants: number,
  settings: Readonly<Record<string, string>> = {},
  portOf: (databaseUrl: string) => Promise<number> = async (url) => Number(new URL(url).port),
): Promise<SettlementsUnderLoad> {
  const directory = await temporaryDirectory(parts, 'load');
  // A young database has no statistics for its first minute, and keeps the plans that it made for empty tables: most of a short run.
  const postgres = await startTemporaryPostgres({ flags: ['-c', 'autovacuum_naptime=5s'] });
  parts.defer(() => postgres.stop());
  const found = new URL(postgres.url);
  found.port = String(await portOf(postgres.url));
  const port = await freePort();
  const provider = await startProviderProcess(parts, `http://127.0.0.1:${port}/provider-webhooks/simulated`);
  const origin = await startOrigin({
    port,
    databaseUrl: found.href,
    // No card is made: nobody is asked.
    edgeUrl: 'http://127.0.0.1:9',
    directory,
    environment: {
      SETTLEMENT_PROVIDERS: 'simulated',
      SIMULATED_PROVIDER_URL: provider.url,
      SIMULATED_PROVIDER_KEY: provider.apiKey,
      SIMULATED_PROVIDER_WEBHOOK_SECRETS: provider.secret,
      RATE_LIMIT_PER_MINUTE: '1000000',
      RATE_LIMIT_BURST_PER_SECOND: '100000',
      // k6 stands for many partners, and has one address.
      CONNECTIONS_PER_ADDRESS_MAX: '2000',
      DATABASE_POOL_MAX: '10',
      DATABASE_WORK_POOL_MAX: '10',
      ...settings,
    },
  });
  parts.defer(() => origin.stop());
  return {
    url: origin.url,
    databaseUrl: postgres.url,
    providerAdminUrls: [provider.adminUrl],
    merchants: await makeMerchants(origin.url, postgres.url, merchants),
    originPid: origin.pid,
  };
}

/** The merchants stay there. Its rate limits are what they are: a merchant's key may ask 1,000 times a minute. */
export async function findRunningOrigin(merchants: number): Promise<SettlementsUnderLoad> {
  const running = readNote<Running>('running.json');
  if (running === null) throw new Error('Nothing runs here. Start the system in another terminal: npm start');
  const { origin_url: url, database_url: databaseUrl, providers } = running;
  return {
    url,
    databaseUrl,
    providerAdminUrls: providers.map(({ admin_url }) => admin_url),
    merchants: await makeMerchants(url, databaseUrl, merchants),
    originPid: null,
  };
}

export async function makeMerchants(url: string, databaseUrl: string, count: number): Promise<LoadMerchant[]> {
  const database = openDatabase({ url: databaseUrl, poolMax: 4, onIdleError: () => {} });
  const house = createHouseAccounts(database.sql);
  const made: LoadMerchant[] = [];
  try {
    await fewAtATime(
      Array.from({ length: count }, (_, n) => n),
      async (n) => {
        const merchant = { name: `Load ${n}`, currency: 'USD', destinations: { simulated: { account: `load-${n}` } } };
        const { merchant_id = '' } = await post(`${url}/merchants`, merchant);
        const scopes = ['settlements:read', 'settlements:write'];
        const { api_key = '' } = await post(`${url}/api-keys`, { name: 'load', merchant_id, scopes });
        await creditMerchant(database, house, { merchant_id, amount_minor: owedMinor, network: 'native' });
        made.push({ merchant_id, api_key });
      },
      4,
    );
  } finally {
    await database.close();
  }
  return made;
}

async function post(url: string, body: object): Promise<Readonly<Record<string, string>>> {
  const headers = { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' };
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const said = await answer.text();
    if (answer.ok) return JSON.parse(said);
    if (answer.status !== 429) throw new Error(`POST ${url} answered ${answer.status}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after') ?? 1)));
  }
}
