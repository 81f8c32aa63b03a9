// npm run load -- objectives: the figures of I8. k6 asks at the two rates and measures from outside; the origin's own histograms say what
// commits and Redis took meanwhile; a client of ours has 400 settlements in hand at one time. Its Redis is a real one behind a stand-in of
// Upstash's REST protocol on this machine, so the cache's figure has no network in it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import type { Sql } from '../origin/db/client.ts';
import { redisIsThere, SampleUpstash } from '../scripts/test-upstash.ts';
import { askAtOnce, connectionsFor } from './at-once.ts';
import { newRun } from './edge-under-load.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { bucketsIn, countedBetween } from './histogram-share.ts';
import { findK6, runK6 } from './k6.ts';
import type { LoadScript } from './load-script.ts';
import {
  type Figures,
  inWords,
  judgeAtOnce,
  type ManyAtOnce,
  missedFigures,
  wanted,
  wrongAnswers,
} from './objectives-report.ts';
import { openEvidence, untilFinal } from './settlement-evidence.ts';
import { type LoadMerchant, startOwnOrigin } from './settlements-under-load.ts';
import { started, temporaryDirectory } from './started.ts';
import { wholeNumber } from './whole-number.ts';
import type { Expected } from './wrong-with.ts';

const help = `npm run load -- objectives [options]      the figures of I8, on this machine as it is

  --seconds N     for each of the two rates (default 20)
  --json          figures and verdict as one object; progress and k6's summary go to standard error
  --help          this

Exits with 1 where an answer was wrong or a figure was not reached, and says which: on a machine that does other work the figures are
that machine's, and the answers must be right all the same.`;

const merchants = 100;
/** Compiles the code of a fresh process, and is not looked at but for its answers. */
const warm = { perS: 100, seconds: 5 } as const;
/** Of 400 at once. */
const rounds = 10;
/** Between two loads: what the last one left is paid. */
const drainMsMax = 120_000;
const progress = (line: string) => process.stderr.write(`${line}\n`);

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
  const figures = await measure({ seconds, output: values.json ? 2 : 1 });
  const wrong = wrongAnswers(figures);
  const missed = missedFigures(figures);
  const report = { script: 'objectives', ...figures, wrong, missed };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : inWords(figures));
  return wrong.length === 0 && missed.length === 0;
}

async function measure({ seconds, output }: { readonly seconds: number; readonly output: 1 | 2 }): Promise<Figures> {
  await using parts = started();
  progress(
    `starting Postgres, a provider, ${redisIsThere ? 'Redis ' : ''}and the origin; making ${merchants} merchants`,
  );
  const origin = await startOwnOrigin(parts, merchants, await redisSettings(parts));
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  await writeFile(program, JSON.stringify({ merchants: await withSettlements(origin.url, origin.merchants) }), {
    mode: 0o600,
  });
  const database = openEvidence(origin.databaseUrl);
  parts.defer(() => database.close());
  const run = newRun();
  const ask = async (
    name: string,
    exec: 'create' | 'read',
    load: { readonly perS: number; readonly seconds: number },
  ) => {
    progress(`${name}: ${load.perS} a second for ${load.seconds} s`);
    const result = await runK6(parts, {
      script: join(import.meta.dirname, 'objectives.ts'),
      summaryPath: join(directory, `${name}.json`),
      output,
      env: {
        ...{ ASK: exec, RATE: `${load.perS}`, SECONDS: `${load.seconds}`, RUN: `${run}-${name}` },
        ...{ ORIGIN_URL: origin.url, PROGRAM: program },
      },
    });
    await untilFinal(database.sql, drainMsMax, progress);
    return result;
  };
  await ask('warm', 'create', warm);
  const before = await insideNow(origin.url);
  const service = await ask('service', 'create', { ...wanted.service, seconds });
  const gateway = await ask('gateway', 'read', { ...wanted.gateway, seconds });
  const after = await insideNow(origin.url);
  progress(`${wanted.atOnce} at once, ${rounds} times`);
  const at_once = await atOnce(origin.url, origin.merchants, `${run}-at-once`);
  return {
    ...{ seconds, service, gateway, at_once },
    stored: await storedAs(database.sql, [`${run}-service`, `${run}-at-once`]),
    database: countedBetween(before.commits, after.commits, wanted.database.p95Ms / 1_000),
    cache: redisIsThere ? countedBetween(before.redis, after.redis, wanted.cache.p95Ms / 1_000) : null,
  };
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
      headers: askingHeaders(api_key, `objectives-${merchant_id}`),
      body: JSON.stringify({ merchant_id, amount_minor: 100, currency: 'USD', reference: 'to be read' }),
    });
    const { settlement_id } = z.object({ settlement_id: z.string() }).parse(await answer.json());
    made.push({ ...merchant, settlement_id });
  });
  return made;
}

const askingHeaders = (apiKey: string, key: string) => ({
  authorization: `Bearer ${apiKey}`,
  'content-type': 'application/json',
  'idempotency-key': key,
});

/** The origin's own count of commits and of commands to Redis, since it started. */
async function insideNow(url: string) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return {
    commits: bucketsIn(text, 'sql_exec_latency', { op: 'commit' }),
    redis: bucketsIn(text, 'redis_command_duration_seconds'),
  };
}

async function atOnce(url: string, all: readonly LoadMerchant[], reference: string): Promise<ManyAtOnce> {
  const agent = connectionsFor(wanted.atOnce);
  const found: { asked: Expected[]; all: Awaited<ReturnType<typeof askAtOnce>> }[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const asking = Array.from({ length: wanted.atOnce }, (_, index) => {
        const { merchant_id = '', api_key = '' } = all[index % all.length] ?? {};
        const members = { merchant_id, amount_minor: 1 + index, currency: 'USD', reference };
        const headers = askingHeaders(api_key, `objectives-${reference}-${round}-${index}`);
        return { url: `${url}/settlements`, headers, body: JSON.stringify(members), members };
      });
      const asked = asking.map(({ members }) => ({ status: 201, members }));
      found.push({ asked, all: await askAtOnce(asking, agent) });
    }
  } finally {
    agent.destroy();
  }
  return judgeAtOnce(found);
}

async function storedAs(sql: Sql, references: readonly string[]): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    'select count(*) from settlements where reference = any($1::text[])',
    [references],
  );
  return Number(rows[0]?.count);
}

export const objectivesLoad: LoadScript = {
  does: 'the figures of I8: requests a second, 400 at once, database, cache',
  run,
};
