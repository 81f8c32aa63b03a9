// A key that we show to somebody else (a provider, the queue, Redis, a bucket), while it is changed: the newest is shown first, and
// where it is refused the one before it is shown, once. Only an answer that refuses the key leads to the second try, so that nothing
// that may have been taken is sent again here. It does not ask what the two may do: they must be keys of one account.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Settings with keys of this kind, as docs/operating.md names them; each takes two values with a space between them. */
export const shownSettings = [
  'STRIPE_API_KEY',
  'SIMULATED_PROVIDER_KEY',
  'CLOUDFLARE_API_TOKEN',
  'S3_SECRET_ACCESS_KEY',
  'UPSTASH_REDIS_REST_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;
export type ShownSetting = (typeof shownSettings)[number];

/** What the former key came to: it was taken, it was refused as well, or there is none. */
type Former = 'taken' | 'refused' | 'none';
const formers: readonly Former[] = ['taken', 'refused', 'none'];

export interface KeyWatch {
  refused(setting: ShownSetting, former: Former): void;
}
const unwatchedKeys: KeyWatch = { refused: () => {} };

const saidEveryMs = 60_000;

/** Counts, and says so once a minute of each setting. The key itself is nowhere. */
export function createKeyWatch(registry: Registry, log: Logger): KeyWatch {
  const refused = new Counter({
    name: 'shown_keys_refused_total',
    help: 'Calls to others that refused our newest key, by what the former key came to',
    labelNames: ['setting', 'former'],
    registers: [registry],
  });
  for (const setting of shownSettings) for (const former of formers) refused.inc({ setting, former }, 0);
  const saidAtMs = new Map<ShownSetting, number>();
  return {
    refused(setting, former) {
      refused.inc({ setting, former });
      const nowMs = performance.now();
      if (nowMs - (saidAtMs.get(setting) ?? Number.NEGATIVE_INFINITY) < saidEveryMs) return;
      saidAtMs.set(setting, nowMs);
      log.warn({ setting, former }, 'a key that we show was refused');
    },
  };
}

/**
 * Sends with the newest key, and again with the former one where `isRefused` says that the first was refused for its key. Where both
 * are refused, the outcome of the newest is the call's, thrown or returned.
 */
export type ShowKey<K> = <A>(
  send: (key: K) => Promise<A>,
  isRefused: (outcome: PromiseSettledResult<A>) => boolean,
) => Promise<A>;

/** `keys`: the newest first; what is beyond the second is not shown. */
export function showKey<K>(setting: ShownSetting, keys: readonly K[], watch: KeyWatch = unwatchedKeys): ShowKey<K> {
  const [newest, former] = keys;
  return async (send, isRefused) => {
    if (newest === undefined) throw new Error(`${setting} is not set`);
    const first = await outcomeOf(send, newest);
    if (!isRefused(first)) return resultOf(first);
    if (former === undefined) {
      watch.refused(setting, 'none');
      return resultOf(first);
    }
    const second = await outcomeOf(send, former);
    const areBothRefused = isRefused(second);
    watch.refused(setting, areBothRefused ? 'refused' : 'taken');
    return resultOf(areBothRefused ? first : second);
  };
}

/** The statuses of HTTP that say: not with this key. Nothing was begun. */
export function refusesKey(status: number): boolean {
  return status === 401 || status === 403;
}

/** The same of an answer that was heard. */
export function isKeyRefused(outcome: PromiseSettledResult<{ readonly status: number }>): boolean {
  return outcome.status === 'fulfilled' && refusesKey(outcome.value.status);
}

async function outcomeOf<K, A>(send: (key: K) => Promise<A>, key: K): Promise<PromiseSettledResult<A>> {
  try {
    return { status: 'fulfilled', value: await send(key) };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

function resultOf<A>(outcome: PromiseSettledResult<A>): A {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}
