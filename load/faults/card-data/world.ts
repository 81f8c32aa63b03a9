// What the canary runs against: the edge on raw workerd, the queue, the origin as a process with Postgres, Redis where it is installed,
// a provider and a partner that remember all they are sent and answer with card numbers, and a bank's folder.

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openDatabase } from '../../../origin/db/client.ts';
import { createHouseAccounts } from '../../../origin/ledger/house-accounts.ts';
import { creditMerchant } from '../../../origin/merchants/merchants.ts';
import { ourAccounts } from '../../../origin/testing/sample-bank.ts';
import { apiOf } from '../../../scripts/dev/demo.ts';
import { redisIsThere, SampleUpstash } from '../../../scripts/test-upstash.ts';
import { temporaryDirectory } from '../../started.ts';
import { type RunningSystem, startSystem } from '../system.ts';

interface Asked {
  readonly path: string;
  readonly body: string;
}

interface Answered {
  readonly status: number;
  readonly body: string;
}

/** A server that remembers every request, and answers as it is told. */
export interface Recorder {
  readonly url: string;
  /** Paths, headers and bodies. */
  readonly received: string[];
  answer: (asked: Asked) => Answered;
}

async function startRecorder(parts: AsyncDisposableStack): Promise<Recorder> {
  const received: string[] = [];
  const recorder = { url: '', received, answer: (_: Asked): Answered => ({ status: 200, body: '{}' }) };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = { path: request.url ?? '/', body: Buffer.concat(chunks).toString() };
      received.push(`${asked.path} ${JSON.stringify(request.headers)} ${asked.body}`);
      const { status, body } = recorder.answer(asked);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  recorder.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return recorder;
}

export interface CanaryWorld {
  readonly system: RunningSystem;
  readonly api: ReturnType<typeof apiOf>;
  readonly provider: Recorder;
  readonly partner: Recorder;
  readonly redis: SampleUpstash | null;
  /** Every message of the edge's queue. */
  readonly queued: readonly string[];
  /** The bank's folder. */
  readonly bank: string;
  readonly merchantId: `mrch_${string}`;
  readonly accountId: string;
  readonly cardToken: string;
}

export const providerKey = 'card-data-canary-provider-key-4711-qwz';
export const providerSecret = `whsec_${Buffer.from('provider secret of the card data canary').toString('base64')}`;

export async function startWorld(parts: AsyncDisposableStack): Promise<CanaryWorld> {
  const provider = await startRecorder(parts);
  const partner = await startRecorder(parts);
  const redis = redisIsThere ? await SampleUpstash.start() : null;
  parts.defer(async () => redis?.close());
  const bank = await temporaryDirectory(parts, 'bank');
  await mkdir(join(bank, 'inbox'), { recursive: true });
  await writeFile(join(bank, 'debtors.json'), JSON.stringify({ EUR: ourAccounts['EUR'] }));
  const queued: string[] = [];
  const system = await startSystem(parts, {
    onQueueMessage: (text) => queued.push(text),
    environment: {
      LOG_LEVEL: 'debug',
      SETTLEMENT_PROVIDERS: 'simulated,iso20022',
      SIMULATED_PROVIDER_URL: provider.url,
      SIMULATED_PROVIDER_KEY: providerKey,
      SIMULATED_PROVIDER_WEBHOOK_SECRETS: providerSecret,
      ISO20022_DIRECTORY: bank,
      ISO20022_DEBTORS_FILE: join(bank, 'debtors.json'),
      WEBHOOK_LOOPBACK: 'allowed',
      ...(redis === null ? {} : { UPSTASH_REDIS_REST_URL: redis.url, UPSTASH_REDIS_REST_TOKEN: redis.token }),
    },
  });
  const api = apiOf(system.origin.url);
  const made = async (path: string, body: object): Promise<Record<string, string>> =>
    (await api('POST', path, body)).body as Record<string, string>;
  const { account_id: accountId = '' } = await made('/accounts', { name: 'Canary', currency: 'USD' });
  const destinations = { simulated: { account: 'canary' } };
  const { merchant_id: merchantId } = await made('/merchants', { name: 'Canary', currency: 'USD', destinations });
  const cardToken = `canary-${accountId.slice(-8)}`;
  await made('/cards', { account_id: accountId, network: 'marqeta', card_token: cardToken, funds_minor: 1_000_000 });
  await made('/cards', { account_id: accountId, network: 'native', card_token: cardToken, funds_minor: 1_000_000 });
  const database = openDatabase({ url: system.databaseUrl, poolMax: 2, onIdleError: () => {} });
  const merchant = {
    merchant_id: merchantId as CanaryWorld['merchantId'],
    amount_minor: 1_000_000n,
    network: 'native',
  } as const;
  await creditMerchant(database, createHouseAccounts(database.sql), merchant);
  await database.close();
  return {
    system,
    api,
    provider,
    partner,
    redis,
    queued,
    bank,
    merchantId: merchant.merchant_id,
    accountId,
    cardToken,
  };
}
