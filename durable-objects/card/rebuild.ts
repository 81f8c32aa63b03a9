// A fenced card's past, brought back page by page from what the origin has booked: its own rows, with their own numbers, folded by the same
// code as at any load. From nothing, whatever the card still has: which part of that is true, only the end tells. Then what it decided
// while it did not know its past is told to it again (`core/card/tell-again.ts`), under new numbers, and it decides again.
//
// Durable page by page: what was interrupted goes on after the last row. The same page twice changes nothing.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import { type Id, newId } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { assert } from '../../core/assert.ts';
import { Card } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { readRow } from '../../core/card/stored-row.ts';
import { type Contradiction, tellAgain } from '../../core/card/tell-again.ts';
import { type CardLog, cardLog } from './card-log.ts';
import { CardSnapshot } from './card-snapshot.ts';
import type { Fence } from './fence.ts';
import { type Acknowledged, hasEvent } from './has-event.ts';
import { Upkeep } from './upkeep.ts';

export interface RebuildPage {
  /** The last one that the origin has: with it the past is whole. */
  readonly until: Acknowledged;
  /** Some that follow each other, as the card wrote them; none to ask where to begin. */
  readonly events: readonly unknown[];
  /** The contradictions that the card named are kept for a person. */
  readonly areKept?: boolean;
}

export interface RebuildAnswer {
  /** Events up to here are back. */
  readonly sequence: number;
  readonly is_fenced: boolean;
  /** Rows that the origin had not, or had other ones of, which were told again. */
  told_again: number;
  /** The card stays fenced until whoever called has kept them. */
  readonly contradictions: Contradiction[];
}

export function notFenced(sequence: number): RebuildAnswer {
  return { sequence, is_fenced: false, told_again: 0, contradictions: [] };
}

/** In rows of a snapshot. */
const foldedTogether = 4;

interface Parts {
  readonly storage: DurableObjectStorage;
  readonly fence: Fence;
  /** Of a day's refunds of no purchase, how much the card may spend. */
  readonly max: Amounts;
}

/** Nothing of it stays where it throws; what `fence` has in memory is then to be read again. */
export function rebuild(parts: Parts, page: RebuildPage): RebuildAnswer {
  let refused: RebuildAnswer | undefined;
  try {
    return parts.storage.transactionSync(() => {
      const answer = take(parts, page);
      if (answer.contradictions.length === 0 || page.areKept) return answer;
      refused = { ...answer, is_fenced: true };
      throw new Error('contradicted');
    });
  } catch (error) {
    if (refused !== undefined) return refused;
    throw error;
  }
}

function take({ storage, fence, max }: Parts, { until, events }: RebuildPage): RebuildAnswer {
  fence.setAside();
  const log = cardLog(storage.sql);
  const snapshot = new CardSnapshot(storage.sql);
  const stored = snapshot.read();
  log.keepFrom(stored?.rows_from ?? 0);
  const snapshotSequence = stored?.sequence ?? 0;
  const newest = appendAll(log, events, Math.max(log.newestSequence(), snapshotSequence));
  // Folded once for so many rows, and with the last page: of each page it would take longer than all of the rest.
  if (newest < until.sequence && newest - snapshotSequence < foldedTogether * limits.snapshotRowsMin)
    return { ...notFenced(newest), is_fenced: true };
  // What was approved in ignorance keeps the id that the network was told.
  let told: Id<'auth'> | undefined;
  const history = {
    append: (event: LoggedEvent) => log.append(event, until.sequence),
    at: (sequence: number) => log.at(sequence).body,
    freshIds: () => ({ event_id: newId('evt'), authorization_id: told ?? newId('auth') }),
  };
  const card = new Card(history, stored, log.after(snapshotSequence, Number.MAX_SAFE_INTEGER), max);
  const { sequence } = card;
  const answer = notFenced(sequence);
  if (sequence < until.sequence) {
    // By the clock of the rows, as when the card wrote them.
    new Upkeep({ storage, card, log, snapshot, snapshotSequence }).shortenWhereDue(card.clockMs, sequence);
    return { ...answer, is_fenced: true };
  }
  assert(hasEvent(log, sequence, until), 'the past ends as the origin says');
  for (const row of fence.rowsSetAside()) {
    // Also a row that was past its retention, and so is not in the log again.
    if (hasEvent(log, sequence, { sequence: row.sequence, event_id: row.body.event_id })) continue;
    answer.told_again++;
    told = row.body.kind === 'authorization' ? row.body.authorization_id : undefined;
    const contradiction = tellAgain(card, row);
    if (contradiction !== null) answer.contradictions.push(contradiction);
  }
  fence.open();
  return answer;
}

/** The newest one after it. */
function appendAll(log: CardLog, events: RebuildPage['events'], newestSequence: number): number {
  let newest = newestSequence;
  for (const event of events) {
    const { sequence, at_ms, ...body } = event as CardEvent;
    // The page has come before.
    if (sequence <= newest) continue;
    assert(sequence === ++newest, 'a page follows what the card has');
    log.append({ sequence, at_ms, body: readRow(JSON.stringify(body), sequence) }, sequence);
  }
  return newest;
}
