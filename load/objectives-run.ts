// npm run load -- objectives: the figures of I8 (400 at once, 1,000 and 500 requests a second, database, cache), measured from outside by
// k6 and from inside by the origin's own histograms, which Prometheus reads. Its Redis is a real one behind a stand-in of Upstash's
// REST protocol on this machine, so the cache's figure has no network in it.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { redisIsThere, SampleUpstash } from '../scripts/test-upstash.ts';
import { newRun } from './edge-under-load.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { findK6, spawnK6 } from './k6.ts';
import type { LoadScript } from './load-script.ts';
import { figureAt, startObserving } from './observed.ts';
import { type LoadMerchant, startOwnOrigin } from './settlements-under-load.ts';
import { started, temporaryDirectory } from './started.ts';
import { rounded } from './statistics.ts';
import { wholeNumber } from './whole-number.ts';

const help = `npm run load -- objectives [options]      the figures of I8, on this machine as it is

  --seconds N     for each of the three loads (default 20)
  --json          the figures as one object; progress and k6's summary go to standard error
  --help          this

Measures and judges nothing: on a machine that does other work the figures are that machine's.`;

const merchants = 100;
const progress = (line: string) => process.stderr.write(`${line}\n`);

/** What I8 asks for, in milliseconds. */
const wanted = { service: 200, gateway: 50, database: 10, cache: 1 } as const;
const scenarios = ['service', 'gateway', 'concurrent'] as const;

async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${help}\n`);
    return true;
  }
  const seconds = wholeNumber('--seconds', values.seconds);
  findK6(); // Before anything is started for it.
  await using parts = started();
  progress(
    `starting Postgres, a provider, ${redisIsThere ? 'Redis, ' : ''}the origin and Prometheus; making ${merchants} merchants`,
  );
  const origin = await startOwnOrigin(parts, merchants, await redisSettings(parts));
  const observing = await startObserving(parts, { originPort: Number(new URL(origin.url).port), hurry: 60 });
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  const readable = await withSettlements(origin.url, origin.merchants);
  await writeFile(program, JSON.stringify({ merchants: readable }), { mode: 0o600 });
  const fromMs = Date.now();
  progress(`k6 asks for ${seconds} s each: 500 settlements a second, 1,000 reads a second, 400 users at once`);
  await spawnK6(parts, {
    script: join(import.meta.dirname, 'objectives.ts'),
    summaryPath: join(directory, 'summary.json'),
    output: values.json ? 2 : 1,
    env: { SECONDS: `${seconds}`, ORIGIN_URL: origin.url, PROGRAM: program, RUN: newRun() },
  });
  const outside = await figuresOfK6(join(directory, 'summary.json'), seconds);
  const report = { script: 'objectives', seconds, ...outside, ...(await figuresInside(observing.url, fromMs)) };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : inWords(report));
  return true;
}

async function redisSettings(parts: AsyncDisposableStack): Promise<Readonly<Record<string, string>>> {
  if (!redisIsThere) return {};
  const redis = await SampleUpstash.start();
  parts.defer(() => redis.close());
  return { UPSTASH_REDIS_REST_URL: redis.url, UPSTASH_REDIS_REST_TOKEN: redis.token };
}

/** One of each merchant, to be read. */
async function withSettlements(url: string, all: readonly LoadMerchant[]) {
  const made: (LoadMerchant & { settlement_id: string })[] = [];
  await fewAtATime(all, async (merchant) => {
    const { merchant_id, api_key } = merchant;
    const answer = await fetch(`${url}/settlements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${api_key}`,
        'content-type': 'application/json',
        'idempotency-key': `objectives-${merchant_id}`,
      },
      body: JSON.stringify({ merchant_id, amount_minor: 100, currency: 'USD', reference: 'to be read' }),
    });
    const { settlement_id } = z.object({ settlement_id: z.string() }).parse(await answer.json());
    made.push({ ...merchant, settlement_id });
  });
  return made;
}

const trend = z.object({ med: z.number(), 'p(95)': z.number(), 'p(99)': z.number() });

async function figuresOfK6(summaryPath: string, seconds: number) {
  const { metrics } = z
    .object({ metrics: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(await readFile(summaryPath, 'utf8')));
  const of = (scenario: (typeof scenarios)[number]) => {
    const { med, 'p(95)': p95, 'p(99)': p99 } = trend.parse(metrics[`http_req_duration{scenario:${scenario}}`]);
    const { count } = z.object({ count: z.number() }).parse(metrics[`http_reqs{scenario:${scenario}}`]);
    const { passes } = z.object({ passes: z.number() }).parse(metrics[`http_req_failed{scenario:${scenario}}`]);
    const ms = (value: number) => rounded(value, 1);
    return { per_s: Math.round(count / seconds), p50_ms: ms(med), p95_ms: ms(p95), p99_ms: ms(p99), failed: passes };
  };
  return { service: of('service'), gateway: of('gateway'), concurrent_400: of('concurrent') };
}

/** Of the whole run: quantiles of histograms, so no finer than their edges. */
async function figuresInside(url: string, fromMs: number) {
  const nowMs = Date.now();
  const p95 = async (series: string) => {
    const query = `histogram_quantile(0.95, sum by (le) (increase(${series}[${Math.ceil((nowMs - fromMs) / 1_000)}s])))`;
    const seconds = await figureAt(url, query, nowMs);
    return seconds === null ? null : rounded(seconds * 1_000, 2);
  };
  return {
    database_commit_p95_ms: await p95('sql_exec_latency_bucket{op="commit"}'),
    cache_p95_ms: await p95('redis_command_duration_seconds_bucket'),
  };
}

type Report = Awaited<ReturnType<typeof figuresOfK6>> & Awaited<ReturnType<typeof figuresInside>>;

function inWords({ service, gateway, concurrent_400: many, database_commit_p95_ms, cache_p95_ms }: Report): string {
  const line = ({ per_s, p50_ms, p95_ms, p99_ms, failed }: Report['service']) =>
    `${per_s}/s, p50 ${p50_ms} ms, p95 ${p95_ms} ms, p99 ${p99_ms} ms, failed ${failed}`;
  const orNone = (value: number | null) => (value === null ? 'not measured' : `p95 ${value} ms`);
  return [
    'objectives (I8):',
    `  service, 500/s wanted     ${line(service)}; p95 wanted ${wanted.service} ms`,
    `  gateway, 1,000/s wanted   ${line(gateway)}; p95 wanted ${wanted.gateway} ms`,
    `  400 at once               ${line(many)}`,
    `  database, commits         ${orNone(database_commit_p95_ms)}; wanted ${wanted.database} ms`,
    `  cache, commands           ${orNone(cache_p95_ms)}; wanted ${wanted.cache} ms`,
    '',
  ].join('\n');
}

export const objectivesLoad: LoadScript = {
  does: 'the figures of I8: requests a second, 400 at once, database, cache',
  run,
};
