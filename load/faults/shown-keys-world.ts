// What rotates keys that are shown to others is run against: the origin as a process, and its peers (two providers, a queue, a bucket, Redis
// where it is installed, a collector) as stand-ins behind gates that judge the key alone.

import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { openDatabase } from '../../origin/db/client.ts';
import { createHouseAccounts } from '../../origin/ledger/house-accounts.ts';
import { creditMerchant } from '../../origin/merchants/merchants.ts';
import { startStandInS3 } from '../../origin/object-store/stand-in-s3.ts';
import type { ShownSetting } from '../../origin/secrets/shown-key.ts';
import { ourAccounts } from '../../origin/testing/sample-bank.ts';
import { startQueue } from '../../origin/testing/sample-queue.ts';
import { startStandInStripe } from '../../origin/testing/stand-in-stripe.ts';
import { apiOf } from '../../scripts/dev/demo.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startSimulatedProvider } from '../../scripts/simulated-provider/server.ts';
import { startTemporaryPostgres } from '../../scripts/temporary-postgres.ts';
import { redisIsThere, SampleUpstash } from '../../scripts/test-upstash.ts';
import { temporaryDirectory } from '../started.ts';
import { startDoor } from './door.ts';
import { type KeyedGate, startKeyedGate } from './keyed-gate.ts';
import { type OriginProcess, startOrigin } from './origin-process.ts';

export interface Peer {
  readonly gate: KeyedGate;
  readonly old: string;
  readonly next: string;
}
type Peers = Partial<Record<ShownSetting, Peer>>;

async function startPeers(parts: AsyncDisposableStack, callbackUrl: string, secret: string): Promise<Peers> {
  const peers: Peers = {};
  const put = async (name: ShownSetting, behind: Parameters<typeof startKeyedGate>[0]['behind'], refusal = '{}') => {
    const [old, next] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
    const gate = await startKeyedGate({ keys: [old], behind, refusal });
    parts.defer(() => gate.close());
    peers[name] = { gate, old, next };
  };
  const stripe = await startStandInStripe();
  parts.defer(() => stripe.close());
  await put(
    'STRIPE_API_KEY',
    { url: stripe.url },
    '{"error":{"type":"invalid_request_error","message":"no such key"}}',
  );
  const apiKey = randomBytes(24).toString('base64url');
  const faults = { latency_ms_min: 0, latency_ms_max: 2, confirm_after_ms: 5 };
  const simulated = await startSimulatedProvider({ apiKey, secret, callbackUrl, faults });
  parts.defer(() => simulated.close());
  await put('SIMULATED_PROVIDER_KEY', { url: simulated.url, authorization: `Bearer ${apiKey}` });
  const { queue, close } = await startQueue();
  parts.defer(() => void close());
  await put('CLOUDFLARE_API_TOKEN', { url: queue.url, authorization: 'Bearer token' });
  const s3 = await startStandInS3();
  parts.defer(() => s3.close());
  // A bank's inbox with nothing in it, however often it is looked into.
  const nothing = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
  s3.pages.push(...Array.from({ length: 1_000 }, () => nothing));
  await put('S3_SECRET_ACCESS_KEY', { url: s3.url }, '<Error><Code>InvalidAccessKeyId</Code></Error>');
  if (redisIsThere) {
    const redis = await SampleUpstash.start();
    parts.defer(() => redis.close());
    const behind = { url: redis.url, authorization: `Bearer ${redis.token}` };
    await put('UPSTASH_REDIS_REST_TOKEN', behind, '{"error":"WRONGPASS invalid or missing auth token"}');
  }
  await put('OTEL_EXPORTER_OTLP_HEADERS', { answer: '{}' });
  return peers;
}

/** What the origin is told: addresses, and the keys as `keysOf` gives them. */
function environmentOf(peers: Peers, keysOf: (peer: Peer) => string, secret: string): Record<string, string> {
  const urlOf = (name: ShownSetting) => peers[name]?.gate.url ?? '';
  const value = (name: ShownSetting) => (peers[name] === undefined ? '' : keysOf(peers[name]));
  return {
    ...{ SETTLEMENT_PROVIDERS: 'simulated,stripe', SIMULATED_PROVIDER_WEBHOOK_SECRETS: secret },
    ...{
      SIMULATED_PROVIDER_URL: urlOf('SIMULATED_PROVIDER_KEY'),
      SIMULATED_PROVIDER_KEY: value('SIMULATED_PROVIDER_KEY'),
    },
    ...{ STRIPE_URL: urlOf('STRIPE_API_KEY'), STRIPE_API_KEY: value('STRIPE_API_KEY') },
    ...{ QUEUE_API_URL: urlOf('CLOUDFLARE_API_TOKEN'), CLOUDFLARE_API_TOKEN: value('CLOUDFLARE_API_TOKEN') },
    ...{ CLOUDFLARE_ACCOUNT_ID: 'acc', CLOUDFLARE_QUEUE_ID: 'que' },
    ...{ S3_ENDPOINT: urlOf('S3_SECRET_ACCESS_KEY'), S3_ACCESS_KEY_ID: value('S3_SECRET_ACCESS_KEY') },
    // The stand-in judges no signature: of each key a hash of its id.
    S3_SECRET_ACCESS_KEY: value('S3_SECRET_ACCESS_KEY')
      .split(' ')
      .map((id) => createHash('sha256').update(id).digest('base64url'))
      .join(' '),
    UPSTASH_REDIS_REST_URL: urlOf('UPSTASH_REDIS_REST_TOKEN'),
    UPSTASH_REDIS_REST_TOKEN: value('UPSTASH_REDIS_REST_TOKEN'),
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: urlOf('OTEL_EXPORTER_OTLP_HEADERS'), OTEL_TRACES_SAMPLER_ARG: '1' },
    OTEL_EXPORTER_OTLP_HEADERS: value('OTEL_EXPORTER_OTLP_HEADERS')
      .split(' ')
      .map((key) => `authorization=Bearer%20${key}`)
      .join(' '),
    ...{ RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' },
  };
}

export async function startWorld(parts: AsyncDisposableStack) {
  const directory = await temporaryDirectory(parts, 'rotate-shown');
  const postgres = await startTemporaryPostgres();
  parts.defer(() => postgres.stop());
  const door = await startDoor();
  parts.defer(() => door.close());
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const peers = await startPeers(parts, `${door.url}/provider-webhooks/simulated`, secret);
  const debtors = join(directory, 'debtors.json');
  await writeFile(debtors, JSON.stringify({ EUR: ourAccounts['EUR'] }));
  let origin: OriginProcess | null = null;
  parts.defer(() => origin?.stop());
  const deploy = (keysOf: (peer: Peer) => string) =>
    door.exchange(async () => {
      await origin?.stop();
      const environment = {
        ...environmentOf(peers, keysOf, secret),
        // Not paid by: its inbox is read all the same, and that is the bucket's traffic.
        ...{ ISO20022_DIRECTORY: 's3://bank', ISO20022_DEBTORS_FILE: debtors },
      };
      const place = { port: await freePort(), databaseUrl: postgres.url, edgeUrl: 'http://127.0.0.1:9', directory };
      origin = await startOrigin({ ...place, environment });
      return origin.url;
    });
  await deploy(({ old }) => old);
  const merchants = await makeMerchants(door.url, postgres.url);
  return {
    ...{ peers, deploy, url: door.url, databaseUrl: postgres.url },
    merchants,
  };
}

/** One that each provider pays, both owed more than the rehearsal asks for. */
async function makeMerchants(originUrl: string, databaseUrl: string): Promise<string[]> {
  const api = apiOf(originUrl);
  const database = openDatabase({ url: databaseUrl, poolMax: 2, onIdleError: () => {} });
  const house = createHouseAccounts(database.sql);
  const made: string[] = [];
  for (const destinations of [{ simulated: { account: 'rehearsal' } }, { stripe: { account: 'acct_1Rehearsal' } }]) {
    const { body } = await api('POST', '/merchants', { name: 'Rehearsal', currency: 'USD', destinations });
    const { merchant_id } = z.object({ merchant_id: z.string() }).parse(body);
    await creditMerchant(database, house, { merchant_id, amount_minor: 1_000_000_000n, network: 'native' });
    made.push(merchant_id);
  }
  await database.close();
  return made;
}
