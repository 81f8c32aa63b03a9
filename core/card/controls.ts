// What one control says of one request. Compiled once a profile, so that a decision is a row of comparisons.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Control, LimitControl } from '../../contracts/control.ts';
import type { Verdict } from '../../contracts/decision.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import { limits } from '../../contracts/limits.ts';
import { portionAddedTo } from '../windows/portions.ts';
import { type Attribute, compileAppliesTo } from './applies-to.ts';
import { type Authorization, isUse } from './authorization.ts';
import { amountIn, type Counter, counterKey, type KnownAuthorization } from './counter.ts';
import { type Subject, subjectOf } from './subject.ts';

/** A request as controls look at it. */
export interface Question {
  readonly request: AuthorizationRequest;
  readonly subject: Subject;
  readonly nowMs: number;
  /** The authorization that it adds to; null for a new one. */
  readonly known: KnownAuthorization | null;
  /** How and when it counts: an increment counts with what it adds to. */
  readonly countsAs: Subject;
  readonly countsAtMs: number;
  /** It adds to a use of the card that has been counted. */
  readonly isAddition: boolean;
}

export function questionOf(request: AuthorizationRequest, known: KnownAuthorization | null, nowMs: number): Question {
  const subject = subjectOf(request);
  const authorization = known?.authorization ?? null;
  const addedTo =
    authorization === null || request.kind !== 'incremental' ? undefined : portionAddedTo(authorization.portions);
  const countsAs =
    authorization !== null && authorization.approved_minor > 0 ? (authorization.subject ?? subject) : subject;
  // What was heard of it before counts as the request says from now on, and so does it here.
  const as =
    known === null || known.authorization.subject === countsAs
      ? known
      : { ...known, authorization: { ...known.authorization, subject: countsAs } };
  return {
    request,
    subject,
    nowMs,
    known: as,
    countsAs,
    countsAtMs: addedTo?.window_at_ms ?? nowMs,
    isAddition: addedTo !== undefined,
  };
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: DeclineReason | null;
  /** How much of an amount the control would let through. */
  readonly room_minor: number;
}

export interface CompiledControl {
  readonly control_id: string;
  readonly enforced: boolean;
  /** An adjustment of the hold, which declines nothing. */
  readonly adjusts: boolean;
  readonly judge: (question: Question) => Judgement;
}

const everything = Number.MAX_SAFE_INTEGER;

export function compileControls(
  controls: readonly Control[],
  counters: ReadonlyMap<string, Counter>,
): readonly CompiledControl[] {
  return controls.map((control) => ({
    control_id: control.control_id,
    enforced: control.mode === 'enforce',
    adjusts: control.does === 'adjust_hold',
    judge: judgeOf(control, counters),
  }));
}

function judgeOf(control: Control, counters: ReadonlyMap<string, Counter>): CompiledControl['judge'] {
  const attributes = compileAppliesTo(control.applies_to);
  const isShadow = control.mode === 'shadow';
  const marks = isShadow ? ({ shadow: true } as const) : {};
  const { control_id } = control;
  const passes: Judgement = {
    verdict: { control_id, verdict: 'pass', ...marks },
    reason: null,
    room_minor: everything,
  };
  const skips: Judgement = { ...passes, verdict: { ...passes.verdict, verdict: 'not_applicable' } };
  const declines = (reason: DeclineReason): Judgement => ({
    verdict: { control_id, verdict: 'decline', ...marks },
    reason,
    room_minor: 0,
  });
  switch (control.does) {
    case 'block': {
      // Of several attributes the earliest reason of them: all of them matched.
      const blocked = declines(attributes[0]?.reason ?? 'merchant_not_allowed');
      return ({ subject, nowMs }) => (appliesTo(attributes, subject, nowMs) ? blocked : skips);
    }
    case 'allow_only':
      return ({ subject, nowMs }) => {
        for (const { matches, reason } of attributes) if (!matches(subject, nowMs)) return declines(reason);
        return passes;
      };
    case 'require_authentication': {
      const accepted: ReadonlySet<string> = new Set(control.accept);
      const required = declines('authentication_required');
      return ({ request, subject, nowMs }) => {
        if (request.amount_minor <= control.above_minor || !appliesTo(attributes, subject, nowMs)) return skips;
        return accepted.has(subject.three_d_secure ?? 'not_done') ? passes : required;
      };
    }
    case 'adjust_hold':
      return ({ request, subject, nowMs, known }) => {
        if (request.amount_minor === 0 || !appliesTo(attributes, subject, nowMs)) return skips;
        const hold_minor = adjustedMinor(control, request.amount_minor, known?.authorization ?? null);
        return { verdict: { ...passes.verdict, hold_minor }, reason: null, room_minor: everything };
      };
    case 'limit': {
      const limit = judgeLimit(control, counters.get(counterKey(control)) ?? null, isShadow);
      return (question) => (appliesTo(attributes, question.countsAs, question.countsAtMs) ? limit(question) : skips);
    }
  }
}

function appliesTo(attributes: readonly Attribute[], subject: Subject, atMs: number): boolean {
  for (const { matches } of attributes) if (!matches(subject, atMs)) return false;
  return true;
}

function judgeLimit(
  { control_id, amount_minor, count, refunds_give_back }: LimitControl,
  counter: Counter | null,
  isShadow: boolean,
): CompiledControl['judge'] {
  const tooMuch = counter === null ? 'exceeds_amount_max' : 'exceeds_amount_in_window';
  return ({ request, known, countsAtMs, isAddition, nowMs }) => {
    const own = known?.authorization ?? null;
    const counted = counter?.countedFor(known, countsAtMs, nowMs) ?? {
      amount_minor: own === null ? 0 : amountIn(own, refunds_give_back),
      count: 0,
      ownUses: own !== null && isUse(own) ? 1 : 0,
    };
    const remaining_minor = amount_minor === undefined ? everything : amount_minor - counted.amount_minor;
    const remaining_count = count === undefined ? everything : count - counted.count;
    const noUseLeft = remaining_count < 1 && !isAddition && counted.ownUses === 0;
    let reason: DeclineReason | null = null;
    // Zero-amount verifications consume nothing, so they pass even a limit that is used up or overdrawn.
    if (request.amount_minor > 0) {
      if (request.amount_minor > remaining_minor) reason = tooMuch;
      else if (noUseLeft) reason = 'exceeds_count_in_window';
    }
    const verdict: Verdict = { control_id, verdict: reason === null ? 'pass' : 'decline' };
    if (isShadow) verdict.shadow = true;
    if (amount_minor !== undefined) verdict.remaining_minor = remaining_minor;
    if (count !== undefined) verdict.remaining_count = remaining_count;
    return { verdict, reason, room_minor: noUseLeft ? 0 : remaining_minor };
  };
}

/**
 * What a control would have held for an amount, in addition to what its authorization holds: the bounds are of all of that, and
 * what is added once is in it. Up, so that a fraction of a cent is held rather than missing.
 */
function adjustedMinor(
  control: Extract<Control, { does: 'adjust_hold' }>,
  amountMinor: number,
  authorization: Authorization | null,
): number {
  const { percent = 0, add_minor = 0, at_least_minor = 0, cap_minor = limits.amountMinorMax } = control;
  const held = authorization?.hold_minor ?? 0;
  const once = authorization !== null && isUse(authorization) ? 0 : add_minor;
  const raised = amountMinor + Math.ceil((amountMinor * percent) / 100) + once;
  return Math.max(amountMinor, Math.min(Math.max(raised, at_least_minor - held), cap_minor - held));
}
