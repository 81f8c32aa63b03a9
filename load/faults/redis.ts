// redis: a real redis-server behind Upstash's protocol that is there, gone, slow and lying in turn, while partners ask for settlements and repeat
// what they asked. Each key must have one effect and one answer, byte for byte, and nobody may wait for Redis. Where redis-server is not
// installed the fault is skipped, and says so.

import { connectOwner } from '../../origin/db/which-postgres.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { redisIsThere, SampleUpstash } from '../../scripts/test-upstash.ts';
import { type LoadMerchant, startOwnOrigin } from '../settlements-under-load.ts';
import { bookFindings } from './book-findings.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

const callers = 8;
const amountMinor = 7;
/** Twenty times as long as the origin waits for Redis. */
const slowMs = 2_000;

/** What it does in each phase. */
const phases = {
  there: () => {},
  gone: (redis) => redis.shut(),
  slow: async (redis) => {
    await redis.open();
    redis.delayMs = slowMs;
  },
  lying: (redis, random) => {
    redis.delayMs = 0;
    // Another key's answer, nothing, or what nobody wrote; and OK for what it has not kept.
    const known: string[] = [];
    redis.lie = (command, truth) => {
      const name = String(command[0]).toLowerCase();
      if (name === 'set' && random() < 0.5) return 'OK';
      if (name !== 'get') return truth;
      if (typeof truth === 'string') known.push(truth);
      const lies = [known[Math.floor(random() * known.length)] ?? null, null, 'nonsense\n{"s":201}', truth];
      return lies[Math.floor(random() * lies.length)] ?? null;
    };
  },
  back: (redis) => {
    redis.lie = null;
  },
} as const satisfies Readonly<Record<string, (redis: SampleUpstash, random: () => number) => void | Promise<void>>>;

export async function redisFaults(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  if (!redisIsThere)
    return {
      fault: 'redis',
      seed,
      skipped: 'redis-server is not installed',
      phases: {},
      keys: 0,
      effects: 0,
      other_answers: 0,
      findings: [],
    };
  const seconds = options.seconds ?? 50;
  progress(`redis: ${seconds} s, seed ${seed}; starting Redis, Postgres and origin`);
  const redis = await SampleUpstash.start();
  parts.defer(() => redis.close());
  const origin = await startOwnOrigin(parts, 2, {
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
  });
  const random = seededRandom(seed);
  const answers = new Map<string, string>();
  const other: string[] = [];
  const told: Record<string, { calls: number; p50_ms: number; slowest_ms: number; repeats: number }> = {};
  const seen = watchOrigin(origin.url);
  const names = Object.keys(phases) as (keyof typeof phases)[];
  for (const name of names) {
    await phases[name](redis, random);
    told[name] = await callDuring(name, (1_000 * seconds) / names.length, { origin, random, answers, other });
    progress(`${name}: ${JSON.stringify(told[name])}`);
  }
  const watched = await seen();
  const sql = await connectOwner(origin.databaseUrl);
  const { rows } = await sql.query<{ count: string }>('select count(*) from settlements').finally(() => sql.end());
  const effects = Number(rows[0]?.count);
  return {
    ...{ fault: 'redis', seed, skipped: null, phases: told },
    ...{ keys: answers.size, effects, other_answers: other.length, watched },
    findings: [
      ...other,
      ...(effects === answers.size ? [] : [`${answers.size} keys and ${effects} settlements`]),
      ...(await bookFindings(origin.databaseUrl, { owed: false })),
    ],
  };
}

interface Remembered {
  readonly origin: Awaited<ReturnType<typeof startOwnOrigin>>;
  readonly random: () => number;
  /** Each key's first answer. */
  readonly answers: Map<string, string>;
  readonly other: string[];
}

/** Each caller asks for something new, then at once for the same, and for one of long ago, whose answer Redis may have lost or changed. */
async function callDuring(name: string, ms: number, { origin, random, answers, other }: Remembered) {
  const tookMs: number[] = [];
  let repeats = 0;
  const untilMs = Date.now() + ms;
  const call = async (caller: number) => {
    const merchant = origin.merchants[caller % origin.merchants.length] as LoadMerchant;
    for (let n = 0; Date.now() < untilMs; n++) {
      const keys = [...answers.keys()].filter((key) => key.endsWith(`/${merchant.merchant_id}`));
      const key = `${name}-${caller}-${n}/${merchant.merchant_id}`;
      for (const one of [key, key, keys[Math.floor(random() * keys.length)] ?? key]) {
        const startMs = performance.now();
        const text = await ask(origin.url, merchant, one);
        tookMs.push(performance.now() - startMs);
        if (answers.has(one)) repeats += 1;
        const before = answers.get(one) ?? text;
        if (before !== text) other.push(`${one}: was answered ${before}, then ${text}`);
        answers.set(one, before);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const sorted = tookMs.toSorted((one, another) => one - another);
  return {
    ...{ calls: sorted.length, repeats },
    p50_ms: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    slowest_ms: Math.round(sorted.at(-1) ?? 0),
  };
}

/** Until it is answered; what a caller may repeat is repeated. */
async function ask(originUrl: string, { api_key, merchant_id }: LoadMerchant, key: string): Promise<string> {
  const body = JSON.stringify({ merchant_id, amount_minor: amountMinor, currency: 'USD', reference: key });
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json', 'idempotency-key': key };
  for (;;) {
    const answer = await fetch(`${originUrl}/settlements`, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.status === 201) return text;
    if (![409, 429, 503].includes(answer.status))
      throw new Error(`a settlement was answered ${answer.status}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
