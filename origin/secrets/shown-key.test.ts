// Every key that we show to somebody else has two values while it changes: the newest is shown, the former one only where the newest was
// refused for itself, and never after an answer, or a silence, behind which something may have been done.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../scripts/test-waiting.ts';
import { openRedis } from '../api/http/open-redis.ts';
import { openObjectStore, readS3Environment } from '../object-store/open-object-store.ts';
import { createSimulatedProvider } from '../providers/simulated.ts';
import { createStripeProvider } from '../providers/stripe.ts';
import { createPull } from '../queues/pull.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { openSdk } from '../tracing/sdk.ts';
import { createKeyWatch, type KeyWatch, type ShownSetting, showKey, shownSettings } from './shown-key.ts';

const newest = 'key-new-Zt5Hn8KcR2wQ9yLp';
const former = 'key-old-k7Qp2vXw9LmR4tYb';
const both = `${newest} ${former}`;
const log = pino({ level: 'silent' });
const never = new AbortController().signal;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Status = number | 'cut';

/** What Upstash says of a wrong token is told by the first word alone: elsewhere in the message it may be anybody's. */
function bodyOf(setting: ShownSetting, status: number): string {
  if (status === 200 && setting === 'S3_SECRET_ACCESS_KEY') return '';
  if (setting === 'S3_SECRET_ACCESS_KEY')
    return `<Error><Code>Status${status}</Code><Message>As asked.</Message></Error>`;
  if (setting !== 'UPSTASH_REDIS_REST_TOKEN') return '{}';
  const error = status === 401 ? 'WRONGPASS invalid' : status === 403 ? 'NOPERM no' : 'ERR not WRONGPASS';
  return JSON.stringify({ error });
}

/** Answers each key with its status (`cut`: the connection is reset), and notes whose key was shown. */
async function startPeer(setting: ShownSetting, statusOf: (key: string) => Status) {
  const shown: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      // S3's header names the key's id, the others' holds the key itself.
      const key = [newest, former].find((one) => request.headers.authorization?.includes(one)) ?? 'none';
      shown.push(key);
      const status = statusOf(key);
      if (status === 'cut') return void request.socket.resetAndDestroy();
      response
        .writeHead(status, { 'content-type': setting.startsWith('S3') ? 'application/xml' : 'application/json' })
        .end(bodyOf(setting, status));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { shown, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** One call, which may fail. */
type Call = (url: string, keys: string, keyWatch: KeyWatch) => Promise<unknown>;

const senders: Readonly<Record<ShownSetting, Call>> = {
  async STRIPE_API_KEY(url, apiKey, keyWatch) {
    const provider = createStripeProvider({ apiKey, webhookSecrets: [], url, keyWatch });
    ends.push(() => provider.close?.());
    return await provider.submit(sampleSubmission({ account: 'acct_1Merchant' }), never);
  },
  async SIMULATED_PROVIDER_KEY(url, apiKey, keyWatch) {
    const provider = createSimulatedProvider({ url, apiKey, webhookSecrets: [], keyWatch });
    ends.push(() => provider.close?.());
    return await provider.submit(sampleSubmission({ account: 'open-1' }), never);
  },
  async CLOUDFLARE_API_TOKEN(url, api_token, keyWatch) {
    const queue = { api_url: url, account_id: 'acc', queue_id: 'que', api_token, keyWatch };
    const intake = { take: () => Promise.resolve([]) };
    const loop = createPull({ name: 'queue pull', queue, intake, log });
    loop.start();
    await until(
      () => loop.state(),
      ({ failures_total, last_success_at_ms }) => failures_total > 0 || last_success_at_ms !== null,
    );
    await loop.stop();
  },
  async S3_SECRET_ACCESS_KEY(url, ids, keyWatch) {
    const environment = readS3Environment({
      S3_ENDPOINT: url,
      S3_ACCESS_KEY_ID: ids,
      S3_SECRET_ACCESS_KEY: ids.replaceAll('key-', 'secret-'),
    });
    await openObjectStore({ setting: 'STORE', place: 's3://bank' }, environment, keyWatch).putIfAbsent('a', 'b');
  },
  async UPSTASH_REDIS_REST_TOKEN(url, token, keyWatch) {
    await openRedis({ url, token, keyWatch }).set('a', 'b');
  },
  async OTEL_EXPORTER_OTLP_HEADERS(url, keys, keyWatch) {
    const headers = keys.split(' ').map((key) => ({ authorization: `Bearer ${key}` }));
    const sdk = openSdk({ ...{ url, headers, keyWatch }, ratio: 1, environment: 'test', onTrouble: () => {} });
    sdk.tracer.startSpan('one').end();
    await sdk.close();
  },
};

async function refusals(registry: Registry, setting: ShownSetting): Promise<Record<string, number>> {
  const { values = [] } = (await registry.getSingleMetric('shown_keys_refused_total')?.get()) ?? {};
  const own = values.filter(({ labels }) => labels['setting'] === setting);
  return Object.fromEntries(own.map(({ labels, value }) => [String(labels['former']), value]));
}

/** What is shown, and what is counted, where the peer answers each key with its status. */
async function called(setting: ShownSetting, keys: string, statuses: readonly [newest: Status, former: Status]) {
  const registry = new Registry();
  const peer = await startPeer(setting, (key) => (key === former ? statuses[1] : statuses[0]));
  await senders[setting](peer.url, keys, createKeyWatch(registry, log)).catch(() => {});
  return { shown: peer.shown, counted: await refusals(registry, setting) };
}

describe.each(shownSettings)('%s', (setting) => {
  test.each([401, 403])('refused by %d: the former is shown, once', async (status) => {
    const { shown, counted } = await called(setting, both, [status, 200]);
    expect(shown).toEqual([newest, former]);
    expect(counted).toEqual({ taken: 1, refused: 0, none: 0 });
  });

  test('both refused: once each', async () => {
    const { shown, counted } = await called(setting, both, [401, 403]);
    expect(shown).toEqual([newest, former]);
    expect(counted).toEqual({ taken: 0, refused: 1, none: 0 });
  });

  test('one alone, refused', async () => {
    const { shown, counted } = await called(setting, newest, [401, 200]);
    expect(shown).toEqual([newest]);
    expect(counted).toEqual({ taken: 0, refused: 0, none: 1 });
  });

  test.each<Status>([200, 400, 409, 429, 500, 'cut'])('%s: the former is never shown', async (status) => {
    const { shown, counted } = await called(setting, both, [status, 200]);
    expect(shown).toContain(newest);
    expect(shown).not.toContain(former);
    expect(counted).toEqual({ taken: 0, refused: 0, none: 0 });
  });
});

describe('of two keys', () => {
  const wasRefused = (outcome: PromiseSettledResult<string>) =>
    outcome.status === 'rejected' && outcome.reason === 'refused';

  test.each<[string, (string | Error)[], string]>([
    ['the newest is taken', ['taken'], 'taken'],
    ['the former is taken', [new Error('refused'), 'by the former'], 'by the former'],
    [
      'what becomes of the former counts, where it may have been taken',
      [new Error('refused'), new Error('no answer')],
      'no answer',
    ],
  ])('%s', async (_, outcomes, result) => {
    const withKey = showKey('STRIPE_API_KEY', ['new', 'old']);
    const left = [...outcomes];
    const send = () => {
      const next = left.shift() ?? 'nothing';
      return typeof next === 'string' ? Promise.resolve(next) : Promise.reject(next.message);
    };
    expect(await withKey(send, wasRefused).catch((reason: string) => reason)).toBe(result);
    expect(left).toEqual([]);
  });

  test('both are refused: what was said to the newest is the answer', async () => {
    const withKey = showKey('STRIPE_API_KEY', ['new', 'old']);
    const answer = await withKey(
      (key) => Promise.resolve(`no to ${key}`),
      () => true,
    );
    expect(answer).toBe('no to new');
  });

  test('a refusal is said once a minute, with no key in it', async () => {
    const lines: string[] = [];
    const watch = createKeyWatch(new Registry(), pino({}, { write: (line: string) => lines.push(line) }));
    const withKey = showKey('STRIPE_API_KEY', [newest, former], watch);
    for (let call = 0; call < 3; call += 1)
      await withKey(
        (key) => Promise.resolve(key),
        (one) => one.status === 'fulfilled' && one.value === newest,
      );
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 40,
        setting: 'STRIPE_API_KEY',
        former: 'taken',
        msg: 'a key that we show was refused',
      }),
    ]);
    expect(lines.join()).not.toMatch(/Zt5Hn8KcR2wQ9yLp|k7Qp2vXw9LmR4tYb/);
  });
});
