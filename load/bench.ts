// npm run bench: what an authorization costs on raw workerd beside its floor, and what intake costs beside its own.
//   --json         one object on standard output, progress on standard error
//   --seconds N    length of one round (default 6)
//   --rounds N     rounds of each, alternating; medians are reported (default 5)
//   --only NAME    authorization or intake

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { floorRequests, gatewayRequests, measure, median, type Round, type Target } from './authorization-benchmark.ts';
import { buildEdge, buildFloor } from './edge-bundle.ts';
import { edgeVars, putCards } from './edge-cards.ts';
import { freePort } from './free-port.ts';
import { startQueueServer } from './queue-server.ts';
import { startWorkerd } from './workerd.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    connections: { type: 'string', default: '16' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const cardTokens = Array.from({ length: 1_000 }, (_, index) => `card-${index}`);

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

interface Pair {
  readonly ours: Round[];
  readonly floor: Round[];
}

/** Rounds of ours and of the floor in turn, after a short warm-up of each. */
async function pair(name: string, ours: Target, floor: Target, connections: number): Promise<Pair> {
  const result: Pair = { ours: [], floor: [] };
  for (const target of [floor, ours]) await measure(target, { connections, seconds: 2 });
  for (let round = 1; round <= rounds; round++) {
    const floorRound = await measure(floor, { connections, seconds });
    const oursRound = await measure(ours, { connections, seconds });
    result.floor.push(floorRound);
    result.ours.push(oursRound);
    progress(
      `${name} ${round}/${rounds}: ${oursRound.requests_per_s.toFixed(0)}/s, floor ${floorRound.requests_per_s.toFixed(0)}/s`,
    );
  }
  return result;
}

function ratio({ ours, floor }: Pair): number {
  return round(median(ours.map((one, index) => one.requests_per_s / (floor[index]?.requests_per_s ?? Number.NaN))), 3);
}

function errorsOf({ ours, floor }: Pair): number {
  return [...ours, ...floor].reduce((sum, one) => sum + one.errors, 0);
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

async function authorization(directory: string) {
  const edge = await buildEdge(join(directory, 'edge-bundle'));
  const floorBundle = await buildFloor(join(directory, 'floor-bundle'));
  let messages = 0;
  let events = 0;
  const queue = await startQueueServer((body) => {
    messages++;
    events += (JSON.parse(body) as { events: unknown[] }).events.length;
  });
  const common = { queuePort: queue.port, vars: edgeVars };
  const ours = await startWorkerd({
    ...common,
    directory: join(directory, 'edge'),
    bundle: edge.path,
    className: 'CardObject',
    namespaceBinding: 'CARDS',
    port: await freePort(),
  });
  const floor = await startWorkerd({
    ...common,
    directory: join(directory, 'floor'),
    bundle: floorBundle.path,
    className: 'FloorObject',
    namespaceBinding: 'FLOOR',
    port: await freePort(),
  });
  try {
    progress(`putting ${cardTokens.length} cards on the edge`);
    await putCards(ours.url, [...cardTokens, 'hot-card']);
    const targets = (tokens: readonly string[], run: string) =>
      [
        { url: ours.url, next: gatewayRequests(tokens, run) },
        { url: floor.url, next: floorRequests(tokens, run) },
      ] as const;
    const [many, manyFloor] = targets(cardTokens, 'many');
    const spread = await pair('1,000 cards, 16 connections', many, manyFloor, 16);
    const [hot, hotFloor] = targets(['hot-card'], 'hot');
    const hotCard = await pair('1 card, 16 connections', hot, hotFloor, 16);
    const [single, singleFloor] = targets(cardTokens, 'single');
    const alone = await pair('1,000 cards, 1 connection', single, singleFloor, 1);
    return {
      authorization: {
        ratio_to_floor: ratio(spread),
        requests_per_s: round(median(spread.ours.map((one) => one.requests_per_s)), 0),
        p50_ms: median(spread.ours.map((one) => one.p50_ms)),
        p99_ms: median(spread.ours.map((one) => one.p99_ms)),
        floor_requests_per_s: round(median(spread.floor.map((one) => one.requests_per_s)), 0),
        floor_p50_ms: median(spread.floor.map((one) => one.p50_ms)),
        floor_p99_ms: median(spread.floor.map((one) => one.p99_ms)),
        hot_card_ratio_to_floor: ratio(hotCard),
        one_connection_ratio_to_floor: ratio(alone),
        // Rows: one of the log for each event, and one alarm for each message at most.
        rows_written: round((events + messages) / events, 3),
        events_delivered: events,
        errors: errorsOf(spread) + errorsOf(hotCard) + errorsOf(alone),
      },
      bundle: { gzip_bytes: edge.gzipBytes },
    };
  } finally {
    await Promise.all([ours.stop(), floor.stop()]);
    await queue.close();
  }
}

const directory = await mkdtemp(join(tmpdir(), 'atlas-bench-'));
try {
  const report = { ...(await authorization(directory)) };
  process.stdout.write(`${JSON.stringify(report, null, options.json ? 0 : 2)}\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
