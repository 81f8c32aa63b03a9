// A message of the network, or of our own edge in the card's place: recorded and folded in, in whatever order messages come.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { ApprovalInPlace } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import type { Id } from '../../contracts/ids.ts';
import { type Authorization, changedBy, counted, refundAbove } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { decide } from './decide.ts';
import { alsoNamedBy, type Found, joinedBy, type Named, replace, take } from './found.ts';
import { availableMinor, effectOf, moreWithheldBy, spentBy } from './funds.ts';
import { type Hearing, heardAt } from './hearing.ts';
import { type HoldChange, placeOf } from './hold-changes.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';
import { afterApprovalInPlace, approvalInPlace, heldForRequest, isAnswerInPlace, keepInPlace } from './in-place.ts';
import type { Body } from './logged-event.ts';
import { authorizationKeyOf } from './message-content.ts';
import { approvalInPlaceRecordedIn, countsOnNoDay } from './rows-of-old.ts';
import { merchantSaid, type Subject, subjectAt } from './subject.ts';
import { dayOf, withRefund } from './unmatched.ts';

const noEffect = { hold_minor: 0, posted_minor: 0 };

/** What it names: an authorization, or one of its own. */
export function namedBy(message: CardMessage): Named {
  const { alias_key, currency } = message;
  return { authorization_key: authorizationKeyOf(message), alias_key, currency };
}

/** `answer`: of an answer in the card's place, the event that holds the card's own answer to the same request. */
export function receiveMessage(
  state: CardState,
  message: CardMessage,
  found: Found,
  event_id: Id<'evt'>,
  hearing: Hearing,
  answer: Body<'authorization'> | null = null,
): Body<'message'> {
  const nowMs = hearing.at_ms;
  const before = found.authorization;
  const common = { kind: 'message', event_id, authorization_id: before.authorization_id, message } as const;
  // Funds, windows and ledger are in the card's currency, and one authorization is in one: money in another is kept for a
  // person, not guessed at. The hold stays; a message in the right currency, or a reversal, still finds it.
  const isForeign = state.profile !== null && message.currency !== state.profile.currency;
  if (isForeign || message.currency !== before.currency)
    return { ...common, effect: noEffect, anomaly: 'currency_mismatch' };
  const approval = isAnswerInPlace(message)
    ? approvalInPlace(message, heldForRequest(state.answers, message.request_key, answer), nowMs)
    : undefined;
  const after = afterHearing(state, before, message, approval, hearing);
  const effect = effectOf(found, after);
  const left = availableMinor(state);
  const moreHeld = spentBy(effect, found) - effect.posted_minor;
  const moreWithheld = moreWithheldBy(state, found, after);
  const spends = spentBy(effect, found) + moreWithheld;
  const overdrawn = left !== null && spends > 0 && left - spends < 0;
  const against = message.kind === 'advice' ? wouldDecline(state, message, found, moreHeld, nowMs) : null;
  return {
    ...common,
    effect,
    ...(approval === undefined ? {} : { approval }),
    ...(against === null ? {} : { against }),
    ...(overdrawn ? { overdrawn } : {}),
    // Each further refund is another one to look at.
    ...refundAbove(message.kind === 'refund' ? [] : found.parts, after),
    ...(message.kind === 'refund' ? { withheld_minor: Math.max(0, moreWithheld) } : {}),
    ...alsoNamedBy(found),
    ...joinedBy(found),
  };
}

export function foldMessage(state: CardState, body: Body<'message'>, found: Found, hearing: Hearing): void {
  const { sequence, at_ms: atMs } = hearing;
  const { message, anomaly } = body;
  state.received.set(message.message_key, sequence);
  if (anomaly !== undefined) return;
  take(state, found);
  const { authorization } = found;
  const approval = approvalInPlaceRecordedIn(state, body, atMs);
  const after = afterHearing(state, authorization, message, approval, hearing);
  if (message.kind === 'advice' && message.request_key !== undefined)
    keepInPlace(state.answers, message, message.request_key, {
      approval,
      place: placeOf(authorization.changes, message, atMs),
      sequence,
    });
  replace(state, found, countsOnNoDay(body, authorization, after));
}

/** What the rules would have said of more that was approved without us. */
function wouldDecline(
  state: CardState,
  advice: Extract<CardMessage, { kind: 'advice' }>,
  found: Found,
  moreMinor: number,
  nowMs: number,
): DeclineReason | null {
  if (moreMinor <= 0) return null;
  const { authorization_key, alias_key } = advice;
  const { subject } = found.authorization;
  const nowhere = { id: null, name: null, category: null, country: null };
  const merchant = merchantSaid(advice.merchant, subject?.merchant ?? null) ?? nowhere;
  const request: AuthorizationRequest = {
    request_key: advice.message_key,
    authorization_key,
    alias_key,
    kind: 'authorization',
    amount_minor: moreMinor,
    currency: advice.currency,
    merchant,
    channel: subject?.channel ?? 'other',
    entry_mode: subject?.entry_mode ?? 'other',
    card_present: subject?.card_present ?? null,
    partial_approval_capable: false,
  };
  return decide(state, request, found, nowMs).decision.reason;
}

/** An authorization after a message. `approval`: of an answer in the card's place that approved something. */
function afterHearing(
  state: CardState,
  authorization: Authorization,
  message: CardMessage,
  approval: ApprovalInPlace | undefined,
  hearing: Hearing,
): Authorization {
  const atMs = hearing.at_ms;
  // The edge told the network no: nothing is held for that, and what is held stays.
  if (isAnswerInPlace(message) && approval === undefined) return { ...authorization, touched_ms: atMs };
  const merchant = 'merchant' in message ? message.merchant : null;
  const usedAt = merchantSaid(merchant, authorization.subject?.merchant ?? null);
  const expires_at_ms = holdExpiresAtMs(state.profile, { merchant: usedAt }, atMs);
  const known = { subject: subjectAt(merchant), expires_at_ms };
  if (approval !== undefined && isAnswerInPlace(message))
    return afterApprovalInPlace(authorization, message, approval, known, hearing);
  return afterMessage(authorization, message, known, hearing);
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
