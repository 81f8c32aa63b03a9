// The decision: may this card pay this amount, here, now? Pure: the same state, request and clock give the same answer.
// Every control is looked at even after one has declined, so that the trace is whole; the earliest reason is reported.

import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { type Decision, type DeclineReason, declineReasons, type Verdict } from '../contracts/decision.ts';
import type { Profile } from '../contracts/profile.ts';
import { availableMinor, type CardState, countedInWindow } from './card-state.ts';
import { judge } from './controls.ts';

const precedence: ReadonlyMap<DeclineReason, number> = new Map(declineReasons.map((reason, index) => [reason, index]));

interface Objection {
  readonly reason: DeclineReason;
  readonly control_id: string | null;
}

export function decide(state: CardState, request: AuthorizationRequest, nowMs: number): Decision {
  const { profile } = state;
  const trace: Verdict[] = [];
  const available_minor = availableMinor(state);
  const declined = ({ reason, control_id }: Objection): Decision => ({
    outcome: 'declined',
    approved_minor: 0,
    reason,
    control_id,
    available_minor,
    trace,
  });
  if (profile === null) return declined({ reason: 'card_unknown', control_id: null });

  let first = objectionToCard(profile, request, nowMs);
  for (const control of profile.controls) {
    const counted = control.does === 'limit' ? countedInWindow(state, control, nowMs) : 0;
    const { verdict, reason } = judge(control, request, counted);
    trace.push(verdict);
    if (reason !== null) first = earlier(first, { reason, control_id: control.control_id });
  }
  if (available_minor !== null && request.amount_minor > 0 && request.amount_minor > available_minor)
    first = earlier(first, { reason: 'insufficient_funds', control_id: null });
  if (state.voided.has(request.request_key)) first = earlier(first, { reason: 'request_voided', control_id: null });
  if (first !== null) return declined(first);

  const approved_minor = request.kind === 'authorization' ? request.amount_minor : 0;
  return {
    outcome: 'approved',
    approved_minor,
    reason: null,
    control_id: null,
    available_minor: available_minor === null ? null : available_minor - approved_minor,
    trace,
  };
}

/** What speaks against the card itself or the form of the request, whatever its controls say. */
function objectionToCard(profile: Profile, request: AuthorizationRequest, nowMs: number): Objection | null {
  const reason = reasonOfCard(profile, request, nowMs);
  return reason === null ? null : { reason, control_id: null };
}

function reasonOfCard(profile: Profile, request: AuthorizationRequest, nowMs: number): DeclineReason | null {
  if (profile.status === 'frozen') return 'card_not_active';
  if (profile.status === 'closed') return 'card_closed';
  if (profile.expires_at_ms !== null && nowMs >= profile.expires_at_ms) return 'card_expired';
  if (request.currency !== profile.currency) return 'currency_not_allowed';
  // A verification or an inquiry moves no money by its nature; one that names an amount is not what it says.
  if (request.kind !== 'authorization' && request.amount_minor !== 0) return 'amount_invalid';
  return null;
}

function earlier(one: Objection | null, other: Objection): Objection {
  if (one === null) return other;
  return rank(one.reason) <= rank(other.reason) ? one : other;
}

function rank(reason: DeclineReason): number {
  return precedence.get(reason) ?? declineReasons.length;
}
