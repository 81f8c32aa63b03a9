// kill-edge: SIGKILL to workerd under load, again and again, and a restart on the same disk. Afterwards everything that was
// acknowledged must be in its card's log once and in the ledger once, whatever was in the air at each kill.
// It proves what survives the death of the process. It does not take the machine's power away, and so says nothing of fsync.

import { seededRandom } from '../../scripts/seeded-random.ts';
import { makeCards } from '../origin-cards.ts';
import { drained } from './drained.ts';
import { gatherEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import { type Network, startNetwork } from './network-clients.ts';
import { type Asked, outcomeOf, type Told } from './records.ts';
import { repeatAll } from './repeat-all.ts';
import { type RunningSystem, startSystem } from './system.ts';

export interface KillEdgeOptions {
  readonly kills: number;
  readonly seed: number;
  readonly cards: number;
  readonly rate: number;
  readonly progress: (line: string) => void;
}

const accounts = 4;
/** Load before each kill: from before a card publishes (`limits.publishDelayMs`) to after, so that some kills meet it publishing. */
const loadMs = { min: 200, max: 2_500 };
/** Time after it in which nothing answers. */
const downMs = { min: 0, max: 200 };

export async function killEdge(parts: AsyncDisposableStack, options: KillEdgeOptions) {
  const { kills, seed, progress } = options;
  progress(`kill-edge: ${kills} kills, seed ${seed}; starting Postgres, origin and edge`);
  const system = await startSystem(parts);
  const made = await Promise.all(
    Array.from({ length: accounts }, () => makeCards(system.origin.url, Math.ceil(options.cards / accounts))),
  );
  const cardTokens = made.flat();

  const startedMs = Date.now();
  const network = startNetwork({ edgeUrl: system.edgeUrl, cardTokens, rate: options.rate, seed });
  await killAgainAndAgain(system, network, options);
  await network.stop();
  const seconds = (Date.now() - startedMs) / 1_000;

  progress('sending everything once more: each repeat must get the answer that it got before');
  const changed = await repeatAll(system.edgeUrl, network);
  progress('waiting until the origin has booked everything');
  const waitedMs = await drained(system, cardTokens);
  const evidence = await gatherEvidence(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(network.asked, network.told, evidence);
  const { events, repeated } = system.queue.received();
  return {
    fault: 'kill-edge',
    kills,
    seed,
    acknowledged: count(network.asked, 'approved'),
    lost,
    double_counted: doubleCounted,
    unknown_settled_by_retry: [...network.asked, ...network.told].filter(({ answer }) => answer.wasUnknown).length,
    unknown_already_recorded: alreadyRecorded(network, evidence.cards),
    declined: count(network.asked, 'declined'),
    undecided: count(network.asked, 'undecided'),
    clearings_and_reversals: network.told.length,
    answers_changed: changed.length,
    events_queued: events,
    events_queued_again: repeated,
    events_repaired_from_log: await repairedEvents(system.origin.url),
    drained_in_ms: waitedMs,
    load_seconds: seconds,
    findings: [...changed, ...findings],
  };
}
export type KillEdgeReport = Awaited<ReturnType<typeof killEdge>>;

async function killAgainAndAgain(
  system: RunningSystem,
  network: Network,
  { kills, seed, progress }: KillEdgeOptions,
): Promise<void> {
  const random = seededRandom(seed);
  const draw = ({ min, max }: { min: number; max: number }) => Math.round(min + random() * (max - min));
  for (let kill = 1; kill <= kills; kill++) {
    const [load, down] = [draw(loadMs), draw(downMs)];
    await pause(load);
    await system.killEdge();
    await pause(down);
    await system.restartEdge();
    const answered = network.asked.length + network.told.length;
    progress(`kill ${kill}/${kills} after ${load} ms of load, ${down} ms down; ${answered} calls answered`);
  }
  // The last restart is under load too.
  await pause(draw(loadMs));
}

/** Of the calls whose first answer was lost, those that the first attempt had already recorded. */
function alreadyRecorded({ asked, told }: Network, cards: Awaited<ReturnType<typeof gatherEvidence>>['cards']): number {
  const atMs = new Map<string, number>();
  for (const { events } of cards.values())
    for (const event of events) {
      if (event.kind === 'authorization') atMs.set(event.request.request_key, event.at_ms);
      if (event.kind === 'message') atMs.set(event.message.message_key, event.at_ms);
    }
  const wasBefore = (key: string, { answer }: Asked | Told) =>
    answer.wasUnknown && (atMs.get(key) ?? Number.POSITIVE_INFINITY) < answer.lastSentAtMs;
  return (
    asked.filter((request) => wasBefore(request.requestKey, request)).length +
    told.filter((notice) => wasBefore(notice.messageKey, notice)).length
  );
}

/** The origin's own count of what it had to fetch from the cards' logs. */
async function repairedEvents(originUrl: string): Promise<number> {
  const text = await (await fetch(`${originUrl}/metrics`)).text();
  return Number(/^intake_repaired_events_total (\d+)/m.exec(text)?.[1] ?? 0);
}

function count(asked: readonly Asked[], outcome: ReturnType<typeof outcomeOf>): number {
  return asked.filter((request) => outcomeOf(request) === outcome).length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
