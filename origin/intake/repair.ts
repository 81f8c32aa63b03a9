// Fills gaps from the card's own log at the edge: what the edge has, the origin gets. Tails that no later event reveals are found by the
// sweep (sweep.ts). So a queue may lose, repeat or reorder anything.

import type { Logger } from 'pino';
import { ageMs } from '../db/age.ts';
import type { Database, Sql } from '../db/client.ts';
import { EdgeRefused } from '../edge/edge-answer.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { acknowledgedOf } from './acknowledged.ts';
import {
  cardsWithConditions,
  closeConditions,
  closeRebuilt,
  raiseLost,
  raiseNewer,
  raiseSetBack,
} from './card-conditions.ts';
import type { Behind } from './cards-after.ts';
import type { Intake } from './intake.ts';
import { rebuildCard } from './rebuild-card.ts';
import type { RepairMetrics } from './repair-metrics.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

/** Calls to the edge at one time: enough to catch up with a lost hour, few enough to leave it to its real work. */
const callsMax = 4;
const cardsPerRound = 100;
/** A message that is only late, not lost, mostly comes before this. */
const gapIntervalMs = 500;
const restMsMax = 5 * 60_000;

export interface RepairOptions {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'eventsAfter' | 'ping' | 'rebuild' | 'standings'>;
  readonly intake: Pick<Intake, 'takePage'>;
  readonly log: Logger;
  readonly metrics: RepairMetrics;
}

/**
 * Takes what the edge has above `applied_sequence`, page by page; a card that was set back is rebuilt first. Throws where that cannot be
 * done now. False: the card and the origin do not have the same events, and a person has been told.
 */
export async function catchUp(options: RepairOptions, card: Behind, signal: AbortSignal): Promise<boolean> {
  const { database, edge, log, metrics } = options;
  const taken = await takePages(options, card, signal);
  if (taken !== 'fenced') return taken === 'whole';
  const rebuilt = await rebuildCard({ sql: database.sql, edge }, card, signal);
  metrics.rebuilt.inc();
  log.warn(rebuilt, 'a card that was set back is rebuilt from what is booked of it');
  const isWhole = (await takePages(options, card, signal)) === 'whole';
  if (isWhole) await closeRebuilt(database.sql, card, rebuilt);
  return isWhole;
}

async function takePages(
  options: RepairOptions,
  card: Behind,
  signal: AbortSignal,
): Promise<'whole' | 'not_whole' | 'fenced'> {
  const { database, edge, intake, log, metrics } = options;
  const known_sequence = Math.max(Number(card.applied_sequence), Number(card.seen_sequence));
  const seen = (await acknowledgedOf(database.sql, [card])).get(keyOf(card));
  let after = Number(card.applied_sequence);
  while (!signal.aborted) {
    const page = await edge.eventsAfter(card, after, seen).catch(async (error: unknown) => {
      if (error instanceof EdgeRefused && error.errorCode === 'card_of_newer_release')
        await raiseNewer(database.sql, card);
      throw error;
    });
    const { events, first_sequence, last_sequence, is_fenced = false } = page;
    // Without a fence: an edge of an older release.
    if (is_fenced || last_sequence < known_sequence) {
      // Its storage was set back, or is another one: its next events will take numbers that are taken here.
      metrics.edgeBehind.inc();
      log.error({ known_sequence, last_sequence, is_fenced }, 'a card at the edge was set back');
      await database.transaction((sql) => raiseSetBack(sql, [{ ...card, last_sequence, known_sequence }]));
      return is_fenced ? 'fenced' : 'not_whole';
    }
    // Rows past its retention are gone from a card's log: what lay there is for a person to find, not for us to skip.
    if (last_sequence > after && first_sequence > after + 1) {
      await raiseLost(database.sql, card, { first_sequence, due_sequence: after + 1 });
      throw new Error(`the edge keeps events from ${first_sequence} on, and event ${after + 1} is due`);
    }
    if (events.length === 0) return await wholeness(database.sql, card);
    const outcome = await intake.takePage({ version: 1, card_key: keyOf(card), events }, after);
    if (outcome === 'retry') throw new Error('a page of the card was not taken');
    metrics.repaired.inc(events.length);
    after += events.length;
    if (after >= last_sequence) return await wholeness(database.sql, card);
  }
  return 'not_whole';
}

/** All that the card has was read; of what is of a newer release than this one, nothing is booked, and the card waits for it. */
async function wholeness(sql: Sql, { network, card_token }: CardName): Promise<'whole' | 'not_whole'> {
  const { rows } = await sql.query<{ has_gap: boolean }>(
    'select has_gap from card_streams where network = $1 and card_token = $2',
    [network, card_token],
  );
  return rows[0]?.has_gap === true ? 'not_whole' : 'whole';
}

/** As `catchUp`; closes what a person was told of a card, where that is so no longer. `troubled`: cards of which something was told. */
export async function repaired(
  options: RepairOptions,
  card: Behind,
  troubled: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const isWhole = await catchUp(options, card, signal);
  if (isWhole && troubled.has(keyOf(card))) await closeConditions(options.database.sql, card);
  return isWhole;
}

/**
 * One card now, because a person asks: as the sweep would do it at its next round. False: the card and the origin do not have the same
 * events, and there is an open item of it. Throws where a page cannot be had or is not taken.
 */
export async function rereadCard(options: RepairOptions, card: CardName, signal: AbortSignal): Promise<boolean> {
  const { sql } = options.database;
  const { rows } = await sql.query<Pick<Behind, 'applied_sequence' | 'seen_sequence'>>(
    'select applied_sequence, seen_sequence from card_streams where network = $1 and card_token = $2',
    [card.network, card.card_token],
  );
  const { applied_sequence, seen_sequence } = rows[0] ?? { applied_sequence: '0', seen_sequence: '0' };
  const behind = { network: card.network, card_token: card.card_token, applied_sequence, seen_sequence };
  const isWhole = await catchUp(options, behind, signal);
  if (isWhole) await closeConditions(sql, card);
  return isWhole;
}

/** Streams that hold events back, and cards that are known to be set back, again and again until there are none. */
export function createGapRepair(options: RepairOptions): Loop {
  const { database, edge, log } = options;
  let from = 0;
  // Streams that could not be filled, and when to try again; losing it costs a few calls that fail.
  const resting = new Map<string, { failures: number; untilMs: number }>();

  async function repair(
    card: Behind & { stream_id: string },
    troubled: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const rest = resting.get(card.stream_id);
    if (rest !== undefined && Date.now() < rest.untilMs) return;
    try {
      if (!(await repaired(options, card, troubled, signal)))
        throw new Error('the card and the books are not the same');
      resting.delete(card.stream_id);
    } catch (error) {
      const failures = (rest?.failures ?? 0) + 1;
      resting.set(card.stream_id, {
        failures,
        untilMs: Date.now() + Math.min(restMsMax, gapIntervalMs * 2 ** failures),
      });
      throw error;
    }
  }

  return createLoop({
    name: 'gap repair',
    log,
    intervalMs: gapIntervalMs,
    lagMs: () => ageMs(database.sql, oldestHeldBack),
    atRest: { rest: database.rest, dueInMs: async () => (resting.size === 0 ? null : 0) },
    async round(signal, moved) {
      // Onwards from the last one, so that streams which cannot be filled do not keep others from their turn.
      const { rows } = await database.sql.query<Behind & { stream_id: string }>(
        `select stream_id, network, card_token, applied_sequence, seen_sequence from card_streams
         where has_gap and stream_id > $1
         union
         select stream_id, network, card_token, applied_sequence, seen_sequence from card_streams
         where set_back_since is not null and stream_id > $1
         order by stream_id limit $2`,
        [from, cardsPerRound],
      );
      from = rows.length < cardsPerRound ? 0 : Number(rows.at(-1)?.stream_id ?? 0);
      const troubled = await cardsWithConditions(database.sql, rows);
      await eachOf(rows, (card) => repair(card, troubled, signal), { edge, log, signal, moved });
      return rows.length === cardsPerRound;
    },
  });
}

interface Work {
  readonly edge: Pick<EdgeClient, 'ping'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly moved: () => void;
}

/**
 * A few at a time. One that fails is logged and stands in nobody's way, be it the only one of its page. Throws where all failed and
 * the edge itself does not answer: then it is none of the cards' fault. Returns those that failed.
 */
export async function eachOf<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  { edge, ...of }: Work,
): Promise<T[]> {
  const failed: T[] = [];
  let lastError: unknown;
  const queue = items.values();
  await Promise.all(
    Array.from({ length: callsMax }, async () => {
      for (const item of queue) {
        if (of.signal.aborted) return;
        await work(item).catch((error: unknown) => {
          failed.push(item);
          lastError = error;
        });
        of.moved();
      }
    }),
  );
  // A stop ends calls in hand: that says nothing of the cards.
  if (failed.length === 0 || of.signal.aborted) return failed;
  if (failed.length === items.length)
    await edge.ping().catch(() => {
      throw new Error('no card could be caught up: the edge does not answer', { cause: lastError });
    });
  of.log.warn({ err: lastError, failed: failed.length, of: items.length }, 'some cards could not be caught up');
  return failed;
}

/** SQL: when the event came that waits the longest for one before it. */
const oldestHeldBack = `
  select min(waiting.received_at)
  from card_streams s
  cross join lateral (
    select min(received_at) as received_at from card_events e
    where e.stream_id = s.stream_id and e.sequence > s.applied_sequence
  ) as waiting
  where s.has_gap`;
