// One authorization's life: the network's last word on the hold (a cut), and what happened after it (steps). By the network's
// clock, not by arrival, so messages may come in any order and the same state results.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardEventBody, Effect } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Id } from '../contracts/ids.ts';
import type { Subject } from './subject.ts';

/** Adds to the hold (an approval) or takes from it (a reversal, a clearing, a void), never below nothing. */
export interface Step {
  readonly at_ms: number;
  readonly minor: number;
  /** The same of what the network was told; absent: as much. */
  readonly told_minor?: number;
}

/** From this instant on, this is held, whatever was before: final clearing, full reversal and expiry (0), advice (its figure). */
export interface Cut {
  readonly at_ms: number;
  readonly hold_minor: number;
}

export interface Authorization {
  readonly authorization_id: Id<'auth'>;
  /** The instant that decides in which windows it counts: its first event, by the card's clock. */
  readonly at_ms: number;
  /** Its newest event, by the card's clock. */
  readonly touched_ms: number;
  /** What controls look at; null until a message says where the card was used. */
  readonly subject: Subject | null;
  readonly cut: Cut | null;
  /** After the cut, in their order. */
  readonly steps: readonly Step[];
  /** Reserved and neither cleared nor released: what cut and steps come to. */
  readonly hold_minor: number;
  /** What of it the network knows of: without what our controls hold in addition. */
  readonly told_minor: number;
  /** All that was ever approved, without what was void. */
  readonly approved_minor: number;
  /** A request of it was approved once, by us or in our place, void since or not. */
  readonly begun: boolean;
  /** How often something was approved without us, without what was void. */
  readonly advised: number;
  readonly cleared_minor: number;
  readonly refunded_minor: number;
  /** When the card drops what is still held. */
  readonly expires_at_ms: number;
}

export function newAuthorization(authorization_id: Id<'auth'>, at_ms: number): Authorization {
  return {
    authorization_id,
    at_ms,
    touched_ms: at_ms,
    subject: null,
    cut: null,
    steps: [],
    hold_minor: 0,
    told_minor: 0,
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

/** What the step from one state of a life to the next did to money. */
export function effectBetween(before: Authorization, after: Authorization): Effect {
  return {
    hold_minor: after.hold_minor - before.hold_minor,
    posted_minor: postedMinor(after) - postedMinor(before),
  };
}

type Held = Pick<Authorization, 'hold_minor' | 'told_minor'>;

/** Where nothing is left of what the network knows of, nothing can come of what was held in addition. */
function afterStep({ hold_minor, told_minor }: Held, step: Step): Held {
  const told = Math.max(0, told_minor + (step.told_minor ?? step.minor));
  return { hold_minor: told === 0 ? 0 : Math.max(0, hold_minor + step.minor), told_minor: told };
}

/** What a cut and the steps after it come to. */
export function heldBy(cut: Cut | null, steps: readonly Step[]): Held {
  const hold_minor = cut?.hold_minor ?? 0;
  return steps.reduce(afterStep, { hold_minor, told_minor: hold_minor });
}

/** Every change of a hold goes through here or `withStep`: it is never set elsewhere. */
function withSteps(authorization: Authorization, cut: Cut | null, steps: readonly Step[]): Authorization {
  const after = cut === null ? steps : steps.filter((step) => step.at_ms > cut.at_ms);
  return { ...authorization, cut, steps: after, ...heldBy(cut, after) };
}

function withStep(authorization: Authorization, step: Step): Authorization {
  const { cut, steps } = authorization;
  if (step.minor === 0 || (cut !== null && step.at_ms <= cut.at_ms)) return authorization;
  const last = steps.at(-1);
  if (last === undefined || inOrder(last, step) < 0)
    return { ...authorization, steps: [...steps, step], ...afterStep(authorization, step) };
  return withSteps(authorization, cut, [...steps, step].sort(inOrder));
}

function stepOf(at_ms: number, minor: number, told_minor: number): Step {
  return told_minor === minor ? { at_ms, minor } : { at_ms, minor, told_minor };
}

/** At the same instant what adds comes first. */
function inOrder(one: Step, other: Step): number {
  return one.at_ms - other.at_ms || other.minor - one.minor;
}

/** Of two words for the same instant the lower one holds: nothing was left of the other. */
function withCut(authorization: Authorization, cut: Cut): Authorization {
  const { cut: before, steps } = authorization;
  if (before !== null && (before.at_ms - cut.at_ms || cut.hold_minor - before.hold_minor) > 0) return authorization;
  return withSteps(authorization, cut, steps);
}

/** The instant of the newest thing known of the life: a message without a time of its own comes after it. */
function latestMs({ cut, steps }: Authorization): number {
  return Math.max(cut?.at_ms ?? 0, steps.at(-1)?.at_ms ?? 0);
}

/** Before all that a network tells, by whatever clock: only so does it not matter which of them arrives first. */
const beginningMs = 0;

/**
 * The instant of an approval. Without a time of its own, the first one began the life, whatever is told of it, earlier or later;
 * any other is new, on a life that is closed too.
 */
export function approvedAtMs(authorization: Authorization, request: AuthorizationRequest, nowMs: number): number {
  if (request.occurred_at_ms !== undefined) return Math.min(request.occurred_at_ms, nowMs);
  // After a void the network asks anew: that is no longer the beginning, and must not go under what ended the first try.
  const first = !authorization.begun && request.kind !== 'incremental';
  return first ? beginningMs : Math.max(nowMs, latestMs(authorization) + 1);
}

export function afterApproval(
  authorization: Authorization,
  request: AuthorizationRequest,
  approval: { hold_minor: number; approved_minor: number; subject: Subject; expires_at_ms: number },
  nowMs: number,
): Authorization {
  // Where the purchase was made is said once: an increment counts with what it adds to, whatever it says itself.
  const subject = (authorization.approved_minor > 0 ? authorization.subject : null) ?? approval.subject;
  if (approval.hold_minor === 0) return { ...authorization, subject, touched_ms: nowMs };
  const at_ms = approvedAtMs(authorization, request, nowMs);
  return {
    ...withStep(authorization, stepOf(at_ms, approval.hold_minor, approval.approved_minor)),
    subject,
    approved_minor: authorization.approved_minor + approval.hold_minor,
    begun: true,
    expires_at_ms: Math.max(authorization.expires_at_ms, approval.expires_at_ms),
    touched_ms: nowMs,
  };
}

/** What a void takes back. */
export type Voided = Pick<
  Extract<CardEventBody, { kind: 'void' }>,
  'voided_minor' | 'approved_minor' | 'approved_at_ms' | 'stood_in_at_ms'
>;

/** The request's answer came too late: as if it had never been approved. What the network said of later instants stands. */
export function afterVoid(authorization: Authorization, voided: Voided, nowMs: number): Authorization {
  const { voided_minor, approved_minor = voided_minor, stood_in_at_ms } = voided;
  if (stood_in_at_ms !== undefined)
    return {
      // Of two words for one instant the lower one holds: the advice's figure is gone, and what came after it stands.
      ...withCut(authorization, { at_ms: stood_in_at_ms, hold_minor: 0 }),
      advised: Math.max(0, authorization.advised - (voided_minor > 0 ? 1 : 0)),
      touched_ms: nowMs,
    };
  const at_ms = voided.approved_at_ms ?? Math.max(nowMs, latestMs(authorization));
  return {
    ...withStep(authorization, stepOf(at_ms, -voided_minor, -approved_minor)),
    approved_minor: authorization.approved_minor - voided_minor,
    touched_ms: nowMs,
  };
}

/** Nobody cleared it in time. */
export function afterExpiry(authorization: Authorization, nowMs: number): Authorization {
  const at_ms = Math.max(nowMs, latestMs(authorization));
  return { ...withCut(authorization, { at_ms, hold_minor: 0 }), touched_ms: nowMs };
}

/** The instant of a message. Without a time of its own it comes after all that is known. */
export function toldAtMs(authorization: Authorization, { occurred_at_ms }: CardMessage, nowMs: number): number {
  return occurred_at_ms === undefined ? Math.max(nowMs, latestMs(authorization)) : Math.min(occurred_at_ms, nowMs);
}

/** `told`: what the message says of where the card was used, and when a hold that it sets would lapse. */
export function afterMessage(
  authorization: Authorization,
  message: CardMessage,
  told: { subject: Subject | null; expires_at_ms: number },
  nowMs: number,
): Authorization {
  const at_ms = toldAtMs(authorization, message, nowMs);
  const touched = { ...authorization, subject: authorization.subject ?? told.subject, touched_ms: nowMs };
  switch (message.kind) {
    case 'clearing': {
      const cleared = { ...touched, cleared_minor: authorization.cleared_minor + message.amount_minor };
      if (message.final) return withCut(cleared, { at_ms, hold_minor: 0 });
      return withStep(cleared, { at_ms, minor: -message.amount_minor });
    }
    case 'reversal':
      if (message.amount_minor === null) return withCut(touched, { at_ms, hold_minor: 0 });
      return withStep(touched, { at_ms, minor: -message.amount_minor });
    case 'expiry':
      return withCut(touched, { at_ms, hold_minor: 0 });
    case 'advice':
      return {
        ...withCut(touched, { at_ms, hold_minor: message.hold_minor }),
        advised: authorization.advised + (message.hold_minor > 0 ? 1 : 0),
        begun: authorization.begun || (message.request_key !== undefined && message.hold_minor > 0),
        expires_at_ms: Math.max(authorization.expires_at_ms, told.expires_at_ms),
      };
    case 'refund':
      return { ...touched, refunded_minor: authorization.refunded_minor + message.amount_minor };
  }
}

/** Two lives that turn out to be one, known by two of the network's ids until now. */
export function joined(one: Authorization, other: Authorization): Authorization {
  const [first, second] = one.at_ms <= other.at_ms ? [one, other] : [other, one];
  // What was asked for says more of the purchase than what was told of it.
  const asked = first.approved_minor === 0 && second.approved_minor > 0 ? second : first;
  const both: Authorization = {
    ...first,
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
  const steps = [...one.steps, ...other.steps].sort(inOrder);
  const withOne = withSteps(both, one.cut, steps);
  return other.cut === null ? withOne : withCut(withOne, other.cut);
}
