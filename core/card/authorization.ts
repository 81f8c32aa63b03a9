// One authorization: what changed its hold, in the order of docs/decisions/0015-one-rule-for-order.md, and sums of what was
// cleared and refunded. Messages may arrive in any order; the same state results.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Effect, RecordedApproval } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { type Portion, type Recount, recounted } from '../windows/portions.ts';
import { type Heard, type Hearing, heardAt } from './hearing.ts';
import {
  afterAllHeard,
  approvalPlace,
  beginningPlace,
  type Held,
  type Hold,
  type HoldChange,
  placeOf,
  withChange,
} from './hold-changes.ts';
import type { Subject } from './subject.ts';
import { dayOf, type Refunds, withRefund } from './unmatched.ts';

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

export function newAuthorization(authorization_id: Id<'auth'>, at_ms: number, currency: string): Authorization {
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
    begun: null,
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

/** As the card records it: where it stands, when it was given, what it adds. */
export function approvalOf(
  authorization: Authorization,
  request: AuthorizationRequest,
  adds_minor: number,
  nowMs: number,
): RecordedApproval {
  // After a decline or a verification nothing has been held that a message could be about, so that what the network says now is of
  // this approval, though its stamp is a second older. An increment of what the card has never heard of begins nothing: it belongs
  // to an authorization that a message will name, and that message may be the advice it adds to.
  const isFirst = authorization.changed === null;
  const isBegun = authorization.begun !== null;
  const begins = request.kind === 'incremental' ? isBegun && isFirst : !isBegun || isFirst;
  const place = begins ? beginningPlace(request, nowMs) : approvalPlace(authorization.changes, request, nowMs);
  return { ...place, given_at_ms: nowMs, adds_minor };
}

export function afterApproval(
  authorization: Authorization,
  kind: AuthorizationRequest['kind'],
  approval: RecordedApproval,
  granted: { approved_minor: number; subject: Subject; expires_at_ms: number },
  { sequence }: Hearing,
): Authorization {
  const { given_at_ms, adds_minor } = approval;
  const heard = { heard: sequence, heard_ms: given_at_ms };
  const after = {
    ...authorization,
    ...changedBy(authorization, addedBy(approval, granted.approved_minor, heard)),
    subject: subjectAfter(authorization, granted.subject),
    approved_minor: authorization.approved_minor + adds_minor,
    begun: authorization.begun ?? heard,
    expires_at_ms: Math.max(authorization.expires_at_ms, granted.expires_at_ms),
  };
  const approves = { kind: kind === 'incremental' ? 'added' : 'asked', minor: adds_minor } as const;
  return counted(authorization, after, { nowMs: given_at_ms, approves });
}

/** Decided, and nothing is held for it: declined, a verification, or held already by an answer in the card's place. */
export function afterDecisionOfNothing(
  authorization: Authorization,
  subject: Subject | null,
  hearing: Hearing,
): Authorization {
  const known = subject === null ? authorization.subject : subjectAfter(authorization, subject);
  const begun = authorization.begun ?? heardAt(hearing);
  return { ...authorization, subject: known, begun, touched_ms: hearing.at_ms };
}

/** Where the purchase was made is said once: an increment counts with what it adds to, whatever it says itself. */
function subjectAfter(authorization: Authorization, asked: Subject): Subject {
  return (authorization.approved_minor > 0 ? authorization.subject : null) ?? asked;
}

/** What an approval adds to the hold; `network_minor`: how much of that the network was told. */
export function addedBy(
  { adds_minor: minor, at_ms, order, nth }: RecordedApproval,
  network_minor: number,
  heard: Heard,
): HoldChange {
  const place = order === undefined ? { at_ms, nth } : { at_ms, order, nth };
  const change = { ...place, does: 'adds', minor, ...heard } as const;
  return network_minor === minor ? change : { ...change, network_minor };
}

/** With one change more of its hold. */
function changedBy(authorization: Authorization, change: HoldChange): Held & Pick<Authorization, 'changed'> {
  const { heard, heard_ms } = change;
  return { ...withChange(authorization, change), changed: authorization.changed ?? { heard, heard_ms } };
}

/** Nobody cleared it in time: all that the card has heard of is released. What the network says of later instants is held. */
export function afterExpiry(authorization: Authorization, hearing: Hearing): Authorization {
  const nowMs = hearing.at_ms;
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = changedBy(authorization, { ...place, does: 'lapses', minor: 0, ...heardAt(hearing) });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}

/** Set to what the books hold for it. */
export function afterCorrection(authorization: Authorization, hold_minor: number, hearing: Hearing): Authorization {
  const nowMs = hearing.at_ms;
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = changedBy(authorization, { ...place, does: 'sets', minor: hold_minor, ...heardAt(hearing) });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}

/** `known`: what the message says of where the card was used, and when a hold that it sets would lapse. */
export function afterMessage(
  authorization: Authorization,
  message: CardMessage,
  known: { subject: Subject | null; expires_at_ms: number },
  hearing: Hearing,
): Authorization {
  const nowMs = hearing.at_ms;
  const after = { ...authorization, subject: authorization.subject ?? known.subject };
  const place = placeOf(authorization.changes, message, nowMs);
  const changed = (does: HoldChange['does'], minor: number) => ({
    ...after,
    ...changedBy(authorization, { ...place, does, minor, ...heardAt(hearing) }),
  });
  const done = (next: Authorization) => counted(authorization, next, { nowMs });
  switch (message.kind) {
    case 'clearing': {
      const { amount_minor, final } = message;
      const cleared_minor = authorization.cleared_minor + amount_minor;
      if (!final && amount_minor === 0) return done(after);
      return done({ ...(final ? changed('ends', 0) : changed('takes', amount_minor)), cleared_minor });
    }
    case 'reversal':
      if (message.amount_minor === null) return done(changed('ends', 0));
      return done(message.amount_minor === 0 ? after : changed('takes', message.amount_minor));
    case 'expiry':
      return done(changed('ends', 0));
    case 'advice': {
      const isApproval = message.hold_minor > 0;
      const begins = isApproval && message.request_key !== undefined;
      return done({
        ...changed('sets', message.hold_minor),
        advised: authorization.advised + (isApproval ? 1 : 0),
        begun: authorization.begun ?? (begins ? heardAt(hearing) : null),
        expires_at_ms: Math.max(authorization.expires_at_ms, known.expires_at_ms),
      });
    }
    case 'refund':
      return done({
        ...after,
        refunded_minor: authorization.refunded_minor + message.amount_minor,
        refunds: withRefund(authorization.refunds, dayOf(nowMs), message.amount_minor),
      });
  }
}
