// What our own edge approved in the card's place, while the card could not be reached. It is an approval of the instant at which
// the edge gave it, though the card hears of it later: it adds to what is held, as if the card had approved it then.

import type { ApprovalInPlace, Place, RecordedApproval } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { type Answers, answerInPlace, type InPlace } from './answers.ts';
import { addedBy, approvalRecordedIn, withApproval } from './approvals.ts';
import { type Authorization, counted } from './authorization.ts';
import type { Hearing } from './hearing.ts';
import { heldTogether } from './held-together.ts';
import { beginningPlace, merged } from './hold-changes.ts';
import type { Body } from './logged-event.ts';
import type { Subject } from './subject.ts';

type Advice = Extract<CardMessage, { kind: 'advice' }>;

/** An answer of our own edge to a request. An advice of the network is another thing: it says all that is held. */
export interface AnswerInPlace extends Advice {
  readonly request_key: string;
}

export function isAnswerInPlace(message: CardMessage): message is AnswerInPlace {
  return message.kind === 'advice' && message.decided_by === 'edge' && message.request_key !== undefined;
}

/** What is held for a request already: all of it, and as far as the network was told. */
export interface HeldForRequest {
  readonly adds_minor: number;
  readonly approved_minor: number;
  /** By the card alone: its approval. */
  readonly own?: RecordedApproval | undefined;
}

/** What is held for a request that the edge has answered: by the card's own answer, and by an earlier one in its place. */
export function heldForRequest(
  answers: Answers,
  requestKey: string,
  answer: Body<'authorization'> | null,
): HeldForRequest {
  const own = answer === null || answers.givenUp.has(requestKey) ? undefined : approvalRecordedIn(answer);
  const inPlace = answerInPlace(answers, requestKey)?.approvals ?? [];
  const held = { adds_minor: own?.adds_minor ?? 0, approved_minor: 0 };
  if (own !== undefined) held.approved_minor = answer?.decision.approved_minor ?? 0;
  for (const { adds_minor, approved_minor } of inPlace) {
    held.adds_minor += adds_minor;
    held.approved_minor += approved_minor;
  }
  return { ...held, own: inPlace.length === 0 ? own : undefined };
}

/**
 * As it is recorded. What the card itself holds for the same request is not held twice: 60 approved by the edge, where the card
 * had approved 50 of it and that answer was lost, adds 10; where the card had declined it, 60; where the card holds 70 for it, that
 * is lowered to 60. Undefined: the edge approved nothing.
 */
export function approvalInPlace(
  { hold_minor, occurred_at_ms, order, answered_at_ms }: AnswerInPlace,
  already: HeldForRequest,
  nowMs: number,
): ApprovalInPlace | undefined {
  if (hold_minor === 0) return undefined;
  const given_at_ms = Math.min(answered_at_ms ?? occurred_at_ms ?? nowMs, nowMs);
  const given = { ...beginningPlace({ occurred_at_ms, order }, given_at_ms), given_at_ms };
  const { own, adds_minor, approved_minor } = already;
  if (own !== undefined && own.adds_minor > hold_minor)
    return { ...given, adds_minor: 0, approved_minor: 0, lowers: own };
  return {
    ...given,
    adds_minor: Math.max(0, hold_minor - adds_minor),
    approved_minor: Math.max(0, hold_minor - approved_minor),
  };
}

/** `known`: what the message says of where the card was used, and when the hold would lapse. */
export function afterApprovalInPlace(
  authorization: Authorization,
  { hold_minor }: Pick<AnswerInPlace, 'hold_minor'>,
  approval: ApprovalInPlace,
  known: { subject: Subject | null; expires_at_ms: number },
  hearing: Hearing,
): Authorization {
  const { adds_minor, lowers } = approval;
  const held =
    lowers === undefined
      ? heldWith(authorization, approval, hearing)
      : merged(withApproval(authorization.changes, lowers, hold_minor));
  const after = {
    ...authorization,
    ...held,
    subject: authorization.subject ?? known.subject,
    advised: authorization.advised + 1,
    expires_at_ms: Math.max(authorization.expires_at_ms, known.expires_at_ms),
  };
  const approves = adds_minor === 0 ? {} : { approves: { kind: 'asked', minor: adds_minor } as const };
  return counted(authorization, after, { nowMs: hearing.at_ms, ...approves });
}

/** As an authorization of its own, that turns out to be a part of this one. */
function heldWith(
  authorization: Authorization,
  approval: ApprovalInPlace,
  { sequence }: Hearing,
): Partial<Authorization> {
  const { adds_minor, approved_minor, given_at_ms } = approval;
  if (adds_minor === 0 && approved_minor === 0) return {};
  const given = { heard: sequence, heard_ms: given_at_ms, in_place: true } as const;
  return heldTogether(authorization, {
    changes: [addedBy(approval, approved_minor, given)],
    hold_minor: adds_minor,
    begun: given,
    changed: given,
  });
}

/** Kept for repeats of its request, and for a void of it. */
export function keepInPlace(
  answers: Answers,
  message: Advice,
  requestKey: string,
  { approval, place, sequence }: Pick<InPlace, 'place' | 'sequence'> & { approval: ApprovalInPlace | undefined },
): void {
  const { authorization_key, hold_minor: approved_minor } = message;
  const answer = { sequence, approved_minor, authorization_key, place };
  if (!isAnswerInPlace(message)) {
    answers.inPlace.set(requestKey, answer);
    return;
  }
  const before = answerInPlace(answers, requestKey)?.approvals ?? [];
  const given =
    approval === undefined ? { approvals: before } : { place: placeIn(approval), approvals: [...before, approval] };
  answers.inPlace.set(requestKey, { ...answer, ...given });
}

function placeIn({ at_ms, nth }: ApprovalInPlace): Place {
  return { at_ms, nth };
}
