// Looks for cards that were made after money of them had been booked to suspense, and moves that money to their accounts. A loop of its
// own, and not part of making the card: intake may hold the card's stream at that instant and not yet see the card, so that what it is
// about to book goes to suspense all the same. What it leaves there is found by the next round.

import type { Logger } from 'pino';
import type { Database, Sql } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { authorizationsInSuspense, moveAuthorization } from './move-from-suspense.ts';
import { lockStreams } from './streams.ts';
import { findLateCards, firstPlace, forgetSuspended, type LateCard } from './suspended-streams.ts';

const intervalMsDefault = 2_000;
/** Rows that a round looks at: with a hundred thousand unknown cards, a card that is made is found within minutes. */
const rowsPerRound = 1_000;
/** Of one card in one round: a card with many more does not keep the others waiting. */
const authorizationsPerCard = 100;

export interface SuspenseLoopOptions {
  readonly database: Database;
  readonly log: Logger;
  /** For tests. */
  readonly intervalMs?: number;
}

export function createSuspenseLoop({ database, log, ...options }: SuspenseLoopOptions): Loop {
  // Where the next round begins, so that cards which fail do not keep others from their turn.
  let after = firstPlace;
  // Of cards whose money could not be moved, or not all of it: since when it waits. Losing it costs a figure, for one round.
  const waiting = new Map<string, number>();
  return createLoop({
    name: 'money out of suspense',
    log,
    intervalMs: options.intervalMs ?? intervalMsDefault,
    lagMs: async () => (waiting.size === 0 ? null : Date.now() - Math.min(...waiting.values())),
    // Rounds go through the table part by part: not to be waited for where there is more than one.
    atRest: { rest: database.rest, dueInMs: async () => (after === firstPlace ? null : 0) },
    async round(signal, moved) {
      const { cards, next } = await findLateCards(database.sql, { after, look: rowsPerRound });
      if (after === firstPlace) waiting.clear();
      const failures: unknown[] = [];
      let isMore = false;
      for (const card of cards) {
        if (signal.aborted) return false;
        const key = `${card.stream_id} ${card.currency}`;
        waiting.set(key, Date.now() - card.age_ms);
        const { isDone, failure } = await moveMoneyOf(database, card);
        moved();
        if (isDone) waiting.delete(key);
        else if (failure === null) isMore = true;
        else failures.push(failure);
      }
      // A card with more than one round takes keeps its place.
      if (!isMore) after = next ?? firstPlace;
      // Nothing is set aside here: what could not be moved stays in suspense, where it is counted, and is tried again. Three rounds that
      // fail are told by /health.
      if (failures.length > 0)
        throw new Error(`money of ${failures.length} cards could not be moved out of suspense`, { cause: failures[0] });
      return isMore;
    },
  });
}

/** One transaction an authorization: whatever dies in between, each is moved whole or not at all. */
async function moveMoneyOf(database: Database, card: LateCard): Promise<{ isDone: boolean; failure: unknown }> {
  const authorizations = await authorizationsInSuspense(database.sql, card, authorizationsPerCard);
  let failure: unknown = null;
  for (const authorization_id of authorizations)
    try {
      await underLock(database, card, (sql) => moveAuthorization(sql, card, authorization_id));
    } catch (error) {
      failure = error;
    }
  if (failure !== null || authorizations.length === authorizationsPerCard) return { isDone: false, failure };
  const isDone = await underLock(database, card, async (sql) => {
    if ((await authorizationsInSuspense(sql, card, 1)).length > 0) return false;
    await forgetSuspended(sql, card);
    return true;
  });
  return { isDone, failure: null };
}

/** The lock that intake books under: it is had before anything is read, so that what is read stays so until the commit. */
async function underLock<T>(database: Database, card: LateCard, work: (sql: Sql) => Promise<T>): Promise<T> {
  return await database.transaction(async (sql) => {
    await lockStreams(sql, [card]);
    return await work(sql);
  });
}
