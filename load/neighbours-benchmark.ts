// What one tenant feels of another that asks for the worst of a route as often as its quota lets it: a usual read of the one, in short
// rounds alone and beside the other in turn, route by route. The promise is a p99 of at most twice the quiet one. The two clients are
// processes of their own; the machine is shared all the same, which a client elsewhere would not be.

import { quotaCallMs } from '../origin/api/http/cost.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { type Client, startClient } from './neighbour-client.ts';
import type { FloodCall } from './neighbour-program.ts';
import { documentedAt, type Target, targetsOf } from './neighbour-routes.ts';
import { blocksOf, type Judged, judge, type Noise, noiseOf, quietOf } from './neighbour-statistics.ts';
import { tableOf } from './neighbour-table.ts';
import { newKey, startWorld, type World } from './neighbour-world.ts';
import { putFirst } from './precedence.ts';
import { between, childrenOf, readProcessors, serverPid } from './processor-time.ts';
import { median, percentile, rounded } from './statistics.ts';

/** Of one route. CPU is the processor's time by the kernel's account: what rounds beside the neighbour took more than quiet ones. */
interface Measured {
  readonly route: string;
  /** Which of the tried requests was the worst. */
  readonly worst: string;
  /** Calls of the noisy tenant, by status. */
  readonly asked: Counts;
  readonly quiet_p50_ms: number;
  readonly beside_p50_ms: number;
  readonly quiet_p99_ms: number;
  readonly beside_p99_ms: number;
  /** For each of the neighbour's calls, refused ones too. */
  readonly origin_cpu_ms: number;
  readonly postgres_cpu_ms: number;
  /** The share of one core that the neighbour has, by them. */
  readonly origin_share: number;
  readonly postgres_share: number;
  /** The latest that the origin's event loop was in a round: the median of the rounds. */
  readonly quiet_loop_ms: number;
  readonly beside_loop_ms: number;
}

type NeighbourFigures = Measured & Judged;

export interface NeighbourReport {
  readonly routes: readonly NeighbourFigures[];
  /** Of all quiet reads of the run, which every route is held against. */
  readonly quiet_p99_ms: number;
  readonly noise: Noise | null;
  /** Routes with which the neighbour had more of a core than its quota is to buy. On a busy machine a call computes for up to twice as long. */
  readonly over_share: readonly string[];
  readonly errors: number;
}

/** The quota of the benchmark is a burst of a hundred a second. */
const shareMax = (100 * quotaCallMs) / 1_000;

type Counts = Readonly<Record<string, number>>;

/** Each round has new keys, so full quotas; and what else the machine does meets rounds of all kinds alike. */
const roundSeconds = 2;
/** Reads in a second, by two keys in turn: of each a fifth of its burst is left for catching up. */
const perSecond = 80;
/** Of the rounds beside, the share that is measured alone before each route: all routes' are one sample. */
const quietShare = 0.25;

export interface NeighbourOptions {
  /** Of each route beside the neighbour. */
  readonly seconds: number;
  /** Routes by name; all where none are named. */
  readonly only: readonly string[];
  /** Before what else the machine does. */
  readonly first: boolean;
}

/** `parts`: what is started, ended by the caller. */
export async function measureNeighbours(
  parts: AsyncDisposableStack,
  progress: (line: string) => void,
  { seconds, only, first }: NeighbourOptions,
): Promise<{ neighbours: NeighbourReport }> {
  const clients = { reader: startClient(parts), flooder: startClient(parts) };
  const world = await startWorld(parts);
  const processes = await processesOf(world);
  const targets = targetsOf(await documentedAt(world.origin.url), world.noisy).filter(
    ({ name }) => only.length === 0 || only.includes(name),
  );
  const bench: Bench = { world, clients, processes, first, progress };
  await warmUp(bench, targets);
  const rounds = Math.max(1, Math.round(seconds / roundSeconds));
  const measured: OfRoute[] = [];
  for (const target of targets) {
    const one = await measureRoute(bench, target, rounds);
    measured.push(one);
    progress(`neighbours: ${JSON.stringify({ ...one.figures, errors: one.errors })}`);
  }
  const neighbours = reportOf(measured);
  for (const line of tableOf(neighbours)) progress(line);
  return { neighbours };
}

function reportOf(measured: readonly OfRoute[]): NeighbourReport {
  const alone = measured.flatMap((one) => one.alone);
  const quiet = quietOf(alone);
  const errors = measured.flatMap((one) => Object.values(one.errors)).reduce((sum, count) => sum + count, 0);
  return {
    routes: measured.map(({ figures, beside }) => ({ ...figures, ...judge(beside, quiet) })),
    quiet_p99_ms: rounded(quiet.p99_ms, 1),
    over_share: measured.flatMap(({ figures }) => (figures.origin_share > shareMax ? [figures.route] : [])),
    noise: noiseOf(alone, measured[0]?.beside.length ?? 0),
    errors,
  };
}

interface Bench {
  readonly world: World;
  readonly clients: { readonly reader: Client; readonly flooder: Client };
  readonly processes: Processes;
  readonly first: boolean;
  readonly progress: (line: string) => void;
}

interface Processes {
  readonly origin: number;
  readonly postgres: number;
}

async function processesOf({ origin }: World): Promise<Processes> {
  const owner = await connectOwner(origin.databaseUrl);
  try {
    return { origin: origin.originPid ?? 0, postgres: await serverPid(owner) };
  } finally {
    await owner.end();
  }
}

/** Code that has never run is slow, and is nobody's neighbour: each route once, and a while of both clients. */
async function warmUp(bench: Bench, targets: readonly Target[]): Promise<void> {
  for (const { calls, forMerchants } of targets) {
    const key = await noisyKey(bench, forMerchants);
    for (const [, call] of calls) await answered(bench.world.origin.url, key, call, 'warm');
  }
  const [target] = targets;
  const call = target?.calls[0]?.[1];
  if (target === undefined || call === undefined) throw new Error('no route of that name');
  for (let n = 0; n < 3; n++) await measureRound(bench, target, call);
}

const noisyKey = ({ world }: Bench, forMerchants: boolean) =>
  newKey(world.origin.url, forMerchants ? world.noisy.merchant_id : null);

interface OfRoute {
  readonly figures: Measured;
  readonly alone: readonly (readonly number[])[];
  readonly beside: readonly (readonly number[])[];
  readonly errors: Counts;
}

async function measureRoute(bench: Bench, target: Target, rounds: number): Promise<OfRoute> {
  const { what, call } = await worstOf(bench, target);
  const alone: Round[] = [];
  const beside: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    if (alone.length < quietShare * (round + 1)) alone.push(await measureRound(bench, target, null));
    beside.push(await measureRound(bench, target, call));
  }
  const asked = summed(beside.map((round) => round.asked));
  const calls = Object.values(asked).reduce((sum, count) => sum + count, 0);
  const [quietMs, besideMs] = [alone.flatMap(({ times }) => times), beside.flatMap(({ times }) => times)];
  const moreMs = (of: (round: Round) => number) =>
    beside.reduce((sum, one) => sum + of(one), 0) -
    (alone.reduce((sum, one) => sum + of(one), 0) * beside.length) / alone.length;
  const [originMs, postgresMs] = [moreMs((one) => one.originMs), moreMs((one) => one.postgresMs)];
  const lastedMs = beside.reduce((sum, one) => sum + one.lastedMs, 0);
  const figures: Measured = {
    ...{ route: `${target.method} ${target.name}`, worst: what, asked },
    ...{ quiet_p50_ms: rounded(median(quietMs), 1), beside_p50_ms: rounded(median(besideMs), 1) },
    ...{ quiet_p99_ms: rounded(percentile(quietMs, 99), 1), beside_p99_ms: rounded(percentile(besideMs, 99), 1) },
    ...{ origin_cpu_ms: rounded(originMs / calls, 2), postgres_cpu_ms: rounded(postgresMs / calls, 2) },
    ...{ origin_share: rounded(originMs / lastedMs, 3), postgres_share: rounded(postgresMs / lastedMs, 3) },
    quiet_loop_ms: rounded(median(alone.map(({ loopMs }) => loopMs)), 1),
    beside_loop_ms: rounded(median(beside.map(({ loopMs }) => loopMs)), 1),
  };
  const [aloneBlocks, besideBlocks] = [alone, beside].map((all) => all.flatMap(({ times }) => blocksOf(times)));
  const errors = summed([...alone, ...beside].map((round) => round.errors));
  return { figures, alone: aloneBlocks ?? [], beside: besideBlocks ?? [], errors };
}

interface Round {
  readonly times: readonly number[];
  readonly asked: Counts;
  readonly errors: Counts;
  readonly originMs: number;
  readonly postgresMs: number;
  readonly loopMs: number;
  /** Until the last call was answered. */
  readonly lastedMs: number;
}

/** `call`: what the neighbour asks for meanwhile; null: there is none. */
async function measureRound(bench: Bench, { forMerchants }: Target, call: FloodCall | null): Promise<Round> {
  const { world, clients, processes } = bench;
  const { url } = world.origin;
  const seconds = roundSeconds;
  const keys = [await newKey(url, world.quiet_merchant_id), await newKey(url, world.quiet_merchant_id)];
  const flood =
    call === null ? null : ({ do: 'flood', url, key: await noisyKey(bench, forMerchants), seconds, call } as const);
  const servers = childrenOf(processes.postgres);
  // Not the noisy client: it stands for another machine, and must not take the processor from those who are measured.
  if (bench.first) putFirst([processes.origin, processes.postgres, ...servers, clients.reader.pid]);
  const before = readProcessors([processes.origin, ...servers]);
  const beganMs = performance.now();
  const [reads, floods] = await Promise.all([
    clients.reader.order({ do: 'read', url: `${url}/settlements?limit=10`, keys, seconds, perSecond }),
    flood === null ? null : clients.flooder.order(flood),
  ]);
  const lastedMs = performance.now() - beganMs;
  const originMs = between(before, readProcessors([processes.origin]));
  const postgresMs = between(before, readProcessors(childrenOf(processes.postgres)));
  const asked = floods?.statuses ?? {};
  return {
    ...{ times: reads.times, asked, originMs, postgresMs, lastedMs, loopMs: await loopLateMs(url) },
    // The quiet tenant is never refused. The noisy one is, and that is an answer; a reset or a failure of ours is none.
    errors: summed([
      only(reads.statuses, (status) => status !== '200'),
      only(asked, (status) => status.startsWith('error') || status === '500'),
    ]),
  };
}

/** The latest that the origin's event loop has been since it was asked before, in ms: at the end of the round before. */
async function loopLateMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  // Between two looks of Node's own timer, which are 10 ms apart.
  return Math.max(0, 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? 0) - 10);
}

function only(counts: Counts, which: (status: string) => boolean): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([status]) => which(status)));
}

function summed(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all)
    for (const [status, count] of Object.entries(counts)) sum[status] = (sum[status] ?? 0) + count;
  return sum;
}

/** Calls of each request that are tried, one after the other: their processor time counts, not what they wait. Fewer of those that take long. */
const tried = 12;
const triedMsMax = 1_000;

/** Of the requests that may be a route's worst the one with which a quota buys the most of our processors. */
async function worstOf(bench: Bench, { calls, forMerchants }: Target): Promise<{ what: string; call: FloodCall }> {
  const { world, processes } = bench;
  let worst: { what: string; call: FloodCall; ms: number } | null = null;
  for (const [what, call] of calls) {
    const key = await noisyKey(bench, forMerchants);
    const before = readProcessors([processes.origin, ...childrenOf(processes.postgres)]);
    const untilMs = performance.now() + triedMsMax;
    let count = 0;
    for (; count < tried && performance.now() < untilMs; count++)
      await answered(world.origin.url, key, call, `w${count}`);
    const after = readProcessors([processes.origin, ...childrenOf(processes.postgres)]);
    const ms = between(before, after) / (count * call.weight);
    if (worst === null || ms > worst.ms) worst = { what, call, ms };
  }
  if (worst === null) throw new Error('a route has no request');
  return worst;
}

async function answered(url: string, key: string, { method, path, body }: FloodCall, number: string): Promise<void> {
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...{ authorization: `Bearer ${key}`, 'idempotency-key': crypto.randomUUID() },
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === null ? {} : { body: body.replace('#', `${number}-${key.slice(-8)}`) }),
  });
  await answer.arrayBuffer();
}
