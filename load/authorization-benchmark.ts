// Authorizations per second on the bundle that would be deployed, on disk, beside two floors: one writes a row and does nothing else, the fair one
// does all that any safe program must. Round by round in the same run: machines differ, the ratio says what is ours. Delivery to the queue is part of it.

import { join } from 'node:path';
import { limits } from '../contracts/limits.ts';
import { edgeTargets, type Kind, kinds, makeCards, requestsOf } from './edge-targets.ts';
import type { NextRequest } from './gateway-requests.ts';
import { measureMany, type Round, type Target } from './many-connections.ts';
import { measureOne } from './one-connection.ts';
import { processorMs } from './processor-time.ts';
import { started, temporaryDirectory } from './started.ts';
import { median, rounded } from './statistics.ts';
import type { Workerd } from './workerd.ts';

export interface BenchmarkOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

const connections = 16;
const warmUpSeconds = 2;
const cardTokens = Array.from({ length: 1_000 }, (_, index) => `card-${index}`);

export async function measureAuthorization(options: BenchmarkOptions) {
  await using parts = started();
  const directory = await temporaryDirectory(parts, 'bench');
  const targets = await edgeTargets(parts, directory);
  const everyCard = [...cardTokens, 'hot-card'];
  const running = {} as Record<Kind, Workerd>;
  for (const kind of kinds) {
    options.progress(`putting ${everyCard.length} cards on ${kind}`);
    running[kind] = await targets.start(kind, join(directory, kind));
    await makeCards(kind, running[kind].url, everyCard);
  }
  const many: Measure = (target, seconds) => measureMany(target, { connections, seconds });
  const one: Measure = (target, seconds) => measureOne(target, { seconds });
  const load = (name: string, tokens: readonly string[], measure: Measure) =>
    inTurn(name, { running, measure, next: (kind) => requestsOf(kind, tokens, name.replaceAll(' ', '-')) }, options);
  const spread = await load(`1,000 cards, ${connections} connections`, cardTokens, many);
  const hot = await load(`1 card, ${connections} connections`, ['hot-card'], many);
  const alone = await load('1,000 cards, 1 connection', cardTokens, one);
  const { messages, events } = targets.delivered();
  return {
    authorization: {
      ratio_to_floor: ratioOf(spread, 'floor', 'requests_per_s'),
      ratio_to_fair_floor: ratioOf(spread, 'fair', 'requests_per_s'),
      requests_per_s: medianOf(spread.ours, 'requests_per_s', 0),
      p50_ms: medianOf(spread.ours, 'p50_ms'),
      p99_ms: medianOf(spread.ours, 'p99_ms'),
      floor_requests_per_s: medianOf(spread.floor, 'requests_per_s', 0),
      fair_floor_requests_per_s: medianOf(spread.fair, 'requests_per_s', 0),
      floor_p50_ms: medianOf(spread.floor, 'p50_ms'),
      floor_p99_ms: medianOf(spread.floor, 'p99_ms'),
      hot_card_ratio_to_floor: ratioOf(hot, 'floor', 'requests_per_s'),
      hot_card_ratio_to_fair_floor: ratioOf(hot, 'fair', 'requests_per_s'),
      one_connection_p50_ms: medianOf(alone.ours, 'p50_ms'),
      floor_one_connection_p50_ms: medianOf(alone.floor, 'p50_ms'),
      one_connection_p50_ratio_to_floor: ratioOf(alone, 'floor', 'p50_ms'),
      one_connection_ratio_to_floor: ratioOf(alone, 'floor', 'requests_per_s'),
      one_connection_ratio_to_fair_floor: ratioOf(alone, 'fair', 'requests_per_s'),
      // Rows: one of the log for each event, and one alarm for each message at most.
      rows_written: rounded((events + messages) / events, 3),
      events_delivered: events,
      errors: [spread, hot, alone].flatMap((of) => kinds.flatMap((kind) => of[kind])).reduce(sumErrors, 0),
    },
    bundle: { gzip_bytes: targets.bundles.ours.gzipBytes },
  };
}

type Measure = (target: Target, seconds: number) => Promise<Round>;
type Rounds = Readonly<Record<Kind, readonly Round[]>>;

/** Rounds of each in turn, after a short warm-up of each. Ours comes last and rests before the next round: a floor runs alone. */
async function inTurn(
  name: string,
  load: {
    readonly running: Readonly<Record<Kind, Workerd>>;
    readonly measure: Measure;
    readonly next: (kind: Kind) => NextRequest;
  },
  { rounds, seconds, progress }: BenchmarkOptions,
): Promise<Rounds> {
  const of: Record<Kind, Round[]> = { floor: [], fair: [], ours: [] };
  const targets = kinds.map((kind) => [kind, { url: load.running[kind].url, next: load.next(kind) }] as const);
  for (const [, target] of targets) await load.measure(target, warmUpSeconds);
  for (let round = 1; round <= rounds; round++) {
    await resting(load.running.ours);
    for (const [kind, target] of targets) of[kind].push(await load.measure(target, seconds));
    const rates = kinds.map((kind) => `${kind} ${rounded(of[kind].at(-1)?.requests_per_s ?? 0, 0)}/s`);
    progress(`${name} ${round}/${rounds}: ${rates.join(', ')}`);
  }
  return of;
}

/** Messages of the last round are sent, and the process has computed for less than a hundredth of a second. */
async function resting({ pid }: Workerd): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, limits.publishIntervalMsMax));
  const untilMs = Date.now() + limits.publishAlarmMs;
  for (let before = Number.NEGATIVE_INFINITY; processorMs(pid) - before > 10 && Date.now() < untilMs; ) {
    before = processorMs(pid);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

type Figure = 'requests_per_s' | 'p50_ms' | 'p99_ms';

function medianOf(rounds: readonly Round[], figure: Figure, decimals = 3): number {
  return rounded(median(rounds.map((round) => round[figure])), decimals);
}

/** Each round beside the floor's round that went before it, when the machine was in the same mood. */
function ratioOf(of: Rounds, floor: 'floor' | 'fair', figure: Figure): number {
  return rounded(median(of.ours.map((round, index) => round[figure] / (of[floor][index]?.[figure] ?? Number.NaN))), 3);
}

function sumErrors(sum: number, { errors }: Round): number {
  return sum + errors;
}
