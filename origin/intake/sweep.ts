// Every card that is known is compared with the edge once an hour: a queue may have lost the last events of a stream, which no later one reveals.
// One process has the sweep at a time, and whoever has it next goes on where it was. A pass in which each card was compared, or is an open item,
// is noted: its age is watched.

import { randomUUID } from 'node:crypto';
import { noteCardsCompared } from '../audit/last-proofs.ts';
import type { Sql } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { acknowledgedOf } from './acknowledged.ts';
import { cardsTold, cardsWithConditions } from './card-conditions.ts';
import { type Behind, cardsAfter } from './cards-after.ts';
import { eachOf, type RepairOptions, repaired } from './repair.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

/** Four calls to the edge at one time, of a hundred cards each. */
const cardsPerPage = 400;
/** Each pass asks the edge, and wakes the object, of every card: $0.45 a million (docs/sizing.md). */
const passPauseMs = 60 * 60_000;
/** How often a process looks whether a pass is due, or has lost the process that had it. */
const lookMs = 30_000;
/** Longer than a page takes, also where each of its cards has to be caught up with: it is given anew with each. */
const leaseSeconds = 120;

export interface SweepOptions extends RepairOptions {
  /** For tests: from the end of a pass to the next. */
  readonly pauseMs?: number;
}

interface Held extends CardName {
  readonly began_at: Date;
  readonly is_whole: boolean;
}

export function createSweep(options: SweepOptions): Loop {
  const { database, edge, log, pauseMs = passPauseMs } = options;
  const { sql } = database;
  const owner = randomUUID();

  /** Of the page the cards that could not be compared, and of which nobody was told. */
  async function comparePage(rows: readonly Behind[], work: Parameters<typeof eachOf>[2]): Promise<number> {
    const troubled = await cardsWithConditions(sql, rows);
    const same = await sameAsEdge(sql, edge, rows);
    work.moved();
    const others = rows.filter((card) => !same.has(keyOf(card)) || troubled.has(keyOf(card)));
    const failed = await eachOf(others, (card) => repaired(options, card, troubled, work.signal), work);
    options.metrics.swept.inc(rows.length);
    if (failed.length === 0) return 0;
    const told = await cardsTold(sql, failed);
    return failed.filter((card) => !told.has(keyOf(card))).length;
  }

  return createLoop({
    name: 'sweep',
    log,
    intervalMs: lookMs,
    async round(signal, moved) {
      let held = await take(sql, owner);
      while (held !== null && !signal.aborted) {
        const named = await cardsAfter(database, held, cardsPerPage);
        const last = named.at(-1);
        if (last === undefined) {
          if (held.is_whole) await noteCardsCompared(sql, held.began_at);
          await endPass(sql, owner, pauseMs);
          // Payouts wait for a pass that began since the database was found to be set back: then the next one is due.
          return pauseMs > 0;
        }
        const there = named.filter(({ is_there }) => is_there);
        const missed = await comparePage(there, { edge, log, signal, moved });
        if (signal.aborted) break;
        held = await goOn(sql, owner, { ...last, is_whole: held.is_whole && missed === 0 });
        moved();
      }
      if (held !== null) await release(sql, owner);
      return false;
    },
  });
}

/** The cards that have no event beyond what is booked here, and are not fenced: most of them, asked a hundred in a call. */
async function sameAsEdge(
  sql: Sql,
  edge: Pick<EdgeClient, 'standings' | 'ping'>,
  cards: readonly Behind[],
): Promise<ReadonlySet<string>> {
  const seen = await acknowledgedOf(sql, cards);
  const answers = await edge.standings(cards.map((card) => ({ card, seen: seen.get(keyOf(card)) })));
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  // None of the cards is at fault where nothing is there.
  if (failures.length > 0 && failures.length === cards.length)
    await edge.ping().catch(() => {
      throw new Error('no card could be compared: the edge does not answer', { cause: failures[0] });
    });
  const same = cards.filter((card, index) => {
    const answer = answers[index];
    if (answer?.status !== 'fulfilled' || answer.value.is_fenced === true) return false;
    const last = String(answer.value.last_sequence);
    return card.applied_sequence === last && card.seen_sequence === last;
  });
  return new Set(same.map(keyOf));
}

/** The sweep, where a pass is due and no other process has it: from its beginning, or where the last one that had it came to. */
async function take(sql: Sql, owner: string): Promise<Held | null> {
  // An `update` by its condition alone: of two processes the second waits for the first and then finds it held.
  const { rows } = await sql.query<Held>(
    `update sweep set held_by = $1, held_until = now() + make_interval(secs => $2),
       began_at = case when after_network = '' then clock_timestamp() else began_at end,
       is_whole = after_network = '' or is_whole
     where (held_until is null or held_until < now() or held_by = $1)
       and (next_pass_at <= now() or exists (
         select from open_items i where i.kind = 'database_set_back' and i.status = 'open' and i.opened_at >= sweep.began_at))
     returning after_network as network, after_card_token as card_token, began_at, is_whole`,
    [owner, leaseSeconds],
  );
  return rows[0] ?? null;
}

/** Null: it took too long, and another process has it now. */
async function goOn(sql: Sql, owner: string, to: CardName & { readonly is_whole: boolean }): Promise<Held | null> {
  const { rows } = await sql.query<Held>(
    `update sweep set after_network = $3, after_card_token = $4, is_whole = $5, held_until = now() + make_interval(secs => $2)
     where held_by = $1
     returning after_network as network, after_card_token as card_token, began_at, is_whole`,
    [owner, leaseSeconds, to.network, to.card_token, to.is_whole],
  );
  return rows[0] ?? null;
}

async function endPass(sql: Sql, owner: string, pauseMs: number): Promise<void> {
  await sql.query(
    `update sweep set after_network = '', after_card_token = '', held_by = null, held_until = null,
       next_pass_at = now() + make_interval(secs => $2)
     where held_by = $1`,
    [owner, pauseMs / 1_000],
  );
}

/** Another process may have it at once. */
async function release(sql: Sql, owner: string): Promise<void> {
  await sql.query('update sweep set held_by = null, held_until = null where held_by = $1', [owner]);
}
