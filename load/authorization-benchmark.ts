// Authorizations per second on the bundle that would be deployed, beside a floor that writes one row and does nothing else,
// round by round in the same run: machines differ, the ratio says what is ours. Delivery to the queue is part of it.

import { join } from 'node:path';
import { freePort } from '../scripts/free-port.ts';
import { buildEdge, buildFloor } from './edge-bundle.ts';
import { edgeVars, putCards } from './edge-cards.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { floorRequests, gatewayRequests } from './gateway-requests.ts';
import { measureMany, type Round, type Target } from './many-connections.ts';
import { measureOne } from './one-connection.ts';
import { startQueueServer } from './queue-server.ts';
import { started, temporaryDirectory } from './started.ts';
import { median, rounded } from './statistics.ts';
import { edgeNamespaces, startWorkerd } from './workerd.ts';

export interface BenchmarkOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

interface Pair {
  readonly ours: readonly Round[];
  readonly floor: readonly Round[];
}

const connections = 16;
const warmUpSeconds = 2;
const cardTokens = Array.from({ length: 1_000 }, (_, index) => `card-${index}`);

export async function measureAuthorization(options: BenchmarkOptions) {
  await using parts = started();
  const { edge, floor, delivered, gzipBytes } = await startBoth(parts);
  options.progress(`putting ${cardTokens.length} cards on the edge`);
  const everyCard = [...cardTokens, 'hot-card'];
  await putCards(edge, everyCard);
  // An object's first write makes its database, many times the work of the next: the floor has that behind it too.
  await fewAtATime(everyCard, async (token) => {
    await (await fetch(`${floor}/${token}`, { method: 'POST' })).arrayBuffer();
  });
  const targets = (tokens: readonly string[], run: string) => ({
    ours: { url: edge, next: gatewayRequests(tokens, run) },
    floor: { url: floor, next: floorRequests(tokens, run) },
  });
  const many = (target: Target, seconds: number) => measureMany(target, { connections, seconds });
  const one = (target: Target, seconds: number) => measureOne(target, { seconds });
  const spread = await pair(`1,000 cards, ${connections} connections`, targets(cardTokens, 'many'), many, options);
  const hot = await pair(`1 card, ${connections} connections`, targets(['hot-card'], 'hot'), many, options);
  const alone = await pair('1,000 cards, 1 connection', targets(cardTokens, 'single'), one, options);
  const { messages, events } = delivered();
  return {
    authorization: {
      ratio_to_floor: ratioOf(spread, 'requests_per_s'),
      requests_per_s: medianOf(spread.ours, 'requests_per_s', 0),
      p50_ms: medianOf(spread.ours, 'p50_ms'),
      p99_ms: medianOf(spread.ours, 'p99_ms'),
      floor_requests_per_s: medianOf(spread.floor, 'requests_per_s', 0),
      floor_p50_ms: medianOf(spread.floor, 'p50_ms'),
      floor_p99_ms: medianOf(spread.floor, 'p99_ms'),
      hot_card_ratio_to_floor: ratioOf(hot, 'requests_per_s'),
      one_connection_p50_ms: medianOf(alone.ours, 'p50_ms'),
      floor_one_connection_p50_ms: medianOf(alone.floor, 'p50_ms'),
      one_connection_p50_ratio_to_floor: ratioOf(alone, 'p50_ms'),
      one_connection_ratio_to_floor: ratioOf(alone, 'requests_per_s'),
      // Rows: one of the log for each event, and one alarm for each message at most.
      rows_written: rounded((events + messages) / events, 3),
      events_delivered: events,
      errors: [spread, hot, alone].flatMap(({ ours, floor: its }) => [...ours, ...its]).reduce(sumErrors, 0),
    },
    bundle: { gzip_bytes: gzipBytes },
  };
}

/** Ours and the floor, each on a workerd of its own, with one queue that only counts. */
async function startBoth(parts: AsyncDisposableStack) {
  const directory = await temporaryDirectory(parts, 'bench');
  const edgeBundle = await buildEdge(join(directory, 'edge-bundle'));
  const floorBundle = await buildFloor(join(directory, 'floor-bundle'));
  let messages = 0;
  let events = 0;
  const queue = await startQueueServer((body) => {
    messages++;
    events += (JSON.parse(body) as { events: unknown[] }).events.length;
  });
  parts.defer(() => queue.close());
  const start = async (name: string, bundle: string, namespaces: Readonly<Record<string, string>>) => {
    const workerd = await startWorkerd({
      directory: join(directory, name),
      bundle,
      namespaces,
      port: await freePort(),
      queuePort: queue.port,
      vars: edgeVars,
    });
    parts.defer(() => workerd.stop());
    return workerd.url;
  };
  return {
    edge: await start('edge', edgeBundle.path, edgeNamespaces),
    floor: await start('floor', floorBundle.path, { FLOOR: 'FloorObject' }),
    delivered: () => ({ messages, events }),
    gzipBytes: edgeBundle.gzipBytes,
  };
}

/** Rounds of ours and of the floor in turn, after a short warm-up of each. */
async function pair(
  name: string,
  targets: { readonly ours: Target; readonly floor: Target },
  measure: (target: Target, seconds: number) => Promise<Round>,
  { rounds, seconds, progress }: BenchmarkOptions,
): Promise<Pair> {
  const ours: Round[] = [];
  const floor: Round[] = [];
  for (const target of [targets.floor, targets.ours]) await measure(target, warmUpSeconds);
  for (let round = 1; round <= rounds; round++) {
    const its = await measure(targets.floor, seconds);
    const own = await measure(targets.ours, seconds);
    floor.push(its);
    ours.push(own);
    progress(
      `${name} ${round}/${rounds}: ${rounded(own.requests_per_s, 0)}/s, floor ${rounded(its.requests_per_s, 0)}/s`,
    );
  }
  return { ours, floor };
}

type Figure = 'requests_per_s' | 'p50_ms' | 'p99_ms';

function medianOf(rounds: readonly Round[], figure: Figure, decimals = 3): number {
  return rounded(median(rounds.map((round) => round[figure])), decimals);
}

/** Each round beside the floor's round that went before it, when the machine was in the same mood. */
function ratioOf({ ours, floor }: Pair, figure: Figure): number {
  return rounded(median(ours.map((round, index) => round[figure] / (floor[index]?.[figure] ?? Number.NaN))), 3);
}

function sumErrors(sum: number, { errors }: Round): number {
  return sum + errors;
}
