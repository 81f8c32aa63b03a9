// npm run load -- alerts: the profile that smoke-tests the alerts (I17). k6 asks as partners do, faults come and go meanwhile, and a real
// Prometheus and Alertmanager with the catalogue's rules say which alerts fired when. The rules run faster than in production, so that
// several faults fit into one run: what is proved is which alert fires on what, not after how many minutes.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startTcpRelay, type TcpRelay } from '../scripts/test-relay.ts';
import { type Chaos, chaosOf, type Phase, phasesOf, runSecondsMin } from './alert-phases.ts';
import { type AlertsReport, alertsReport, inWords } from './alerts-report.ts';
import { newRun } from './edge-under-load.ts';
import { findK6, runK6 } from './k6.ts';
import type { LoadScript } from './load-script.ts';
import { startObserving } from './observed.ts';
import { startOwnOrigin } from './settlements-under-load.ts';
import { started, temporaryDirectory } from './started.ts';
import { wholeNumber } from './whole-number.ts';

const help = `npm run load -- alerts [options]      which alerts fire when, while providers and the database fail under load

  --minutes N     for so long: a quarter of it rising, the rest held (default 20)
  --seconds N     the same for a short run, ${runSecondsMin} or more
  --model NAME    asked: users with 1 to 3 s between their calls (default); open: a rate, kept whatever is answered
  --users N       of the model asked (default 400: about 300 requests a second)
  --rate N        requests a second of the model open (default 300)
  --hurry F       every window and wait of the alerts divided by F, up to 60 (default: as many as let the faults fit)
  --json          the report as one object; progress and k6's summary go to standard error
  --help          this

Exits with 1 where the primary alert (error rate above 4 %) did not fire on real 5xx, or fired on anything but 5xx and time-outs, or where
the breaker's alert did not fire.`;

interface Words {
  readonly seconds: number;
  readonly model: 'asked' | 'open';
  readonly users: number;
  readonly rate: number;
  readonly hurry: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '20' },
      seconds: { type: 'string' },
      model: { type: 'string', default: 'asked' },
      users: { type: 'string', default: '400' },
      rate: { type: 'string', default: '300' },
      hurry: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { model, json } = values;
  if (model !== 'asked' && model !== 'open') throw new Error(`--model ${model} is neither asked nor open`);
  const seconds =
    values.seconds === undefined
      ? wholeNumber('--minutes', values.minutes) * 60
      : wholeNumber('--seconds', values.seconds);
  if (seconds < runSecondsMin) throw new Error(`in ${seconds} s the faults do not fit; ${runSecondsMin} or more`);
  // Of twenty minutes a tenth: windows of 30 s, and three faults with quiet between them.
  const hurry =
    values.hurry === undefined
      ? Math.min(60, Math.max(1, Math.round((10 * 1_200) / seconds)))
      : wholeNumber('--hurry', values.hurry);
  if (hurry > 60) throw new Error(`--hurry ${hurry} is more than 60`);
  return {
    ...{ seconds, model, hurry, json },
    users: wholeNumber('--users', values.users),
    rate: wholeNumber('--rate', values.rate),
  };
}

const merchants = 100;
const progress = (line: string) => process.stderr.write(`${line}\n`);

async function run(args: readonly string[]): Promise<boolean> {
  const words = readWords(args);
  if (words === null) {
    process.stdout.write(`${help}\n`);
    return true;
  }
  findK6(); // Before anything is started for it.
  await using parts = started();
  progress(`starting Postgres, a provider, the origin, Prometheus and Alertmanager; making ${merchants} merchants`);
  let database: TcpRelay | null = null;
  const origin = await startOwnOrigin(parts, merchants, {}, async (url) => {
    const { hostname, port } = new URL(url);
    database = await startTcpRelay({ host: hostname, port: Number(port) });
    parts.defer(database.close);
    return database.port;
  });
  if (database === null) throw new Error('the database is asked directly');
  const chaos = chaosOf({ database, providerAdminUrl: origin.providerAdminUrls[0] ?? '' });
  const { hurry } = words;
  const observing = await startObserving(parts, { originPort: Number(new URL(origin.url).port), hurry });
  const phases = phasesOf(words.seconds);
  progress(`k6 asks for ${words.seconds} s at ${origin.url}; alerts at ${hurry} times their pace`);
  const startMs = Date.now();
  const [load] = await Promise.all([ask(parts, origin, words, phases), makeChaos(chaos, phases)]);
  const report = await alertsReport({ ...observing, phases, startMs, hurry, load });
  const shown = { script: 'alerts', model: words.model, seconds: words.seconds, ...report };
  process.stdout.write(words.json ? `${JSON.stringify(shown)}\n` : inWords(report));
  return report.broken.length === 0;
}

async function ask(
  parts: AsyncDisposableStack,
  origin: Awaited<ReturnType<typeof startOwnOrigin>>,
  { model, users, rate, json }: Words,
  phases: ReturnType<typeof phasesOf>,
): Promise<AlertsReport['load']> {
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  await writeFile(program, JSON.stringify({ merchants: origin.merchants }), { mode: 0o600 });
  const [ramp] = phases;
  const away = phases.find(({ name }) => name === 'database away');
  const result = await runK6(parts, {
    script: join(import.meta.dirname, 'alerts.ts'),
    summaryPath: join(directory, 'summary.json'),
    output: json ? 2 : 1,
    env: {
      MODEL: model,
      USERS: `${users}`,
      RATE: `${rate}`,
      RAMP_S: `${ramp.toS}`,
      HOLD_S: `${(phases.at(-1)?.toS ?? 0) - ramp.toS}`,
      FAILS_FROM_S: `${away?.fromS ?? 0}`,
      FAILS_TO_S: `${away?.toS ?? 0}`,
      ORIGIN_URL: origin.url,
      PROGRAM: program,
      RUN: newRun(),
    },
  });
  const { requests, p50_ms, p95_ms, p99_ms, max_ms, failed_as_meant, failed_otherwise } = result;
  return { requests, p50_ms, p95_ms, p99_ms, max_ms, failed_as_meant, failed_otherwise };
}

/** Each fault at its time; returns when the last one has ended. */
async function makeChaos(chaos: Chaos, phases: readonly Phase[]): Promise<void> {
  const startMs = performance.now();
  for (const { name, fromS } of phases) {
    const waitMs = startMs + fromS * 1_000 - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
    progress(`${fromS} s: ${name}`);
    await chaos[name]();
  }
}

export const alertsLoad: LoadScript = {
  does: 'which alerts fire when, while providers and the database fail under load',
  run,
};
