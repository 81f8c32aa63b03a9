// What an authorization costs the edge's process, beside both floors: processor time of workerd by the kernel's account, with all that comes
// after the answers in it (messages, alarms, snapshots), on storage in memory, so that no disk is in the figure. On a machine that does other work
// the ratio to the fair floor still says what is ours; rates and waits do not.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '../contracts/limits.ts';
import { freePort } from '../scripts/free-port.ts';
import { type EdgeTargets, edgeTargets, type Kind, kinds, makeCards, requestsOf } from './edge-targets.ts';
import { type Load, measureMany } from './many-connections.ts';
import { processorMs } from './processor-time.ts';
import { retainedBytesAPurchase } from './retained.ts';
import { started } from './started.ts';
import { median, rounded } from './statistics.ts';
import { usedHeapBytes } from './used-heap.ts';
import type { Workerd } from './workerd.ts';

const connections = 16;
const spreadTokens = Array.from({ length: 1_000 }, (_, index) => `card-${index}`);
const seldomTokens = Array.from({ length: 5_000 }, (_, index) => `seldom-${index}`);

/** Requests of a load; `warmUp` before them, one after the other over the load's cards, and slowly, so that no two cards' beats are in step. */
const loads = {
  hot: { tokens: ['hot-card'], requests: 15_000 },
  spread: { tokens: spreadTokens, requests: 15_000 },
  seldom: { tokens: seldomTokens, requests: seldomTokens.length },
} as const;
type LoadName = keyof typeof loads;

export interface EdgeCostOptions {
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

interface Measured {
  readonly cpu_us: number;
  /** Of that, after the last answer. */
  readonly after_us: number;
  readonly errors: number;
}

export async function measureEdgeCost({ rounds, progress }: EdgeCostOptions) {
  await using parts = started();
  const directory = await inMemory(parts);
  const targets = await edgeTargets(parts, directory);
  const measured: Record<LoadName, Record<Kind, Measured[]>> = { hot: none(), spread: none(), seldom: none() };
  for (let round = 1; round <= rounds; round++)
    for (const name of Object.keys(loads) as LoadName[])
      for (const kind of kinds) {
        const one = await measureLoad(targets, { kind, name, directory: join(directory, `${kind}-${name}-${round}`) });
        measured[name][kind].push(one);
        progress(`edge cost, ${name}, ${kind} ${round}/${rounds}: ${one.cpu_us} µs, ${one.after_us} of them after`);
      }
  const commits = await commitsARequest(targets, join(directory, 'commits'));
  progress(`edge cost, commits a request: ${commits?.commits_a_request ?? 'strace is not here'}`);
  const long = await measureLong(targets, join(directory, 'long'));
  const all = Object.values(measured).flatMap((of) => Object.values(of).flat());
  const errors = all.reduce((sum, one) => sum + one.errors, 0);
  const reports = Object.entries(measured).map(([name, of]) => [name, reportOf(of)] as const);
  return {
    edge_cost: { ...Object.fromEntries(reports), ...(commits ?? { commits_a_request: null }), ...long, errors },
  };
}

function none(): Record<Kind, Measured[]> {
  return { floor: [], fair: [], ours: [] };
}

/** Linux keeps /dev/shm in memory; elsewhere it is the usual folder, and the disk is in the figure. */
async function inMemory(parts: AsyncDisposableStack): Promise<string> {
  const shared = '/dev/shm';
  const directory = await mkdtemp(join(shared, 'atlas-cost-')).catch(() => mkdtemp(join(tmpdir(), 'atlas-cost-')));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function measureLoad(
  targets: EdgeTargets,
  { kind, name, directory }: { kind: Kind; name: LoadName; directory: string },
): Promise<Measured> {
  const { tokens, requests } = loads[name];
  let workerd = await targets.start(kind, directory);
  await makeCards(kind, workerd.url, [...tokens, 'warm-card']);
  const run = (load: Omit<Load, 'connections'>, of: readonly string[], word: string) =>
    measureMany({ url: workerd.url, next: requestsOf(kind, of, word) }, { connections, ...load });
  if (name === 'seldom') {
    await rested(kind);
    // A new process: no object is in memory. Its code is made warm by a card that is none of those.
    await workerd.stop();
    workerd = await targets.start(kind, directory);
    await run({ requests: 5_000 }, ['warm-card'], 'warm');
  } else {
    await run({ requests: 5_000 }, tokens, 'warm');
    // One pass, slowly: each card's timers and alarms begin at another instant.
    await run({ requests: tokens.length === 1 ? 100 : tokens.length, ratePerS: 100 }, tokens, 'spread');
  }
  await rested(kind);
  const beforeMs = processorMs(workerd.pid);
  const round = await run({ requests }, tokens, 'load');
  const answeredMs = processorMs(workerd.pid);
  await settled(kind);
  const afterMs = processorMs(workerd.pid);
  await workerd.stop();
  await rm(directory, { recursive: true });
  const us = (ms: number) => rounded((ms * 1_000) / requests, 0);
  return { cpu_us: us(afterMs - beforeMs), after_us: us(afterMs - answeredMs), errors: round.errors };
}

/** All that an answer leaves to be done soon is done, but the alarm within the hour of a card that did not seem to rest. The floors leave nothing. */
function settled(kind: Kind): Promise<void> {
  return passed(kind === 'ours' ? 60_000 : 500);
}

/** Messages are sent. A busy card's alarm may be pending, as it always is where a card is in use. */
function rested(kind: Kind): Promise<void> {
  return passed(kind === 'ours' ? limits.publishIntervalMsMax + 2_000 : 500);
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const steadyRatePerS = 300;
const steadySeconds = 60;

/**
 * At a fixed rate over 1,000 cards: how often the process waits for the disk, by its calls of fsync and fdatasync; and the rate that was reached, since a
 * card that is asked less than once in five seconds commits twice for an event, and one that has left memory meanwhile more often. Null: no strace here.
 */
async function commitsARequest(targets: EdgeTargets, directory: string) {
  const workerd = await targets.start('ours', directory);
  await makeCards('ours', workerd.url, spreadTokens);
  const load = { connections, ratePerS: steadyRatePerS };
  const next = requestsOf('ours', spreadTokens, 'commits');
  await measureMany({ url: workerd.url, next }, { ...load, seconds: 10 });
  const strace = spawn('strace', ['-f', '-c', '-e', 'trace=fsync,fdatasync', '-p', `${workerd.pid}`]);
  const ended = new Promise<string | null>((resolve) => {
    let text = '';
    strace.stderr.on('data', (chunk) => {
      text += String(chunk);
    });
    strace.once('error', () => resolve(null));
    strace.once('exit', () => resolve(text));
  });
  const { requests_per_s } = await measureMany({ url: workerd.url, next }, { ...load, seconds: steadySeconds });
  strace.kill('SIGINT');
  const text = await ended;
  await workerd.stop();
  if (text === null) return null;
  const calls = [...text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*f(?:data)?sync$/gm)].map(([, count]) =>
    Number(count),
  );
  const commits = calls.reduce((sum, count) => sum + count, 0);
  return {
    commits_a_request: rounded(commits / (requests_per_s * steadySeconds), 3),
    commits_at_requests_per_s: rounded(requests_per_s, 0),
  };
}

const blocks = 6;
const requestsABlock = 6_000;

/** One card, 36,000 requests: what stays in memory of each, and how much dearer the last are than the first. */
async function measureLong(targets: EdgeTargets, directory: string) {
  const inspectorPort = await freePort();
  const workerd = await targets.start('ours', directory, { inspectorPort });
  await makeCards('ours', workerd.url, ['hot-card']);
  const next = requestsOf('ours', ['hot-card'], 'long');
  const block = async (requests: number) => {
    const beforeMs = processorMs(workerd.pid);
    await measureMany({ url: workerd.url, next }, { connections, requests });
    return ((processorMs(workerd.pid) - beforeMs) * 1_000) / requests;
  };
  await block(requestsABlock);
  const heapBefore = await usedHeapBytes(inspectorPort);
  const cpuUs: number[] = [];
  for (let count = 0; count < blocks; count++) cpuUs.push(await block(requestsABlock));
  await quiet(workerd);
  const heapAfter = await usedHeapBytes(inspectorPort);
  await workerd.stop();
  return {
    long_run: {
      cpu_us: cpuUs.map((us) => rounded(us, 0)),
      slow_down: rounded((cpuUs.at(-1) ?? Number.NaN) / (cpuUs[0] ?? Number.NaN), 3),
      retained_bytes_a_request: rounded((heapAfter - heapBefore) / (blocks * requestsABlock), 0),
      of_them_in_core: rounded(retainedBytesAPurchase(requestsABlock), 0),
    },
  };
}

/** What is unsent is sent: it is not what stays. */
async function quiet({ pid }: Workerd): Promise<void> {
  const untilMs = Date.now() + 4 * limits.publishIntervalMsMax;
  for (let before = Number.NaN, now = 0; !(now - before < 5) && Date.now() < untilMs; ) {
    before = processorMs(pid);
    await passed(limits.publishIntervalMsMax + 1_000);
    now = processorMs(pid);
  }
}

function reportOf(of: Readonly<Record<Kind, readonly Measured[]>>) {
  const cpu = (kind: Kind) => median(of[kind].map(({ cpu_us }) => cpu_us));
  return {
    cpu_us: cpu('ours'),
    cpu_us_after_the_answers: median(of.ours.map(({ after_us }) => after_us)),
    fair_floor_cpu_us: cpu('fair'),
    floor_cpu_us: cpu('floor'),
    fair_floor_to_ours: rounded(cpu('fair') / cpu('ours'), 3),
  };
}
