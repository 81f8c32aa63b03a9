// One authorization: what changed its hold, in the order of docs/decisions/0015-one-rule-for-order.md, and sums of what was
// cleared and refunded. Messages may arrive in any order; the same state results.

import type { Effect } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { type Portion, type Recount, recounted } from '../windows/portions.ts';
import type { Heard } from './hearing.ts';
import { type Held, type Hold, type HoldChange, withChange } from './hold-changes.ts';
import type { Subject } from './subject.ts';
import type { Refunds } from './unmatched.ts';

export interface Authorization extends Hold {
  readonly authorization_id: Id<'auth'>;
  /** Of its first event, by the card's clock. */
  readonly at_ms: number;
  /** Of its newest event, by the card's clock. */
  readonly touched_ms: number;
  /** Of its first event: what is in another one is kept for a person. */
  readonly currency: string;
  /** What controls look at; null until a message says where the card was used. */
  readonly subject: Subject | null;
  /** In their order. What they come to: `hold_minor`, reserved and neither cleared nor released. */
  readonly changes: readonly HoldChange[];
  /** Where it counts in windows: what is held and cleared, by the instants of its approvals. */
  readonly portions: readonly Portion[];
  /** All that was ever approved, without what was void. */
  readonly approved_minor: number;
  /** When its first request was decided, by the card or in its place; null: none was. Any other one is not its beginning. */
  readonly begun: Heard | null;
  /** When something first changed its hold; null: nothing did. */
  readonly changed: Heard | null;
  /** How often something was approved without us, without what was void. */
  readonly advised: number;
  readonly cleared_minor: number;
  readonly refunded_minor: number;
  /** The same by days, less what a person has released. */
  readonly refunds: Refunds;
  /** When the card drops what is still held. */
  readonly expires_at_ms: number;
}

export function newAuthorization(
  authorization_id: Id<'auth'>,
  at_ms: number,
  currency: string,
  begun: Heard | null = null,
): Authorization {
  return {
    authorization_id,
    at_ms,
    touched_ms: at_ms,
    currency,
    subject: null,
    changes: [],
    portions: [],
    hold_minor: 0,
    network_minor: 0,
    approved_minor: 0,
    begun,
    changed: null,
    advised: 0,
    cleared_minor: 0,
    refunded_minor: 0,
    refunds: [],
    expires_at_ms: 0,
  };
}

/** Whether it was a use of the card: something was approved, by us or the network, or cleared. */
export function isUse({ approved_minor, cleared_minor, advised }: Authorization): boolean {
  return approved_minor > 0 || cleared_minor > 0 || advised > 0;
}

/** What is finally spent: clearings less refunds. */
export function postedMinor(authorization: Authorization): number {
  return authorization.cleared_minor - authorization.refunded_minor;
}

/** What the step from one state of an authorization to the next did to money. */
export function effectBetween(before: Authorization, after: Authorization): Effect {
  return {
    hold_minor: after.hold_minor - before.hold_minor,
    posted_minor: postedMinor(after) - postedMinor(before),
  };
}

/** More is refunded than was cleared, or still may be; of a purchase that the card does not know, nothing can be said. */
function isRefundedAboveCleared(authorization: Authorization): boolean {
  const { cleared_minor, hold_minor, refunded_minor, portions } = authorization;
  return portions.length > 0 && refunded_minor > cleared_minor + hold_minor;
}

/**
 * Whether this event made it so. Example: 100 held, 100 refunded, and then a final clearing of 30: the clearing did. `before`: the
 * authorization, none where the event begins it, or the two that the event has joined.
 */
export function refundAbove(before: readonly Authorization[], after: Authorization): { refund_above_cleared?: true } {
  if (!isRefundedAboveCleared(after) || before.some(isRefundedAboveCleared)) return {};
  return { refund_above_cleared: true };
}

/** Counts what has changed where it belongs. */
export function counted(
  before: Authorization,
  after: Authorization,
  how: Pick<Recount, 'nowMs' | 'approves' | 'voidsGivenAtMs'>,
): Authorization {
  const heldChange = after.hold_minor - before.hold_minor;
  const clearedChange = after.cleared_minor - before.cleared_minor;
  const touched_ms = how.nowMs;
  // Most changes of most authorizations: a refund, a repeat of what is known.
  const isUnchanged = heldChange === 0 && clearedChange === 0 && how.approves === undefined;
  if (isUnchanged && how.voidsGivenAtMs === undefined && isUse(before) === isUse(after))
    return { ...after, touched_ms };
  const change = { ...how, heldChange, clearedChange, isUse: isUse(after) };
  return { ...after, touched_ms, portions: recounted(before.portions, change) };
}

/** With one change more of its hold. */
export function changedBy(authorization: Authorization, change: HoldChange): Held & Pick<Authorization, 'changed'> {
  const { heard, heard_ms } = change;
  return { ...withChange(authorization, change), changed: authorization.changed ?? { heard, heard_ms } };
}
