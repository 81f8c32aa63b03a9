// How long a card's object takes to load: a month of a busy card, 10,000 rows of log, on raw workerd. A worker's own clock
// stands still while it works, so time is taken from outside: the first request after a restart, less one that finds the
// object loaded. The rows are written into the objects' own SQLite files, as the object would have written them.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '../contracts/ids.ts';
import { limits } from '../contracts/limits.ts';
import { type Profile, profileSchema } from '../contracts/profile.ts';
import { signCall } from '../contracts/sign-call.ts';
import { Card } from '../core/card/card.ts';
import type { LoggedEvent } from '../core/card/logged-event.ts';
import type { Snapshot } from '../core/card/snapshot.ts';
import { clearing, profile, request, reversal } from '../core/testing/samples.ts';
import { partsOf } from '../durable-objects/log/snapshot-parts.ts';
import { freePort } from '../scripts/free-port.ts';
import { seededRandom } from '../scripts/seeded-random.ts';
import { buildEdge } from './edge-bundle.ts';
import { edgeVars, putCard } from './edge-cards.ts';
import { startQueueServer } from './queue-server.ts';
import { started, temporaryDirectory } from './started.ts';
import { median, rounded } from './statistics.ts';
import { edgeNamespaces, startWorkerd } from './workerd.ts';

const rowsOfLog = 10_000;
const dayMs = 86_400_000;
const monthMs = 30 * dayMs;
const rounds = 3;
/** Loaded one after the other by one process: the first finds code that has never run, the others what a busy edge has. */
const cardTokens = Array.from({ length: 24 }, (_, index) => `card-${index}`);
const smallCard = 'small-card';

interface Stored {
  readonly log: readonly LoggedEvent[];
  readonly snapshot: Snapshot;
}

export async function measureCardLoad(progress: (line: string) => void) {
  await using parts = started();
  const directory = await temporaryDirectory(parts, 'card-load');
  const { path: bundle } = await buildEdge(join(directory, 'bundle'));
  const queue = await startQueueServer(() => undefined);
  parts.defer(() => queue.close());
  const start = async () =>
    startWorkerd({
      directory: join(directory, 'edge'),
      bundle,
      namespaces: edgeNamespaces,
      port: await freePort(),
      queuePort: queue.port,
      vars: edgeVars,
    });
  const stored = monthOfACard();
  const snapshotBytes = Buffer.byteLength(JSON.stringify(stored.snapshot));
  await writeCards(start, join(directory, 'edge', 'objects'), stored);
  const [loadsMs, firstsMs]: [number[], number[]] = [[], []];
  let errors = 0;
  for (let round = 1; round <= rounds; round++) {
    const workerd = await start();
    // What a first request of any kind costs is not a load's.
    await putCard(workerd.url, smallCard, busyProfile());
    const inRound: number[] = [];
    for (const token of cardTokens) {
      const { tookMs: firstMs, lastSequence } = await readCard(workerd.url, token);
      if (lastSequence !== rowsOfLog) errors++;
      const warm: number[] = [];
      for (let time = 0; time < 5; time++) warm.push((await readCard(workerd.url, token)).tookMs);
      inRound.push(firstMs - median(warm));
    }
    await workerd.stop();
    const [first = Number.NaN, ...others] = inRound;
    firstsMs.push(first);
    loadsMs.push(...others);
    progress(`card load ${round}/${rounds}: ${inRound.map((ms) => rounded(ms, 1)).join(', ')} ms`);
  }
  return {
    card_load: {
      rows: rowsOfLog,
      rows_after_snapshot: rowsOfLog - stored.snapshot.sequence,
      lives: stored.snapshot.authorizations.length,
      snapshot_bytes: snapshotBytes,
      load_ms: rounded(median(loadsMs), 2),
      load_ms_max: rounded(Math.max(...loadsMs), 2),
      first_of_a_process_ms: rounded(median(firstsMs), 2),
      errors,
    },
  };
}

/**
 * Purchases with their clearings some days later, reversals, declines; and the snapshot as far behind as it ever gets, just
 * before the alarm would write the next.
 */
function monthOfACard(): Stored {
  const log: LoggedEvent[] = [];
  const at = (sequence: number) => {
    const event = log[sequence - 1];
    if (event === undefined) throw new Error(`the log has no event ${sequence}`);
    return event.body;
  };
  const freshIds = () => ({ event_id: newId('evt'), authorization_id: newId('auth') });
  const card = new Card({ append: (event) => void log.push(event), at, freshIds }, null, []);
  const startMs = Date.now() - monthMs;
  card.putProfile(busyProfile(), startMs);
  const happenings = purchases(startMs).sort((one, other) => one.atMs - other.atMs);
  let snapshot = card.snapshot();
  for (const { atMs, happen } of happenings) {
    if (card.sequence >= rowsOfLog) break;
    // As the alarm does.
    if (card.state.next_expiry_ms <= atMs) card.expire(atMs);
    happen(card, atMs);
    const rowsLeft = rowsOfLog - card.sequence;
    const rowsBetween = Math.max(
      limits.snapshotRowsMin,
      card.state.authorizations.size / limits.snapshotEntriesPerRowMax,
    );
    if (rowsLeft === Math.floor(rowsBetween)) snapshot = JSON.parse(JSON.stringify(card.snapshot()));
  }
  if (card.sequence !== rowsOfLog) throw new Error(`the month ended with ${card.sequence} rows`);
  return { log, snapshot };
}

interface Happening {
  readonly atMs: number;
  readonly happen: (card: Card, atMs: number) => void;
}

function purchases(startMs: number): Happening[] {
  const random = seededRandom(7);
  const merchants = ['5411', '5812', '5541', '5999', '4121', '5732', '7995'];
  const perPurchase = Math.floor(rowsOfLog / 1.9);
  return Array.from({ length: perPurchase }, (_, index): Happening[] => {
    const authorization_key = crypto.randomUUID();
    const atMs = startMs + Math.floor((index * monthMs) / perPurchase);
    const amount_minor = 100 + Math.floor(random() * 20_000);
    const shop = Math.floor(random() * 300);
    const category = merchants[shop % merchants.length] ?? '5411';
    const asked = request({
      request_key: authorization_key,
      authorization_key,
      amount_minor,
      merchant: {
        id: `00044${1_000 + shop}0099`,
        name: `SQ *CORNER SHOP ${shop} SPRINGFIELD`,
        category,
        country: 'US',
      },
    });
    const ask = { atMs, happen: (card: Card, nowMs: number) => void card.authorize(asked, nowMs) };
    const laterMs = atMs + Math.floor((0.5 + 2.5 * random()) * dayMs);
    const message = { message_key: crypto.randomUUID(), authorization_key };
    const fate = random();
    const told = fate < 0.06 ? reversal(message) : clearing({ ...message, amount_minor, final: fate < 0.95 });
    // Declined or abandoned: nothing follows.
    if (fate > 0.98) return [ask];
    return [ask, { atMs: laterMs, happen: (card, nowMs) => void card.receive(told, nowMs) }];
  }).flat();
}

function busyProfile(): Profile {
  const time_zone = 'America/New_York';
  const often = { does: 'limit', amount_minor: 900_000_000, count: 100_000 };
  return profileSchema.parse({
    ...profile({ funds_minor: 900_000_000_000 }),
    controls: [
      { control_id: 'per-purchase', does: 'limit', amount_minor: 500_000, window: { per: 'transaction' } },
      { control_id: 'per-day', ...often, window: { per: 'day', time_zone } },
      { control_id: 'per-month', ...often, window: { per: 'month', time_zone } },
      { control_id: 'in-an-hour', ...often, window: { per: 'rolling', seconds: 3_600 } },
      {
        control_id: 'restaurants',
        ...often,
        applies_to: { category: { any_of: ['5811-5814'] } },
        window: { per: 'week', starts_on: 'monday', time_zone },
      },
      { control_id: 'no-gambling', does: 'block', applies_to: { category: { any_of: ['7995', '7800-7802'] } } },
    ],
  });
}

/** Makes each card's database by a call of the worker's own, then writes the month into it. */
async function writeCards(
  start: () => ReturnType<typeof startWorkerd>,
  directory: string,
  { log, snapshot }: Stored,
): Promise<void> {
  const workerd = await start();
  for (const token of cardTokens) await putCard(workerd.url, token, busyProfile());
  await workerd.stop();
  let written = 0;
  const files = await readdir(directory, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.sqlite'))) {
    using database = opened(join(directory, file));
    const isThere = database.prepare('select 1 from sqlite_master where name = ?');
    // The alarms of their first events would load the cards before their time is taken.
    if (isThere.get('_cf_ALARM') !== undefined) database.exec('delete from _cf_ALARM');
    if (isThere.get('log') === undefined) continue;
    writeCard(database, { log, snapshot });
    written++;
  }
  if (written !== cardTokens.length) throw new Error(`${written} databases were found for ${cardTokens.length} cards`);
}

function opened(path: string): DatabaseSync & Disposable {
  return new DatabaseSync(path) as DatabaseSync & Disposable;
}

function writeCard(database: DatabaseSync, { log, snapshot }: Stored): void {
  database.exec('begin; delete from log');
  const insertRow = database.prepare('insert into log (sequence, at_ms, published_sequence, body) values (?, ?, ?, ?)');
  for (const { sequence, at_ms, body } of log) insertRow.run(sequence, at_ms, sequence, JSON.stringify(body));
  // The object makes it with its first snapshot.
  database.exec(
    'create table if not exists snapshot (part integer primary key, body text not null); delete from snapshot',
  );
  const insertPart = database.prepare('insert into snapshot (part, body) values (?, ?)');
  for (const [part, body] of partsOf(JSON.stringify(snapshot)).entries()) insertPart.run(part, body);
  database.exec('commit');
}

async function readCard(url: string, token: string): Promise<{ tookMs: number; lastSequence: number }> {
  const pathAndQuery = `/internal/cards/marqeta/${token}`;
  const call = { method: 'GET', pathAndQuery, body: '' };
  const headers = signCall(edgeVars.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  const startedMs = performance.now();
  const answer = await fetch(url + pathAndQuery, { headers });
  const card = (await answer.json()) as { last_sequence: number };
  const tookMs = performance.now() - startedMs;
  if (!answer.ok) throw new Error(`GET ${pathAndQuery} answered ${answer.status}`);
  return { tookMs, lastSequence: card.last_sequence };
}

if (import.meta.main) {
  const report = await measureCardLoad((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
