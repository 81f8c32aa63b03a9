// One authorization: what changed its hold, in the order of docs/decisions/0015-one-rule-for-order.md, and sums of what was
// cleared and refunded. Messages may arrive in any order; the same state results.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody, Effect, RecordedApproval } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Id } from '../contracts/ids.ts';
import { limits } from '../contracts/limits.ts';
import {
  afterAllHeard,
  approvalPlace,
  beginning,
  type Hold,
  type HoldChange,
  merged,
  type Place,
  placeOf,
  withChange,
} from './hold-changes.ts';
import { joinedPortions, type Portion, type Recount, recounted } from './portions.ts';
import type { Subject } from './subject.ts';

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
  /** A request of it was decided, by the card or in its place: any other one is not its beginning. */
  readonly begun: boolean;
  /** How often something was approved without us, without what was void. */
  readonly advised: number;
  readonly cleared_minor: number;
  readonly refunded_minor: number;
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
    begun: false,
    advised: 0,
    cleared_minor: 0,
    refunded_minor: 0,
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

/** Counts what has changed where it belongs. */
function counted(
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
  const isFirst = authorization.changes.length === 0;
  const begins = request.kind === 'incremental' ? authorization.begun && isFirst : !authorization.begun || isFirst;
  const place = begins ? beginning : approvalPlace(authorization.changes, request, nowMs);
  return { ...place, given_at_ms: nowMs, adds_minor };
}

export function afterApproval(
  authorization: Authorization,
  kind: AuthorizationRequest['kind'],
  approval: RecordedApproval,
  granted: { approved_minor: number; subject: Subject; expires_at_ms: number },
): Authorization {
  const { given_at_ms, adds_minor, ...place } = approval;
  const after = {
    ...authorization,
    ...withChange(authorization, changeOf(place, 'adds', adds_minor, granted.approved_minor)),
    subject: subjectAfter(authorization, granted.subject),
    approved_minor: authorization.approved_minor + adds_minor,
    begun: true,
    expires_at_ms: Math.max(authorization.expires_at_ms, granted.expires_at_ms),
  };
  const approves = { kind: kind === 'incremental' ? 'added' : 'asked', minor: adds_minor } as const;
  return counted(authorization, after, { nowMs: given_at_ms, approves });
}

/** Decided, and nothing is held for it: declined, a verification, or held already by an answer in the card's place. */
export function afterDecisionOfNothing(
  authorization: Authorization,
  subject: Subject | null,
  nowMs: number,
): Authorization {
  const known = subject === null ? authorization.subject : subjectAfter(authorization, subject);
  return { ...authorization, subject: known, begun: true, touched_ms: nowMs };
}

/** Where the purchase was made is said once: an increment counts with what it adds to, whatever it says itself. */
function subjectAfter(authorization: Authorization, asked: Subject): Subject {
  return (authorization.approved_minor > 0 ? authorization.subject : null) ?? asked;
}

function changeOf(place: Place, does: 'adds' | 'takes', minor: number, network_minor: number): HoldChange {
  return network_minor === minor ? { ...place, does, minor } : { ...place, does, minor, network_minor };
}

/** What a void takes back. */
export type Voided = Pick<
  Extract<CardEventBody, { kind: 'void' }>,
  'voided_minor' | 'approved_minor' | 'approval' | 'stood_in'
>;

/** The request's answer came too late: as if it had never been approved. What the network said of later instants stands. */
export function afterVoid(authorization: Authorization, voided: Voided, nowMs: number): Authorization {
  const { voided_minor, approved_minor = voided_minor, approval, stood_in } = voided;
  if (stood_in !== undefined) {
    // At the stand-in's own place, after it: what it had added is gone, or its figure, and what came later stands.
    const advised = Math.max(0, authorization.advised - (voided_minor > 0 ? 1 : 0));
    const isAdded = authorization.changes.some((change) => isAddedAt(stood_in, change));
    const released = isAdded
      ? ({ does: 'takes', minor: voided_minor } as const)
      : ({ does: 'ends', minor: 0 } as const);
    const after = withChange(authorization, { ...stood_in, ...released });
    return counted(authorization, { ...authorization, ...after, advised }, { nowMs });
  }
  if (approval === undefined || voided_minor === 0) return { ...authorization, touched_ms: nowMs };
  const { given_at_ms, adds_minor: _, ...place } = approval;
  const after = {
    ...authorization,
    ...withChange(authorization, changeOf(place, 'takes', voided_minor, approved_minor)),
    approved_minor: authorization.approved_minor - voided_minor,
  };
  return counted(authorization, after, { nowMs, voidsGivenAtMs: given_at_ms });
}

function isAddedAt(place: Place, { does, at_ms, order, nth }: HoldChange): boolean {
  return does === 'adds' && at_ms === place.at_ms && order === place.order && nth === place.nth;
}

/**
 * Where a message stands. A stand-in that adds to an authorization comes after what was heard of its instant, as an approval does: a
 * second try that is stood in for in the second of a full reversal stays held.
 */
export function messagePlace(
  { changes, begun }: Authorization,
  message: CardMessage,
  isApproval: boolean,
  nowMs: number,
): Place {
  const place = placeOf(changes, message, nowMs);
  return isApproval && begun ? { ...place, nth: Math.max(1, place.nth) } : place;
}

/** Nobody cleared it in time: all that the card has heard of is released. What the network says of later instants is held. */
export function afterExpiry(authorization: Authorization, nowMs: number): Authorization {
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = withChange(authorization, { ...place, does: 'ends', minor: 0 });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}

/** Set to what the books hold for it. */
export function afterCorrection(authorization: Authorization, hold_minor: number, nowMs: number): Authorization {
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = withChange(authorization, { ...place, does: 'sets', minor: hold_minor });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}

/**
 * `known`: what the message says of where the card was used, and when a hold that it sets would lapse; `isApproval`: it is an
 * advice of our own edge's approval, which adds to what is held.
 */
export function afterMessage(
  authorization: Authorization,
  message: CardMessage,
  known: { subject: Subject | null; expires_at_ms: number; isApproval: boolean },
  nowMs: number,
): Authorization {
  const after = { ...authorization, subject: authorization.subject ?? known.subject };
  const place = messagePlace(authorization, message, known.isApproval, nowMs);
  const changed = (does: HoldChange['does'], minor: number) => ({
    ...after,
    ...withChange(authorization, { ...place, does, minor }),
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
    case 'advice':
      return done({
        ...changed(known.isApproval ? 'adds' : 'sets', message.hold_minor),
        advised: authorization.advised + (message.hold_minor > 0 ? 1 : 0),
        begun: authorization.begun || (message.request_key !== undefined && message.hold_minor > 0),
        expires_at_ms: Math.max(authorization.expires_at_ms, known.expires_at_ms),
      });
    case 'refund':
      return done({ ...after, refunded_minor: authorization.refunded_minor + message.amount_minor });
  }
}

/** Two authorizations that turn out to be one, known by two of the network's ids until now. */
export function joined(one: Authorization, other: Authorization): Authorization {
  const [first, second] = one.at_ms <= other.at_ms ? [one, other] : [other, one];
  // What was asked for says more of the purchase than a message does.
  const asked = first.approved_minor === 0 && second.approved_minor > 0 ? second : first;
  const held = merged([...one.changes, ...other.changes]);
  const heldChange = held.hold_minor - one.hold_minor - other.hold_minor;
  return {
    ...first,
    ...held,
    portions: joinedPortions(one.portions, other.portions, heldChange),
    authorization_id: one.authorization_id,
    touched_ms: Math.max(one.touched_ms, other.touched_ms),
    subject: asked.subject ?? first.subject ?? second.subject,
    approved_minor: one.approved_minor + other.approved_minor,
    begun: one.begun || other.begun,
    advised: one.advised + other.advised,
    cleared_minor: one.cleared_minor + other.cleared_minor,
    refunded_minor: one.refunded_minor + other.refunded_minor,
    expires_at_ms: Math.max(one.expires_at_ms, other.expires_at_ms),
  };
}
