// npm run load: a k6 script against an edge, its thresholds as the verdict. What the figures mean is in load/README.md.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findRunningEdge, newRun, startOwnEdge } from './edge-under-load.ts';
import { gatewayTemplates } from './gateway-requests.ts';
import { findK6, runK6 } from './k6.ts';
import { started, temporaryDirectory } from './started.ts';
import { rounded } from './statistics.ts';
import { wholeNumber } from './whole-number.ts';

/** k6 scripts by the word that names them: a new one is a file and a row. */
const scripts = {
  authorize: { file: 'authorize.ts', cards: 1_000, does: 'card authorizations over 1,000 cards at a fixed rate' },
} as const;
type Script = keyof typeof scripts;

const help = `npm run load -- <script> [options]

${Object.entries(scripts)
  .map(([name, { does }]) => `  ${name.padEnd(16)}${does}`)
  .join('\n')}

  --rate N        requests a second, sent whether or not the last ones are answered (default 300)
  --seconds N     for so long (default 60)
  --against NAME  own: the bundle that would be deployed, on raw workerd (default); running: the system of npm start
  --p95-ms N      the slowest of 95 in 100 answers may take so long (default 5)
  --p99-ms N      the slowest of 99 in 100 (default 10); wider where a machine is shared or slow
  --json          figures and verdict as one object; k6's summary goes to standard error
  --help          this

Exits with 1 where a threshold was crossed. Errors and requests that k6 could not send in time must be 0 always.`;

interface Words {
  readonly script: Script;
  readonly against: 'own' | 'running';
  readonly rate: number;
  readonly seconds: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '300' },
      seconds: { type: 'string', default: '60' },
      against: { type: 'string', default: 'own' },
      'p95-ms': { type: 'string', default: '5' },
      'p99-ms': { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [script, extra] = positionals;
  if (values.help || script === undefined) return null;
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
  if (!isScript(script)) throw new Error(`${script} is no script; there is ${Object.keys(scripts).join(', ')}`);
  const { against, json } = values;
  if (against !== 'own' && against !== 'running') throw new Error(`--against ${against} is neither own nor running`);
  const number = (name: 'rate' | 'seconds' | 'p95-ms' | 'p99-ms') => wholeNumber(`--${name}`, values[name]);
  return {
    script,
    against,
    rate: number('rate'),
    seconds: number('seconds'),
    p95Ms: number('p95-ms'),
    p99Ms: number('p99-ms'),
    json,
  };
}

function isScript(word: string): word is Script {
  return Object.hasOwn(scripts, word);
}

async function load({ script, against, rate, seconds, p95Ms, p99Ms, json }: Words): Promise<void> {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  findK6(); // Before anything is built for it.
  await using parts = started();
  const { file, cards } = scripts[script];
  progress(`${against === 'own' ? 'building the edge and' : 'making cards:'} putting ${cards} cards on it`);
  const edge = await (against === 'own' ? startOwnEdge(parts, cards) : findRunningEdge(cards));
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  await writeFile(program, JSON.stringify({ templates: gatewayTemplates(), card_tokens: edge.cardTokens }));
  progress(`k6 sends ${rate} requests a second for ${seconds} s to ${edge.url}`);
  const result = await runK6(parts, {
    script: join(import.meta.dirname, file),
    summaryPath: join(directory, 'summary.json'),
    output: json ? 2 : 1,
    env: {
      RATE: `${rate}`,
      SECONDS: `${seconds}`,
      P95_MS: `${p95Ms}`,
      P99_MS: `${p99Ms}`,
      EDGE_URL: edge.url,
      MARQETA_USERNAME: edge.marqeta.username,
      MARQETA_PASSWORD: edge.marqeta.password,
      PROGRAM: program,
      RUN: newRun(),
    },
  });
  if (json) process.stdout.write(`${JSON.stringify({ script, against, rate, seconds, ...result })}\n`);
  else
    process.stdout.write(
      `${script}: ${result.passed ? 'every threshold held' : 'A THRESHOLD WAS CROSSED'}. ${inWords(result)}\n`,
    );
  if (!result.passed) process.exitCode = 1;
}

function inWords(result: Awaited<ReturnType<typeof runK6>>): string {
  const { requests, failed_requests, failed_checks, dropped_iterations } = result;
  const ms = (value: number) => `${rounded(value, 2)} ms`;
  const latencies = `p50 ${ms(result.p50_ms)}, p95 ${ms(result.p95_ms)}, p99 ${ms(result.p99_ms)}`;
  return `${requests} requests, ${latencies}; failed ${failed_requests}, wrong answers ${failed_checks}, not sent in time ${dropped_iterations}.`;
}

try {
  const words = readWords(process.argv.slice(2));
  if (words === null) process.stdout.write(`${help}\n`);
  else await load(words);
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.message : error}\nnpm run load -- --help says how it is used.\n`,
  );
  process.exitCode = 2;
}
