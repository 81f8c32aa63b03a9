// releases: the release before and this one in turn on one disk, under load, as a deployment, a rollback and another deployment would have
// it. Nothing acknowledged may be lost, counted twice or answered otherwise by the other one; and a card that rests reads the same under both.
// It proves that code of two releases can live on one storage: the edge's on the cards' objects, the origin's on one database. Each edge works
// with each origin: this origin on the data and schema of the one before, and that one on the schema of this one with this edge's events.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '../../contracts/ids.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
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
/** Which origin is started with a switch; null: it stays. After 1 to 4 each edge has worked with each origin. */
const originAfter = ['now', null, 'before', null, 'now', null] as const;
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
  const { origins } = bundles;
  const system = await startSystem(parts, { bundle: before.bundle, originProgram: origins.before });
  const cardTokens = await makeCards(system.origin.url, cards);

  const snapshots: number[] = [];
  const bookedAt: number[] = [];
  const random = seededRandom(seed);
  const network = startNetwork({ edgeUrl: system.edgeUrl, cardTokens, rate, seed });
  const answered = () => network.asked.length + network.told.length;
  const load = () =>
    untilAnswered(answered, callsBetween.min + Math.round(random() * (callsBetween.max - callsBetween.min)));
  for (let n = 1; n <= switches; n++) {
    await load();
    snapshots.push(reachOfSnapshots(system.directory));
    const release = n % 2 === 1 ? now : before;
    const origin = originAfter[n - 1] ?? null;
    // The origin first, as a deployment does it; under load, and with what the edge sends meanwhile.
    if (origin !== null) {
      bookedAt.push(await eventsBooked(system.databaseUrl));
      if (origin === 'before') await origins.showNewerSchema();
      await system.stopOrigin();
      await system.startOrigin(origins[origin]);
    }
    await switchTo(system, release.bundle);
    const beside = origin === null ? '' : `, the origin to ${origin === 'now' ? now.name : before.name}`;
    progress(`switch ${n}/${switches} to ${release.name}${beside}; ${answered()} calls answered`);
  }
  await load();
  await network.stop();
  progress('waiting until the origin has booked everything');
  await drained(system, cardTokens);

  const changed = await readAndRepeated(system, [now, before, now], { cardTokens, network, progress });
  await drained(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(
    network.asked,
    network.told,
    await gatherEvidence(system, cardTokens),
  );
  bookedAt.push(await eventsBooked(system.databaseUrl));
  const missing = [
    ...standingStill(snapshots, 'no snapshot was written before switch'),
    ...standingStill(bookedAt, 'nothing was booked by origin'),
  ];
  return {
    fault: 'releases',
    previous: commit,
    switches: switches + 3,
    seed,
    acknowledged: network.asked.filter((request) => outcomeOf(request) === 'approved').length,
    clearings_and_reversals: network.told.length,
    snapshots_reach: snapshots,
    events_booked_at_each_origins_end: bookedAt,
    lost,
    double_counted: doubleCounted,
    answers_changed: changed.length,
    findings: [...changed, ...findings, ...missing],
  };
}

interface Tried {
  readonly cardTokens: readonly string[];
  readonly network: Parameters<typeof repeatAll>[1];
  readonly progress: (line: string) => void;
}

/** At rest, by one edge after the other. Returns what one reads or answers otherwise than the one before it. */
async function readAndRepeated(
  system: RunningSystem,
  edges: readonly { readonly name: string; readonly bundle: Bundle }[],
  { cardTokens, network, progress }: Tried,
): Promise<string[]> {
  const changed: string[] = [];
  let standing: string | null = null;
  for (const { name, bundle } of edges) {
    await switchTo(system, bundle);
    progress(`${name}: every card is read, and everything is sent once more`);
    const read = await everyCard(system.edgeUrl, cardTokens);
    if (standing !== null && read !== standing)
      changed.push(`${name} reads the cards otherwise: ${standing} was ${read}`);
    standing = read;
    changed.push(...(await repeatAll(system.edgeUrl, network)));
  }
  return changed;
}

/** So many calls more, and for a while. */
async function untilAnswered(answered: () => number, more: number): Promise<void> {
  const enough = answered() + more;
  const untilMs = Date.now() + loadWithinMs;
  await pause(loadMsMin);
  while (answered() < enough && Date.now() < untilMs) await pause(20);
}

/** Of figures that grow from one to the next: one that does not shows that the test has tried nothing there. */
function standingStill(figures: readonly number[], what: string): string[] {
  const place = figures.findIndex((figure, n) => figure <= (figures[n - 1] ?? 0));
  return place < 0 ? [] : [`${what} ${place + 1}: nothing is shown by it`];
}

async function switchTo(system: RunningSystem, bundle: Bundle): Promise<void> {
  await system.killEdge();
  await system.restartEdge(bundle);
}

/** By all origins until now. */
async function eventsBooked(databaseUrl: string): Promise<number> {
  const sql = await connectOwner(databaseUrl);
  const { rows } = await sql
    .query<{ booked: string }>('select coalesce(sum(applied_sequence), 0) as booked from card_streams')
    .finally(() => sql.end());
  return Number(rows[0]?.booked);
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
