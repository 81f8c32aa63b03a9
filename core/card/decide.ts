// The decision: may this card pay this amount, here, now? Pure: the same state, request and clock give the same answer.
// Every control is looked at even after one has declined, so that the trace is whole; the earliest reason is reported.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Decision, Verdict } from '../../contracts/decision.ts';
import { type DeclineReason, declineReasons } from '../../contracts/decline-reasons.ts';
import type { Profile } from '../../contracts/profile.ts';
import { isUse } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { questionOf } from './controls.ts';
import type { KnownAuthorization } from './counter.ts';
import type { Found } from './found.ts';
import { availableMinor } from './funds.ts';

const precedence: ReadonlyMap<DeclineReason, number> = new Map(declineReasons.map((reason, index) => [reason, index]));

/** Reasons that would vanish at a smaller amount: where only they speak against a request, a part of it can be approved. */
const ofTheAmount: ReadonlySet<DeclineReason> = new Set([
  'exceeds_amount_max',
  'exceeds_amount_in_window',
  'insufficient_funds',
]);

interface Objection {
  readonly reason: DeclineReason;
  readonly control_id: string | null;
}

/** What has been found out about a request so far, by the card, its controls and what was answered: whatever its funds are. */
interface Findings {
  readonly trace: Verdict[];
  first: Objection | null;
  /** The most that limits leave, and which of them. */
  roomMinor: number;
  roomControlId: string | null;
  /** A part could be approved: nothing but the amount speaks against it. */
  onlyTheAmount: boolean;
  /** What controls want to be held. */
  wantedMinor: number;
}

export interface Decided {
  readonly decision: Decision;
  /** The most that limits leave for any one request like this, whatever the funds are. */
  readonly limits_room_minor: number;
  /**
   * What the funds lack for what all else lets through, with what controls want held in addition; 0: no funds would change the answer.
   * Example: 90 are left, 100 are asked for at a restaurant where a fifth more is held: 30 are lacking.
   */
  readonly funds_short_minor: number;
}

/** `found`: the authorization that the request names, as `find` has found it in this state. */
export function decide(state: CardState, request: AuthorizationRequest, found: Found, nowMs: number): Decided {
  const { profile } = state;
  const findings: Findings = {
    trace: [],
    first: null,
    roomMinor: Number.MAX_SAFE_INTEGER,
    roomControlId: null,
    onlyTheAmount: true,
    wantedMinor: 0,
  };
  if (profile === null) {
    const decision = declined(state, { reason: 'card_unknown', control_id: null }, findings);
    return { decision, limits_room_minor: 0, funds_short_minor: 0 };
  }
  const known = found.parts.length === 0 ? null : found;
  const ofCard = reasonOfCard(state, profile, request, known, nowMs);
  if (ofCard !== null) object(findings, ofCard, null);
  askControls(state, request, known, nowMs, findings);
  if (state.answers.givenUp.has(request.request_key)) object(findings, 'request_voided', null);
  const limits_room_minor = findings.roomMinor;
  const funds_short_minor = shortOf(availableMinor(state), profile, request, findings);
  return { decision: decisionOf(state, profile, request, findings), limits_room_minor, funds_short_minor };
}

/** What the funds lack. `leftMinor`: what may still be spent; null where the network sees to it. */
function shortOf(
  leftMinor: number | null,
  profile: Profile,
  request: AuthorizationRequest,
  findings: Findings,
): number {
  if (leftMinor === null) return 0;
  const amountMinor = letThrough(profile, request, findings) ?? 0;
  return amountMinor > Math.max(0, leftMinor) ? holdFor(amountMinor, findings) - leftMinor : 0;
}

/** What can be approved by these findings: all of it, or a part; null: nothing. */
function letThrough(profile: Profile, request: AuthorizationRequest, findings: Findings): number | null {
  if (findings.first === null) return request.amount_minor;
  const takesPart = profile.partial_approval && request.partial_approval_capable && findings.onlyTheAmount;
  return takesPart && findings.roomMinor > 0 ? findings.roomMinor : null;
}

/** More is held where a control wants it, as far as there is room: an adjustment never declines. */
function holdFor(amountMinor: number, { wantedMinor, roomMinor }: Findings): number {
  return Math.max(amountMinor, Math.min(wantedMinor, roomMinor));
}

/** The findings and the funds together. */
function decisionOf(state: CardState, profile: Profile, request: AuthorizationRequest, findings: Findings): Decision {
  const available_minor = availableMinor(state);
  if (available_minor !== null) {
    if (available_minor < findings.roomMinor) {
      findings.roomMinor = available_minor;
      findings.roomControlId = null;
    }
    if (request.amount_minor > 0 && request.amount_minor > available_minor)
      object(findings, 'insufficient_funds', null);
  }
  const { first, roomControlId } = findings;
  if (first === null) return approved(state, request, request.amount_minor, null, findings);
  const part = letThrough(profile, request, findings);
  if (part !== null) return approved(state, request, part, roomControlId, findings);
  return declined(state, first, findings);
}

function askControls(
  state: CardState,
  request: AuthorizationRequest,
  known: KnownAuthorization | null,
  nowMs: number,
  findings: Findings,
): void {
  const question = questionOf(request, known, nowMs);
  for (const { judge, enforced, adjusts, control_id } of state.controls) {
    const { verdict, reason, room_minor } = judge(question);
    findings.trace.push(verdict);
    if (!enforced) continue;
    if (reason !== null) object(findings, reason, control_id);
    if (adjusts) findings.wantedMinor = Math.max(findings.wantedMinor, verdict.hold_minor ?? 0);
    if (room_minor < findings.roomMinor) {
      findings.roomMinor = room_minor;
      findings.roomControlId = control_id;
    }
  }
}

function object(findings: Findings, reason: DeclineReason, control_id: string | null): void {
  const { first } = findings;
  if (first === null || rank(reason) < rank(first.reason)) findings.first = { reason, control_id };
  if (!ofTheAmount.has(reason)) findings.onlyTheAmount = false;
}

function declined(state: CardState, { reason, control_id }: Objection, { trace }: Findings): Decision {
  return {
    outcome: 'declined',
    approved_minor: 0,
    hold_minor: 0,
    reason,
    control_id,
    available_minor: availableMinor(state),
    profile_version: state.profile?.version ?? null,
    trace,
  };
}

function approved(
  state: CardState,
  request: AuthorizationRequest,
  amountMinor: number,
  control_id: string | null,
  findings: Findings,
): Decision {
  const available_minor = availableMinor(state);
  const hold_minor = holdFor(amountMinor, findings);
  const moves = request.kind === 'authorization' || request.kind === 'incremental';
  return {
    outcome: 'approved',
    approved_minor: moves ? amountMinor : 0,
    hold_minor: moves ? hold_minor : 0,
    reason: null,
    control_id,
    available_minor: available_minor === null ? null : available_minor - (moves ? hold_minor : 0),
    profile_version: state.profile?.version ?? null,
    trace: findings.trace,
  };
}

/** What speaks against the card itself or the form of the request, whatever its controls say. */
function reasonOfCard(
  state: CardState,
  profile: Profile,
  request: AuthorizationRequest,
  known: KnownAuthorization | null,
  nowMs: number,
): DeclineReason | null {
  if (profile.status === 'frozen') return 'card_not_active';
  if (profile.status === 'closed') return 'card_closed';
  if (profile.expires_at_ms !== null && nowMs >= profile.expires_at_ms) return 'card_expired';
  // What adds to the one purchase still belongs to it.
  const ownUses = known?.parts.filter(isUse).length ?? 0;
  if (profile.single_use && state.uses > ownUses) return 'card_already_used';
  if (request.currency !== profile.currency) return 'currency_not_allowed';
  // A verification or an inquiry moves no money by its nature; one that names an amount is not what it says.
  const moves = request.kind === 'authorization' || request.kind === 'incremental';
  if (!moves && request.amount_minor !== 0) return 'amount_invalid';
  return null;
}

function rank(reason: DeclineReason): number {
  return precedence.get(reason) ?? declineReasons.length;
}
