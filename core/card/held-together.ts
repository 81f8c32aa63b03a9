// Two authorizations that turn out to be one: the hold of both together is what it would be if the card had known that from the
// start. Example: 100 approved under one name and ended; then 50 approved under another; a message says that both are one. The 50
// stay held, because the end came before they were approved. Does not take back what was decided meanwhile.

import { type Heard, hearingOrder } from './hearing.ts';
import { afterAllHeard, type Held, type HoldChange, inOrder, isBeginning, merged, type Place } from './hold-changes.ts';

/** What of an authorization the order of its changes depends on. Null: never. */
export interface Past {
  readonly changes: readonly HoldChange[];
  readonly hold_minor: number;
  /** Its first request was decided, by the card or in its place. */
  readonly begun: Heard | null;
  /** Something first changed its hold. */
  readonly changed: Heard | null;
}

type Since = Pick<Past, 'begun' | 'changed'>;
type Compare = ReturnType<typeof hearingOrder>;

export function heldTogether(one: Past, other: Past): Held & Since {
  const changes = [...stillOf(one, other), ...stillOf(other, one)];
  const firsts = [one.begun, other.begun, one.changed, other.changed].filter((first) => first !== null);
  const compare = hearingOrder([...changes, ...firsts]);
  const since = {
    begun: earlier(one.begun, other.begun, compare),
    changed: earlier(one.changed, other.changed, compare),
  };
  const placed: HoldChange[] = [];
  for (const change of changes.sort((first, next) => asHeard(first, next, compare))) {
    const isLater = isLaterApproval(placed, change, since, compare);
    placed.push({ ...change, ...placeAfter(placed, change, isLater) });
  }
  return { ...merged(placed), ...since };
}

/**
 * Our own expiry of the one says nothing of what the other holds: what had lapsed by then is left out, and the expiry with it.
 * Example: 100 of Monday lapsed, 50 of Tuesday are held, then both are one: 50.
 */
function stillOf({ changes }: Past, other: Past): readonly HoldChange[] {
  if (other.hold_minor === 0) return changes;
  const ordered = inOrder(changes);
  return ordered.slice(ordered.findLastIndex(({ does }) => does === 'lapses') + 1);
}

/** Of one millisecond, where no number tells it, approvals come last: that holds more. */
function asHeard(one: HoldChange, other: HoldChange, compare: Compare): number {
  const isGivenLast = Number(one.does === 'adds') - Number(other.does === 'adds');
  return compare(one, other) || isGivenLast || one.nth - other.nth;
}

/** Where it stands, had the card known all that was heard before it. What stands by its own stamp or number stays there. */
function placeAfter(heardBefore: readonly HoldChange[], change: HoldChange, isLater: boolean): Place {
  const { at_ms, order, nth, does } = change;
  const isFixed = isBeginning(change) ? does !== 'adds' || !isLater : nth === 0 || does === 'lapses';
  return isFixed ? change : afterAllHeard(heardBefore, at_ms, order);
}

/** It began its own authorization, but the other one had begun by then. */
function isLaterApproval(
  heardBefore: readonly HoldChange[],
  change: HoldChange,
  { begun, changed }: Since,
  compare: Compare,
): boolean {
  // Where it is not known when it was given, the larger hold is the safer one.
  if (heardBefore.some(isBeginning) || change.heard_ms === 0) return true;
  const isBefore = (first: Heard | null) => first !== null && compare(first, change) < 0;
  return isBefore(begun) && isBefore(changed);
}

function earlier(one: Heard | null, other: Heard | null, compare: Compare): Heard | null {
  if (one === null || other === null) return one ?? other;
  return compare(one, other) <= 0 ? one : other;
}
