// The question that tells a card which was set back from one that was not: whether it has an event that the origin has. Pure, and apart from
// the fence, so that the simulation asks the same.

import type { LoggedEvent } from '../../core/card/logged-event.ts';

/** An event that the origin has booked, or keeps until the one before it comes. Null: it cannot read its id. */
export interface Acknowledged {
  readonly sequence: number;
  readonly event_id: string | null;
}

/** As much of a log as is asked. */
export interface RowsAfter {
  after(sequence: number, limit: number): Iterable<LoggedEvent>;
}

/** Whether the card has it, as far as it can tell: what its log no longer has, it had. */
export function hasEvent(log: RowsAfter, lastSequence: number, { sequence, event_id }: Acknowledged): boolean {
  if (sequence > lastSequence) return false;
  const [row] = log.after(sequence - 1, 1);
  return event_id === null || row?.sequence !== sequence || row.body.event_id === event_id;
}
