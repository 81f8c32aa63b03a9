// npm run load -- authorize: card authorizations against an edge, k6's thresholds as the verdict.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findRunningEdge, newRun, startOwnEdge } from './edge-under-load.ts';
import { gatewayTemplates } from './gateway-requests.ts';
import { findK6, type K6Result, runK6 } from './k6.ts';
import type { LoadScript } from './load-script.ts';
import { started, temporaryDirectory } from './started.ts';
import { rounded } from './statistics.ts';
import { wholeNumber } from './whole-number.ts';

const cards = 1_000;

const help = `npm run load -- authorize [options]      card authorizations over 1,000 cards at a fixed rate

  --rate N        requests a second, sent whether or not the last ones are answered (default 300)
  --seconds N     for so long (default 60)
  --against NAME  own: the bundle that would be deployed, on raw workerd (default); running: the system of npm start
  --p95-ms N      the slowest of 95 in 100 answers may take so long (default 5)
  --p99-ms N      the slowest of 99 in 100 (default 10); wider where a machine is shared or slow
  --json          figures and verdict as one object; k6's summary goes to standard error
  --help          this

Exits with 1 where a threshold was crossed. Errors and requests that k6 could not send in time must be 0 always.`;

interface Words {
  readonly against: 'own' | 'running';
  readonly rate: number;
  readonly seconds: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly json: boolean;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
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
  if (values.help) return null;
  const { against, json } = values;
  if (against !== 'own' && against !== 'running') throw new Error(`--against ${against} is neither own nor running`);
  const number = (name: 'rate' | 'seconds' | 'p95-ms' | 'p99-ms') => wholeNumber(`--${name}`, values[name]);
  return {
    against,
    rate: number('rate'),
    seconds: number('seconds'),
    p95Ms: number('p95-ms'),
    p99Ms: number('p99-ms'),
    json,
  };
}

async function run(args: readonly string[]): Promise<boolean> {
  const words = readWords(args);
  if (words === null) {
    process.stdout.write(`${help}\n`);
    return true;
  }
  const { against, rate, seconds, p95Ms, p99Ms, json } = words;
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  findK6(); // Before anything is built for it.
  await using parts = started();
  progress(`${against === 'own' ? 'building the edge and' : 'making cards:'} putting ${cards} cards on it`);
  const edge = await (against === 'own' ? startOwnEdge(parts, cards) : findRunningEdge(cards));
  const directory = await temporaryDirectory(parts, 'k6');
  const program = join(directory, 'program.json');
  await writeFile(program, JSON.stringify({ templates: gatewayTemplates(), card_tokens: edge.cardTokens }));
  progress(`k6 sends ${rate} requests a second for ${seconds} s to ${edge.url}`);
  const result = await runK6(parts, {
    script: join(import.meta.dirname, 'authorize.ts'),
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
  if (json) process.stdout.write(`${JSON.stringify({ script: 'authorize', against, rate, seconds, ...result })}\n`);
  else
    process.stdout.write(
      `authorize: ${result.passed ? 'every threshold held' : 'A THRESHOLD WAS CROSSED'}. ${inWords(result)}\n`,
    );
  return result.passed;
}

function inWords(result: K6Result): string {
  const { requests, failed_requests, failed_checks, dropped_iterations } = result;
  const ms = (value: number) => `${rounded(value, 2)} ms`;
  const latencies = `p50 ${ms(result.p50_ms)}, p95 ${ms(result.p95_ms)}, p99 ${ms(result.p99_ms)}`;
  return `${requests} requests, ${latencies}; failed ${failed_requests}, wrong answers ${failed_checks}, not sent in time ${dropped_iterations}.`;
}

export const authorizeLoad: LoadScript = { does: 'card authorizations over 1,000 cards at a fixed rate', run };
