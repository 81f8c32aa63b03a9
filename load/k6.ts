// k6, found and run. It is a program of its own and no npm package, so it may be missing: then the error says how to get it.

import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import * as z from 'zod';

const projectRoot = join(import.meta.dirname, '..');

const howToGetIt = `k6 is not here; it was looked for on PATH, in Go's bin folder, .ci/bin and .atlas/bin. To get it:
  brew install k6                      on macOS
  go install go.k6.io/k6@latest        anywhere with Go
  https://grafana.com/docs/k6/latest/set-up/install-k6/   packages of Linux and Windows`;

/** Path of the k6 to run. Throws how to get one. */
export function findK6(): string {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...goFolders(),
    join(projectRoot, '.ci/bin'),
    join(projectRoot, '.atlas/bin'),
  ];
  const name = process.platform === 'win32' ? 'k6.exe' : 'k6';
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(howToGetIt);
  return found;
}

/** Where `go install` puts what it builds. */
function goFolders(): string[] {
  try {
    const said = execFileSync('go', ['env', 'GOBIN', 'GOPATH'], { encoding: 'utf8' });
    const [bin = '', path = ''] = said.split('\n');
    return [bin, ...path.split(delimiter).map((folder) => join(folder, 'bin'))].filter((folder) => folder !== '');
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** k6's own exit code where a threshold was crossed (its errext/exitcodes). */
const thresholdsCrossed = 99;

const figure = z.number().default(0);
const summarySchema = z.object({
  metrics: z.object({
    http_req_duration: z.object({ med: z.number(), 'p(95)': z.number(), 'p(99)': z.number(), max: z.number() }),
    http_reqs: z.object({ count: z.number() }),
    http_req_failed: z.object({ passes: figure }),
    checks: z.object({ fails: figure }).default({ fails: 0 }),
    dropped_iterations: z.object({ count: figure }).default({ count: 0 }),
    // Of the scripts that ask for settlements.
    settlements_created: z.object({ count: figure }).default({ count: 0 }),
    replay_mismatches: z.object({ count: figure }).default({ count: 0 }),
    // Those of the script of alerts.
    failed_as_meant: z.object({ count: figure }).default({ count: 0 }),
    failed_otherwise: z.object({ count: figure }).default({ count: 0 }),
  }),
});

export interface K6Run {
  readonly script: string;
  /** What the script reads of `__ENV`. In the environment and not among the arguments, which every user may read. */
  readonly env: Readonly<Record<string, string>>;
  /** Where k6 leaves its figures. */
  readonly summaryPath: string;
  /** The file descriptor that gets k6's own words and its summary. */
  readonly output: 1 | 2;
}

export type K6Result = Awaited<ReturnType<typeof runK6>>;

/** Throws where k6 could not run to its end, and not where a threshold was crossed: it returns whether none was. */
async function spawnK6(parts: AsyncDisposableStack, { script, env, summaryPath, output }: K6Run): Promise<boolean> {
  const child = spawn(findK6(), ['run', '--no-usage-report', '--quiet', `--summary-export=${summaryPath}`, script], {
    stdio: ['ignore', output, 2],
    env: { ...process.env, ...env },
  });
  parts.defer(() => {
    child.kill();
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (exitCode !== 0 && exitCode !== thresholdsCrossed) throw new Error(`k6 ended with ${exitCode}`);
  return exitCode === 0;
}

/** Runs the script to its end, and returns the figures that every script has. `passed`: no threshold was crossed. */
export async function runK6(parts: AsyncDisposableStack, run: K6Run) {
  const passed = await spawnK6(parts, run);
  const { metrics } = summarySchema.parse(JSON.parse(await readFile(run.summaryPath, 'utf8')));
  const { med, 'p(95)': p95, 'p(99)': p99, max } = metrics.http_req_duration;
  return {
    passed,
    requests: metrics.http_reqs.count,
    p50_ms: med,
    p95_ms: p95,
    p99_ms: p99,
    max_ms: max,
    failed_requests: metrics.http_req_failed.passes,
    failed_checks: metrics.checks.fails,
    dropped_iterations: metrics.dropped_iterations.count,
    settlements_created: metrics.settlements_created.count,
    replay_mismatches: metrics.replay_mismatches.count,
    failed_as_meant: metrics.failed_as_meant.count,
    failed_otherwise: metrics.failed_otherwise.count,
  };
}
