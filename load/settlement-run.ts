// npm run load -- settlement: a month's end. k6 asks for settlements at a fixed rate with a peak in the middle, the origin pays
// them through a simulated provider, and afterwards the database says how long each took and whether every record agrees.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { newRun } from './edge-under-load.ts';
import { findK6, type K6Result, runK6 } from './k6.ts';
import type { LoadScript } from './load-script.ts';
import {
  gatherEvidence,
  openEvidence,
  type SettlementEvidence,
  standingNow,
  untilFinal,
} from './settlement-evidence.ts';
import { findRunningOrigin, type SettlementsUnderLoad, startOwnOrigin } from './settlements-under-load.ts';
import { started, temporaryDirectory } from './started.ts';
import { rounded } from './statistics.ts';
import { wholeNumber } from './whole-number.ts';

const help = `npm run load -- settlement [options]      settlements at a fixed rate, five times that in the middle

  --minutes N       for so long (default 10)
  --seconds N       the same for a short run
  --per-minute N    settlements asked for a minute (default 10000)
  --peak N          times that, for the middle tenth of the time (default 5)
  --merchants N     that take turns, each with its own key (default 100)
  --against NAME    own: an origin, Postgres and provider of its own (default); running: the system of npm start
  --p99-ms N        the API's slowest of 99 in 100 answers may take so long (default 200)
  --final-p99-ms N  the same from accepted to final (default 5000)
  --json            figures and verdict as one object; progress and k6's summary go to standard error
  --help            this

Exits with 1 where a threshold was crossed or a law is broken: an error, a repeat with another answer, a settlement that is not
completed or was paid twice, a ledger or an audit trail that does not prove itself.`;

interface Words {
  readonly seconds: number;
  readonly perMinute: number;
  readonly peak: number;
  readonly merchants: number;
  readonly against: 'own' | 'running';
  readonly p99Ms: number;
  readonly finalP99Ms: number;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      seconds: { type: 'string' },
      'per-minute': { type: 'string', default: '10000' },
      peak: { type: 'string', default: '5' },
      merchants: { type: 'string', default: '100' },
      against: { type: 'string', default: 'own' },
      'p99-ms': { type: 'string', default: '200' },
      'final-p99-ms': { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { against, json } = values;
  if (against !== 'own' && against !== 'running') throw new Error(`--against ${against} is neither own nor running`);
  const number = (name: 'per-minute' | 'peak' | 'merchants' | 'p99-ms' | 'final-p99-ms') =>
    wholeNumber(`--${name}`, values[name]);
  return {
    seconds:
      values.seconds === undefined
        ? wholeNumber('--minutes', values.minutes) * 60
        : wholeNumber('--seconds', values.seconds),
    perMinute: number('per-minute'),
    peak: number('peak'),
    merchants: number('merchants'),
    against,
    p99Ms: number('p99-ms'),
    finalP99Ms: number('final-p99-ms'),
    json,
  };
}

/** What is asked for in the peak may wait: but not for ever. */
const drainMsMax = 300_000;
const saidEveryMs = 5_000;
const progress = (line: string) => process.stderr.write(`${line}\n`);

async function run(args: readonly string[]): Promise<boolean> {
  const words = readWords(args);
  if (words === null) {
    process.stdout.write(`${help}\n`);
    return true;
  }
  findK6(); // Before anything is started for it.
  await using parts = started();
  const { against, seconds, perMinute, peak } = words;
  progress(
    `${against === 'own' ? 'starting Postgres, a provider and the origin; ' : ''}making ${words.merchants} merchants`,
  );
  const own = against === 'own';
  const origin = await (own ? startOwnOrigin(parts, words.merchants) : findRunningOrigin(words.merchants));
  progress(
    `k6 asks for ${perMinute} settlements a minute for ${seconds} s, ${peak} times that in the middle, at ${origin.url}`,
  );
  const { api, drained_in_ms } = await ask(parts, origin, words);
  progress('reading the books');
  const evidence = await gatherEvidence(origin, { own });
  const broken = brokenLaws(api, evidence, words);
  const report = {
    script: 'settlement',
    against,
    per_minute: perMinute,
    peak,
    seconds,
    api,
    drained_in_ms,
    ...evidence,
    broken,
  };
  process.stdout.write(words.json ? `${JSON.stringify(report)}\n` : inWords(api, evidence, broken));
  return broken.length === 0;
}

/** Until k6 has ended and everything is final; says meanwhile how far it is. */
async function ask(parts: AsyncDisposableStack, origin: SettlementsUnderLoad, words: Words) {
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  await writeFile(program, JSON.stringify({ merchants: origin.merchants }), { mode: 0o600 });
  const database = openEvidence(origin.databaseUrl);
  const { created: createdBefore } = await standingNow(database.sql, 0);
  const startMs = performance.now();
  const say = async () => {
    const { created, final, backlog, oldest_ms } = await standingNow(database.sql, createdBefore);
    const at = Math.round((performance.now() - startMs) / 1_000);
    progress(
      `${at} s: created ${created}, final ${final}, backlog ${backlog}, oldest ${rounded(oldest_ms / 1_000, 1)} s`,
    );
  };
  const saying = setInterval(() => void say().catch(() => {}), saidEveryMs);
  try {
    const api = await runK6(parts, {
      script: join(import.meta.dirname, 'settlement.ts'),
      summaryPath: join(directory, 'summary.json'),
      output: words.json ? 2 : 1,
      env: {
        PER_MINUTE: `${words.perMinute}`,
        PEAK: `${words.peak}`,
        SECONDS: `${words.seconds}`,
        P99_MS: `${words.p99Ms}`,
        ORIGIN_URL: origin.url,
        PROGRAM: program,
        RUN: newRun(),
      },
    });
    clearInterval(saying);
    return { api, drained_in_ms: await untilFinal(database.sql, drainMsMax, progress) };
  } finally {
    clearInterval(saying);
    await database.close();
  }
}

function brokenLaws(api: K6Result, evidence: SettlementEvidence, { finalP99Ms }: Words): string[] {
  const stored = Object.values(evidence.states).reduce((sum, count) => sum + count, 0);
  const { completed = 0 } = evidence.states;
  const { p99_ms } = evidence.accepted_to_final;
  const laws: readonly (readonly [holds: boolean, says: string])[] = [
    [api.passed, 'k6: a threshold was crossed'],
    [api.settlements_created === stored, `${api.settlements_created} were accepted and ${stored} are stored`],
    [completed === stored, `${stored - completed} are not completed`],
    [evidence.paid_twice === 0, `${evidence.paid_twice} were paid twice`],
    [
      evidence.providers_paid_minor === null || evidence.providers_paid_minor === evidence.completed_minor,
      `the provider paid ${evidence.providers_paid_minor} and the books say ${evidence.completed_minor}`,
    ],
    [evidence.ledger_differences === 0, `the ledger has ${evidence.ledger_differences} differences`],
    [evidence.audit_faults === 0, `the chains have ${evidence.audit_faults} faults`],
    [p99_ms <= finalP99Ms, `accepted to final took ${p99_ms} ms for the slowest of 99 in 100`],
  ];
  return laws.filter(([holds]) => !holds).map(([, says]) => says);
}

function inWords(api: K6Result, evidence: SettlementEvidence, broken: readonly string[]): string {
  const { accepted_to_final: all, accepted_to_final_in_peak: high, states, paid_twice } = evidence;
  return [
    broken.length === 0 ? 'settlement: every law held.' : `settlement: BROKEN: ${broken.join('; ')}.`,
    `  API                ${api.requests} requests, p50 ${rounded(api.p50_ms, 1)} ms, p95 ${rounded(api.p95_ms, 1)} ms, p99 ${rounded(api.p99_ms, 1)} ms`,
    `  errors             failed ${api.failed_requests}, wrong answers ${api.failed_checks}, other repeats ${api.replay_mismatches}, not sent in time ${api.dropped_iterations}`,
    `  accepted to final  p50 ${all.p50_ms} ms, p99 ${all.p99_ms} ms, max ${all.max_ms} ms; in the peak p99 ${high.p99_ms} ms`,
    `  settlements        ${Object.entries(states)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ')}; paid twice ${paid_twice}`,
    `  proofs             ledger differences ${evidence.ledger_differences}, chain faults ${evidence.audit_faults}`,
    '',
  ].join('\n');
}

export const settlementLoad: LoadScript = {
  does: 'settlements at a fixed rate with a month’s end in the middle, paid and proved',
  run,
};
