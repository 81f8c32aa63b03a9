// releases: the release before and this one in turn on one disk, under load, as a deployment, a rollback and another deployment would have
// it. Nothing acknowledged may be lost, counted twice or answered otherwise by the other one; and a card that rests reads the same under both.
// It proves that code of two releases can live on one storage. That this origin takes the events of both is in it; an older origin is not.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '../../contracts/ids.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import type { Bundle } from '../edge-bundle.ts';
import { edgeVars } from '../edge-cards.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { makeCards } from '../origin-cards.ts';
import { temporaryDirectory } from '../started.ts';
import { drained } from './drained.ts';
import { gatherEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import { startNetwork } from './network-clients.ts';
import { outcomeOf } from './records.ts';
import { repeatAll } from './repeat-all.ts';
import { type RunningSystem, startSystem } from './system.ts';
import { buildBoth, previousRelease } from './two-releases.ts';

export interface ReleasesOptions {
  readonly seed: number;
  readonly progress: (line: string) => void;
}

/** Few cards and many rows of each, so that every release writes snapshots and the next one has to read them. */
const [cards, rate] = [4, 200];
const switches = 6;
/** Answered calls between two switches: by calls and not by time, so that a slow machine tries as much. */
const callsBetween = { min: 450, max: 600 };
/** As long as a card needs to come to its alarm, which writes its snapshot. */
const loadMsMin = 3_000;
const loadWithinMs = 120_000;

export async function releases(parts: AsyncDisposableStack, { seed, progress }: ReleasesOptions) {
  const commit = previousRelease();
  progress(
    `releases: ${commit} and this one, ${switches} switches, seed ${seed}; building both, starting Postgres and origin`,
  );
  const directory = await temporaryDirectory(parts, 'releases');
  const bundles = await buildBoth(parts, commit, directory);
  const [before, now] = [
    { name: 'the release before', bundle: bundles.before },
    { name: 'this release', bundle: bundles.now },
  ];
  const system = await startSystem(parts, { bundle: before.bundle });
  const cardTokens = await makeCards(system.origin.url, cards);

  const snapshots: number[] = [];
  const random = seededRandom(seed);
  const network = startNetwork({ edgeUrl: system.edgeUrl, cardTokens, rate, seed });
  const answered = () => network.asked.length + network.told.length;
  const load = async () => {
    const enough = answered() + callsBetween.min + Math.round(random() * (callsBetween.max - callsBetween.min));
    const untilMs = Date.now() + loadWithinMs;
    await pause(loadMsMin);
    while (answered() < enough && Date.now() < untilMs) await pause(20);
  };
  for (let n = 1; n <= switches; n++) {
    await load();
    snapshots.push(reachOfSnapshots(system.directory));
    const release = n % 2 === 1 ? now : before;
    await switchTo(system, release.bundle);
    progress(`switch ${n}/${switches} to ${release.name}; ${answered()} calls answered`);
  }
  await load();
  await network.stop();
  progress('waiting until the origin has booked everything');
  await drained(system, cardTokens);

  const changed: string[] = [];
  let standing: string | null = null;
  for (const { name, bundle } of [now, before, now]) {
    await switchTo(system, bundle);
    progress(`${name}: every card is read, and everything is sent once more`);
    const read = await everyCard(system.edgeUrl, cardTokens);
    if (standing !== null && read !== standing)
      changed.push(`${name} reads the cards otherwise: ${standing} was ${read}`);
    standing = read;
    changed.push(...(await repeatAll(system.edgeUrl, network)));
  }
  await drained(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(
    network.asked,
    network.told,
    await gatherEvidence(system, cardTokens),
  );
  const standsStill = snapshots.findIndex((reach, n) => reach <= (snapshots[n - 1] ?? 0));
  const missing =
    standsStill < 0 ? [] : [`no snapshot was written before switch ${standsStill + 1}: nothing is shown by it`];
  return {
    fault: 'releases',
    previous: commit,
    switches: switches + 3,
    seed,
    acknowledged: network.asked.filter((request) => outcomeOf(request) === 'approved').length,
    clearings_and_reversals: network.told.length,
    snapshots_reach: snapshots,
    lost,
    double_counted: doubleCounted,
    answers_changed: changed.length,
    findings: [...changed, ...findings, ...missing],
  };
}

async function switchTo(system: RunningSystem, bundle: Bundle): Promise<void> {
  await system.killEdge();
  await system.restartEdge(bundle);
}

/** What every card says of itself and of its controls, but for its own start and what is sent. */
async function everyCard(edgeUrl: string, cardTokens: readonly string[]): Promise<string> {
  const all = new Map<string, unknown>();
  await fewAtATime(cardTokens, async (token) => {
    const path = `/internal/cards/marqeta/${token}`;
    const { loaded_at_ms: _, requests_since_load: __, published_sequence: ___, ...card } = await get(edgeUrl, path);
    const { at_ms: ____, ...controls } = await get(edgeUrl, `${path}/controls`);
    all.set(token, { card, controls });
  });
  // Null and 0 as if they were not there: a field that one release does not know yet says nothing while it is nothing.
  return JSON.stringify(
    cardTokens.map((token) => [token, all.get(token)]),
    (_, value: unknown) => (value === 0 ? undefined : (value ?? undefined)),
  );
}

async function get(edgeUrl: string, pathAndQuery: string): Promise<Record<string, unknown>> {
  const call = { method: 'GET', pathAndQuery, body: '' };
  const headers = signCall(edgeVars.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  const answer = await fetch(edgeUrl + pathAndQuery, { headers, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`GET ${pathAndQuery} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** How far the cards' snapshots reach, all together, in workerd's own files. */
function reachOfSnapshots(directory: string): number {
  const folder = join(directory, 'edge', 'objects', 'atlas');
  let reach = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.sqlite'))) {
    using database = new DatabaseSync(join(folder, file), { readOnly: true });
    if (database.prepare("select 1 from sqlite_master where name = 'snapshot'").get() === undefined) continue;
    const body = database.prepare("select group_concat(body, '') as body from snapshot").get()?.['body'];
    reach += Number(/"sequence":(\d+)/.exec(String(body))?.[1] ?? 0);
  }
  return reach;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
