// restore-card: cards' storage set back to an earlier moment, or lost, again and again under load, while everything else goes on; what an
// operator does who restores an object, and what a platform does that loses one. Each such card must be fenced by the first that the origin
// hears of it, be rebuilt from the books and go on; afterwards everything that was ever acknowledged must be held or booked, once.
//
// Before a card is set back, what it has decided has reached the origin: nobody could bring back what only the card had. Between the
// restore and the fence it decides on a past that it does not know, and what it approves then may be more than its limits allow: that
// is counted (`approved_against_rules`), and is held.

import { join } from 'node:path';
import { demo } from '../../scripts/dev/demo.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { buildWorker } from '../edge-bundle.ts';
import { makeCards } from '../origin-cards.ts';
import { temporaryDirectory } from '../started.ts';
import { drained } from './drained.ts';
import { startNotices } from './edge/notices.ts';
import { gatherEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import { type Network, startNetwork } from './network-clients.ts';
import { copyObjects, folderOfCards, readObjects, replaceObject } from './objects-on-disk.ts';
import { outcomeOf } from './records.ts';
import { repeatAll } from './repeat-all.ts';
import { type Card, cardsOf, rereadUntilWhole } from './reread.ts';
import { blocksUnder, follow } from './restore-database/follow-page.ts';
import { type RunningSystem, startSystem } from './system.ts';

export interface RestoreCardOptions {
  readonly restores: number;
  readonly seed: number;
  readonly cards: number;
  readonly rate: number;
  readonly progress: (line: string) => void;
}

/** Load between a copy and the restore of it, and after a restore. */
const loadMs = { min: 1_000, max: 4_000 };
/** Of the cards, so many are set back at once; of those, so many lose everything. */
const shares = { setBack: 0.2, lost: 0.2 };
const foundWithinMs = 10_000;
const pollMs = 100;

export async function restoreCard(parts: AsyncDisposableStack, options: RestoreCardOptions) {
  const { restores, seed, progress } = options;
  progress(`restore-card: ${restores} restores, seed ${seed}; starting Postgres, origin and edge`);
  const directory = await temporaryDirectory(parts, 'restore-card');
  const entry = new URL('../faulty-worker.ts', import.meta.url);
  const bundle = await buildWorker(entry, join(directory, 'edge.js'));
  const notices = startNotices();
  parts.defer(() => notices.close());
  const system = await startSystem(parts, { bundle, notices });
  const cardTokens = await makeCards(system.origin.url, options.cards);
  const network = startNetwork({ edgeUrl: system.edgeUrl, cardTokens, rate: options.rate, seed });
  const run = { system, network, cards: await cardsOf(system.databaseUrl), random: seededRandom(seed) };

  const setBack = new Set<string>();
  const rounds: Round[] = [];
  for (let n = 1; n <= restores; n++) {
    const round = await setBackSome(run, join(directory, `copy-${n}`));
    rounds.push(round);
    for (const token of round.tokens) setBack.add(token);
    progress(
      `restore ${n}/${restores}: ${round.tokens.length} cards set back by ${round.eventsGone} events, ${round.lost} of them lost whole; ` +
        `${round.foundByTraffic} found by their own traffic, all there again after ${round.wholeAfterMs} ms`,
    );
  }
  await network.stop();
  progress('sending everything once more, and waiting until the origin has booked everything');
  const changed = await repeatAll(system.edgeUrl, network, setBack);
  const waitedMs = await drained(system, cardTokens);
  const evidence = await gatherEvidence(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(network.asked, network.told, evidence, setBack);
  const outcomes = Map.groupBy(network.asked, outcomeOf);
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const untried = sum(({ eventsGone }) => eventsGone) === 0 ? ['no card had anything to lose: nothing is shown'] : [];
  return {
    fault: 'restore-card',
    restores,
    seed,
    cards_set_back: sum(({ tokens }) => tokens.length),
    cards_lost_whole: sum((round) => round.lost),
    events_gone_from_cards: sum(({ eventsGone }) => eventsGone),
    found_by_own_traffic: sum(({ foundByTraffic }) => foundByTraffic),
    whole_again_ms_max: Math.max(...rounds.map(({ wholeAfterMs }) => wholeAfterMs)),
    acknowledged: outcomes.get('approved')?.length ?? 0,
    declined: outcomes.get('declined')?.length ?? 0,
    answered_by_failure_policy: outcomes.get('undecided')?.length ?? 0,
    clearings_and_reversals: network.told.length,
    told_again: toldAgain(evidence.cards).length,
    approved_against_rules: toldAgain(evidence.cards).filter(({ against }) => against !== undefined).length,
    lost,
    double_counted: doubleCounted,
    answers_changed: changed.length,
    drained_in_ms: waitedMs,
    findings: [...changed, ...findings, ...untried],
  };
}
export type RestoreCardReport = Awaited<ReturnType<typeof restoreCard>>;

interface Run {
  readonly system: RunningSystem;
  readonly network: Network;
  readonly cards: ReadonlyMap<string, Card>;
  readonly random: () => number;
}

interface Round {
  readonly tokens: readonly string[];
  readonly lost: number;
  readonly eventsGone: number;
  readonly foundByTraffic: number;
  readonly wholeAfterMs: number;
}

async function setBackSome({ system, network, cards, random }: Run, copy: string): Promise<Round> {
  const folder = folderOfCards(system.directory);
  const load = () => pause(loadMs.min + random() * (loadMs.max - loadMs.min));
  await load();
  await system.killEdge();
  copyObjects(folder, copy);
  await system.restartEdge();
  await load();

  const chosen = [...cards.values()].filter(() => random() < shares.setBack);
  const tokens = new Set(chosen.map(({ token }) => token));
  network.spare(tokens);
  await drained(system, [...tokens]);
  await system.killEdge();
  copyObjects(folder, `${copy}-replaced`);
  const earlier = new Map(readObjects(copy).map(({ cardId, ...object }) => [cardId, object]));
  let [lost, eventsGone] = [0, 0];
  for (const { name, cardId, lastSequence } of readObjects(`${copy}-replaced`)) {
    if (!chosen.some(({ id }) => id === cardId)) continue;
    const isLost = random() < shares.lost;
    if (isLost) lost++;
    eventsGone += lastSequence - (isLost ? 0 : (earlier.get(cardId)?.lastSequence ?? 0));
    replaceObject(name, folder, isLost ? null : copy);
  }
  await system.restartEdge();
  const restoredMs = Date.now();
  network.spare(new Set());

  const foundByTraffic = await found(system, restoredMs, tokens.size);
  await rereadUntilWhole(system.origin.url, chosen);
  const wholeAfterMs = Date.now() - restoredMs;
  await followPage(system, chosen[0]);
  return { tokens: [...tokens], lost, eventsGone, foundByTraffic, wholeAfterMs };
}

/** Cards that were fenced by what they sent themselves, within a while. */
async function found(system: RunningSystem, sinceMs: number, most: number): Promise<number> {
  for (;;) {
    const count = system.edgeOutput().split('"card_fenced"').length - 1;
    if (count >= most || Date.now() - sinceMs > foundWithinMs) return count;
    await pause(pollMs);
  }
}

/** Whoever does not wait for the sweep does what docs/recovery.md says of a card: its commands must end well. */
async function followPage({ origin, directory }: RunningSystem, card: Card | undefined): Promise<void> {
  const [commands = []] = await blocksUnder("## A card's object was set back, or is lost");
  if (commands.length < 3) throw new Error('docs/recovery.md has other commands than these');
  if (card === undefined) return;
  await follow(
    commands.map((command) => command.replaceAll('CARD_ID', card.id)),
    { ATLAS_URL: origin.url, ATLAS_API_KEY: demo.apiKey, ATLAS_HOME: join(directory, 'home') },
  );
}

/** What cards had approved in ignorance of their past, as it was told to them again. */
function toldAgain(cards: Awaited<ReturnType<typeof gatherEvidence>>['cards']) {
  return [...cards.values()].flatMap(({ events }) =>
    events.flatMap((event) => (event.kind === 'message' && event.message.kind === 'advice' ? [event] : [])),
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
