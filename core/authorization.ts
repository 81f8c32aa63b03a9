// One authorization's life as sums. Every message adds to a sum or sets a flag, so messages may come in any order and the
// same state results; hold, counted and posted amounts are read off the sums, never kept beside them.

import type { AuthorizationRequest, Merchant } from '../contracts/authorization-request.ts';
import type { Effect } from '../contracts/card-event.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { Id } from '../contracts/ids.ts';

export interface Authorization {
  readonly authorization_id: Id<'auth'>;
  /** The instant that decides in which windows it counts: its first event. */
  readonly at_ms: number;
  /** What controls look at; null until a message says where the card was used. */
  readonly merchant: Merchant | null;
  readonly approved_minor: number;
  readonly reversed_minor: number;
  readonly cleared_minor: number;
  readonly refunded_minor: number;
  /** Nothing is held any more: final clearing, full reversal or expiry. */
  readonly closed: boolean;
}

export function newAuthorization(authorization_id: Id<'auth'>, at_ms: number): Authorization {
  return {
    authorization_id,
    at_ms,
    merchant: null,
    approved_minor: 0,
    reversed_minor: 0,
    cleared_minor: 0,
    refunded_minor: 0,
    closed: false,
  };
}

/** Reserved and neither cleared nor released. */
export function holdMinor(authorization: Authorization): number {
  const { approved_minor, reversed_minor, cleared_minor, closed } = authorization;
  return closed ? 0 : Math.max(0, approved_minor - reversed_minor - cleared_minor);
}

/** What windows count: the approved amount until more has cleared than that, or nothing is held any more. */
export function countedMinor(authorization: Authorization): number {
  return holdMinor(authorization) + authorization.cleared_minor;
}

/** What is finally spent: clearings less refunds. */
export function postedMinor(authorization: Authorization): number {
  return authorization.cleared_minor - authorization.refunded_minor;
}

/** What the step from one state of a life to the next did to money. */
export function effectBetween(before: Authorization, after: Authorization): Effect {
  return {
    hold_minor: holdMinor(after) - holdMinor(before),
    posted_minor: postedMinor(after) - postedMinor(before),
  };
}

/**
 * A request that was approved holds its amount, on a life that is closed too: what the closing released stays released.
 * But where clearings came before any approval, this is the authorization that they belong to, and holds nothing any more.
 */
export function afterApproval(
  authorization: Authorization,
  request: AuthorizationRequest,
  approvedMinor: number,
): Authorization {
  const { approved_minor, reversed_minor, cleared_minor, closed } = authorization;
  const reopens = closed && approved_minor > 0;
  return {
    ...authorization,
    merchant: request.merchant,
    approved_minor: approved_minor + approvedMinor,
    reversed_minor: reopens ? approved_minor - cleared_minor : reversed_minor,
    closed: closed && !reopens,
  };
}

/** The request's answer came too late: as if it had never been approved. */
export function afterVoid(authorization: Authorization, voidedMinor: number): Authorization {
  return { ...authorization, approved_minor: authorization.approved_minor - voidedMinor };
}

export function afterMessage(authorization: Authorization, message: CardMessage): Authorization {
  switch (message.kind) {
    case 'clearing':
      return {
        ...authorization,
        merchant: authorization.merchant ?? message.merchant,
        cleared_minor: authorization.cleared_minor + message.amount_minor,
        closed: authorization.closed || message.final,
      };
    case 'reversal':
      return message.amount_minor === null
        ? { ...authorization, closed: true }
        : { ...authorization, reversed_minor: authorization.reversed_minor + message.amount_minor };
    case 'refund':
      return { ...authorization, refunded_minor: authorization.refunded_minor + message.amount_minor };
  }
}
