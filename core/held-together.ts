// Two authorizations that turn out to be one: the hold of both together is what it would be if the card had known that from the
// start. Example: 100 approved under one name and ended; then 50 approved under another; a message says that both are one. The 50
// stay held, because the end came before they were approved. Does not take back what was decided meanwhile.

import { afterAllHeard, type Held, type HoldChange, inOrder, isBeginning, merged, type Place } from './hold-changes.ts';

/** What of an authorization the order of its changes depends on. Instants by the card's clock; 0: never. */
export interface Past {
  readonly changes: readonly HoldChange[];
  readonly hold_minor: number;
  /** Its first request was decided, by the card or in its place. */
  readonly begun_at_ms: number;
  /** Something first changed its hold. */
  readonly changed_at_ms: number;
}

type Since = Pick<Past, 'begun_at_ms' | 'changed_at_ms'>;

export function heldTogether(one: Past, other: Past): Held & Since {
  const since = {
    begun_at_ms: earlier(one.begun_at_ms, other.begun_at_ms),
    changed_at_ms: earlier(one.changed_at_ms, other.changed_at_ms),
  };
  const heard = [...stillOf(one, other), ...stillOf(other, one)].sort(asHeard);
  const placed: HoldChange[] = [];
  for (const change of heard) placed.push({ ...change, ...placeAfter(placed, change, since) });
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

/** Of one millisecond, approvals come last: that holds more. */
function asHeard(one: HoldChange, other: HoldChange): number {
  return (
    one.heard_ms - other.heard_ms || Number(one.does === 'adds') - Number(other.does === 'adds') || one.nth - other.nth
  );
}

/** Where it stands, had the card known all that was heard before it. What stands by its own stamp or number stays there. */
function placeAfter(heardBefore: readonly HoldChange[], change: HoldChange, since: Since): Place {
  const { at_ms, order, nth, does } = change;
  const isFixed = isBeginning(change)
    ? does !== 'adds' || !isLaterApproval(heardBefore, change, since)
    : nth === 0 || does === 'lapses';
  return isFixed ? change : afterAllHeard(heardBefore, at_ms, order);
}

/** It began its own authorization, but the other one had begun by then. */
function isLaterApproval(
  heardBefore: readonly HoldChange[],
  { heard_ms }: HoldChange,
  { begun_at_ms, changed_at_ms }: Since,
): boolean {
  // Where it is not known when it was given, the larger hold is the safer one.
  if (heardBefore.some(isBeginning) || heard_ms === 0) return true;
  return begun_at_ms > 0 && begun_at_ms < heard_ms && changed_at_ms > 0 && changed_at_ms < heard_ms;
}

function earlier(oneMs: number, otherMs: number): number {
  return oneMs === 0 || otherMs === 0 ? Math.max(oneMs, otherMs) : Math.min(oneMs, otherMs);
}
