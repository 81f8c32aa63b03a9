// A whole origin with nothing to do leaves its database alone, and takes up at once what comes (docs/decisions/0034).

import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { startSimulatedProvider } from '../scripts/simulated-provider/server.ts';
import { startOwnDatabase } from '../scripts/test-postgres.ts';
import { sampleMerchant } from '../scripts/test-settlements.ts';
import { readConfig } from './config.ts';
import { type Database, openDatabase } from './db/client.ts';
import { startOrigin } from './start.ts';
import { startStandInEdge } from './testing/stand-in-edge.ts';

const apiKey = randomBytes(24).toString('base64url');
const providerKey = randomBytes(24).toString('base64url');
const secret = `whsec_${randomBytes(32).toString('base64')}`;

/** As another process has it. */
let other: Database;
let url: string;
/** Transactions that ended, as the server tells each connection: after each it is ready, and idle. */
let ended = 0;

beforeAll(async () => {
  const { url: databaseUrl, stop } = await startOwnDatabase();
  const counted = await countedAddress(new URL(databaseUrl));
  const edge = await startStandInEdge();
  const provider = await startSimulatedProvider({ apiKey: providerKey, secret, callbackUrl: 'http://127.0.0.1:1/' });
  const origin = await startOrigin(
    readConfig({
      ...{ DATABASE_URL: counted.url, API_KEY: apiKey, INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url, PORT: '0' },
      ...{ SETTLEMENT_PROVIDERS: 'simulated', SIMULATED_PROVIDER_URL: provider.url },
      ...{ SIMULATED_PROVIDER_KEY: providerKey, SIMULATED_PROVIDER_WEBHOOK_SECRETS: secret },
    }),
    pino({ level: 'silent' }),
  );
  other = openDatabase({ url: databaseUrl, poolMax: 2, onIdleError: () => {} });
  url = origin.url;
  return async () => {
    await origin.stop();
    await Promise.all([edge.close(), provider.close(), other.close()]);
    counted.close();
    await stop();
  };
});

/** Passes everything on, and counts in `ended`. */
async function countedAddress(database: URL) {
  // ReadyForQuery, five bytes long, outside of a transaction: https://www.postgresql.org/docs/current/protocol-message-formats.html
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  const server = createServer((near) => {
    const far = connect({ host: database.hostname, port: Number(database.port) });
    far.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(ready); at !== -1; at = chunk.indexOf(ready, at + 1)) ended += 1;
    });
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(database);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, close: () => server.close() };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('an origin with nothing to do asks its database at most twice a second, and pays at once what it is told to pay', async () => {
  // Half of the longest rest, so that no loop's rounds of it fall in twice.
  const seconds = 30;
  // Past its start, and the second that each loop stays awake.
  await pause(5_000);
  const before = ended;
  await pause(seconds * 1_000);
  const perSecond = (ended - before) / seconds;
  expect(perSecond, `${perSecond.toFixed(2)} transactions a second at rest`).toBeLessThanOrEqual(2);
  // By itself each loop would look again within a minute.
  const merchant_id = await sampleMerchant(other, 5_000n);
  const beganMs = performance.now();
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': 'one' };
  const body = JSON.stringify({ merchant_id, amount_minor: 1_000, currency: 'USD', reference: 'one' });
  const created = await fetch(`${url}/settlements`, { method: 'POST', headers, body });
  expect(created.status).toBe(201);
  const { settlement_id } = (await created.json()) as { settlement_id: string };
  const stateOf = async () => {
    const { state } = (await (await fetch(`${url}/settlements/${settlement_id}`, { headers })).json()) as {
      state: string;
    };
    return state;
  };
  await expect.poll(stateOf, { timeout: 20_000, interval: 50 }).not.toBe('queued');
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});
