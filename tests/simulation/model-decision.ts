// The model's decision: every control asked, every objection collected, the earliest reason reported. Sums over the plain list of
// lives, each time anew.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Control, LimitControl } from '../../contracts/control.ts';
import type { Decision, Verdict } from '../../contracts/decision.ts';
import { type DeclineReason, declineReasons } from '../../contracts/decline-reasons.ts';
import type { Profile } from '../../contracts/profile.ts';
import { windowLabel } from './local-calendar.ts';
import type { ModelLife } from './model-life.ts';
import { firstMismatch, firstReason, type Use } from './model-matching.ts';
import { addedTo, countingOf, type Piece, useOf } from './model-places.ts';

export interface Situation {
  readonly profile: Profile | null;
  /** What makes each control's counts its own, by the control's place; null where it counts nothing. */
  readonly countKeys: readonly (string | null)[];
  readonly lives: readonly ModelLife[];
  /** Counts of purchases that the card has forgotten, carried over an edit of their limit. */
  readonly carried: readonly Carried[];
  /** What the request adds to. */
  readonly life: ModelLife | null;
  readonly nowMs: number;
  readonly uses: number;
  readonly availableMinor: number | null;
  readonly isVoided: boolean;
}

/** What an edited limit goes on with: the sum of its window at the instant of the edit. */
export interface Carried {
  readonly countKey: string;
  readonly at_ms: number;
  readonly minor: number;
  readonly uses: number;
}

interface Objection {
  readonly reason: DeclineReason;
  readonly control_id: string | null;
}

/** What a limit counted before, for the law that no limit is exceeded by what was approved. */
export interface LimitSeen {
  readonly control: LimitControl;
  readonly used_minor: number;
  readonly used_count: number;
  /** What was approved is another use of the card. */
  readonly isNewUse: boolean;
  readonly index: number;
  /** The instant that says in which calendar window it counts. */
  readonly windowMs: number;
  /** The same once the approval is in it. */
  after: { minor: number; uses: number } | null;
}

const everything = Number.MAX_SAFE_INTEGER;
const amountReasons: readonly DeclineReason[] = [
  'exceeds_amount_max',
  'exceeds_amount_in_window',
  'insufficient_funds',
];

/** What was told of a purchase before it was approved counts where the request says, once there is one. */
function asUsedBy(situation: Situation, request: AuthorizationRequest): Situation {
  const { life, lives } = situation;
  if (life === null || life.approved_minor > 0) return situation;
  const used = life.copy();
  used.usedAt({ request, merchant: request.merchant });
  return { ...situation, life: used, lives: [...lives.filter((one) => one !== life), used] };
}

export function movesMoney({ kind }: AuthorizationRequest): boolean {
  return kind === 'authorization' || kind === 'incremental';
}

export interface Decided {
  decision: Decision;
  limitsSeen: LimitSeen[];
  /** What the funds lack for what would be approved and held if they had no end. */
  lacks: number;
}

/** Asked for no more than there is, nothing is lacking: then it is not worked out. */
function lackedBy({ availableMinor, ...others }: Situation, request: AuthorizationRequest): number {
  if (availableMinor === null || request.amount_minor <= availableMinor) return 0;
  const { approved_minor, hold_minor } = modelDecision({ ...others, availableMinor: null }, request).decision;
  return approved_minor > Math.max(0, availableMinor) ? hold_minor - availableMinor : 0;
}

export function modelDecision(known: Situation, request: AuthorizationRequest): Decided {
  const situation = asUsedBy(known, request);
  const { profile, availableMinor } = situation;
  const limitsSeen: LimitSeen[] = [];
  const lacks = lackedBy(known, request);
  const objections: Objection[] = [];
  const trace: Verdict[] = [];
  let [room, roomControlId, wanted]: [number, string | null, number] = [everything, null, 0];
  if (profile === null) objections.push({ reason: 'card_unknown', control_id: null });
  else {
    for (const reason of cardObjections(situation, profile, request)) objections.push({ reason, control_id: null });
    for (let index = 0; index < profile.controls.length; index++) {
      const control = profile.controls[index] as Control;
      const said = askControl(situation, control, index, request, limitsSeen);
      trace.push(said.verdict);
      if (control.mode === 'shadow') continue;
      if (said.reason !== null) objections.push({ reason: said.reason, control_id: control.control_id });
      wanted = Math.max(wanted, said.verdict.hold_minor ?? 0);
      if (said.room < room) [room, roomControlId] = [said.room, control.control_id];
    }
    if (availableMinor !== null && availableMinor < room) [room, roomControlId] = [availableMinor, null];
    if (availableMinor !== null && request.amount_minor > Math.max(0, availableMinor))
      objections.push({ reason: 'insufficient_funds', control_id: null });
    if (situation.isVoided) objections.push({ reason: 'request_voided', control_id: null });
  }

  const common = { profile_version: profile?.version ?? null, trace };
  const isPart =
    objections.every(({ reason }) => amountReasons.includes(reason)) &&
    profile?.partial_approval === true &&
    request.partial_approval_capable &&
    room > 0;
  if (objections.length > 0 && !isPart) {
    const [first] = objections.sort((one, other) => rank(one.reason) - rank(other.reason));
    const none = { approved_minor: 0, hold_minor: 0, available_minor: availableMinor };
    return { limitsSeen, lacks, decision: { outcome: 'declined', ...none, ...(first as Objection), ...common } };
  }
  const approved = objections.length > 0 ? room : request.amount_minor;
  const hold_minor = movesMoney(request) ? Math.max(approved, Math.min(wanted, room)) : 0;
  return {
    limitsSeen,
    lacks,
    decision: {
      outcome: 'approved',
      approved_minor: movesMoney(request) ? approved : 0,
      hold_minor,
      reason: null,
      control_id: objections.length > 0 ? roomControlId : null,
      available_minor: availableMinor === null ? null : availableMinor - hold_minor,
      ...common,
    },
  };
}

function cardObjections(
  { life, nowMs, uses }: Situation,
  profile: Profile,
  request: AuthorizationRequest,
): DeclineReason[] {
  const reasons: DeclineReason[] = [];
  if (profile.status === 'frozen') reasons.push('card_not_active');
  if (profile.status === 'closed') reasons.push('card_closed');
  if (profile.expires_at_ms !== null && profile.expires_at_ms <= nowMs) reasons.push('card_expired');
  if (profile.single_use && uses - (life?.isUse ? 1 : 0) > 0) reasons.push('card_already_used');
  if (profile.currency !== request.currency) reasons.push('currency_not_allowed');
  if (!movesMoney(request) && request.amount_minor > 0) reasons.push('amount_invalid');
  return reasons;
}

interface Said {
  readonly verdict: Verdict;
  readonly reason: DeclineReason | null;
  readonly room: number;
}

function askControl(
  situation: Situation,
  control: Control,
  index: number,
  request: AuthorizationRequest,
  limitsSeen: LimitSeen[],
): Said {
  const { applies_to } = control;
  const { nowMs } = situation;
  if (control.does === 'limit') return askLimit(situation, control, index, request, limitsSeen);
  const mismatch = firstMismatch(applies_to, { request, merchant: request.merchant }, nowMs);
  switch (control.does) {
    case 'block':
      return mismatch === null ? say(control, 'decline', firstReason(applies_to)) : say(control, 'not_applicable');
    case 'allow_only':
      return mismatch === null ? say(control, 'pass') : say(control, 'decline', mismatch);
    case 'require_authentication':
      if (mismatch !== null || request.amount_minor <= control.above_minor) return say(control, 'not_applicable');
      return control.accept.includes(request.three_d_secure ?? 'not_done')
        ? say(control, 'pass')
        : say(control, 'decline', 'authentication_required');
    case 'adjust_hold': {
      if (mismatch !== null || request.amount_minor === 0) return say(control, 'not_applicable');
      const { percent = 0, add_minor = 0, at_least_minor = 0, cap_minor = everything } = control;
      const whole = request.amount_minor * (100 + percent);
      // Bounds are of all that the purchase would hold, and a fixed addition is its first use's alone.
      const { life } = situation;
      const before = life?.hold_minor ?? 0;
      const added = life?.isUse === true ? 0 : add_minor;
      const raised = before + (whole - (whole % 100)) / 100 + (whole % 100 > 0 ? 1 : 0) + added;
      const capped = Math.min(1_000_000_000_000, cap_minor, Math.max(raised, at_least_minor));
      const said = say(control, 'pass');
      said.verdict.hold_minor = Math.max(request.amount_minor, capped - before);
      return said;
    }
  }
}

function say({ control_id, mode }: Control, verdict: Verdict['verdict'], reason: DeclineReason | null = null): Said {
  const said: Verdict = mode === 'shadow' ? { control_id, verdict, shadow: true } : { control_id, verdict };
  return { verdict: said, reason, room: reason === null ? everything : 0 };
}

function askLimit(
  situation: Situation,
  control: LimitControl,
  index: number,
  request: AuthorizationRequest,
  limitsSeen: LimitSeen[],
): Said {
  const { life, nowMs } = situation;
  // More for a purchase that was approved counts with that purchase, wherever the request says it is.
  const ownUse: Use = { request, merchant: request.merchant };
  const use = life !== null && life.approved_minor > 0 ? life.use : ownUse;
  const tried = addedTo(life?.pieces ?? []);
  const isMore = request.kind === 'incremental' && tried !== undefined;
  const windowMs = isMore ? tried.window_ms : nowMs;
  if (firstMismatch(control.applies_to, use, windowMs) !== null) return say(control, 'not_applicable');
  const { amount_minor, count, window } = control;
  const counted = countFor({ ...situation, windowMs }, control, index);
  const isNewUse = !isMore && counted.ownUses === 0;
  const { minor: used_minor, uses: used_count } = counted;
  limitsSeen.push({ control, used_minor, used_count, isNewUse, index, windowMs, after: null });
  const room = amount_minor === undefined ? everything : amount_minor - counted.minor;
  const usesLeft = count === undefined ? everything : count - counted.uses;
  const noUseLeft = isNewUse && usesLeft <= 0;
  let reason: DeclineReason | null = null;
  if (request.amount_minor > room)
    reason = window.per === 'transaction' ? 'exceeds_amount_max' : 'exceeds_amount_in_window';
  else if (noUseLeft) reason = 'exceeds_count_in_window';
  if (request.amount_minor === 0) reason = null;
  const { verdict } = say(control, reason === null ? 'pass' : 'decline');
  if (amount_minor !== undefined) verdict.remaining_minor = room;
  if (count !== undefined) verdict.remaining_count = usesLeft;
  return { verdict, reason, room: noUseLeft ? 0 : room };
}

/** What a limit has counted in the window of an instant, or in the time that ends now; and the uses in it that are the life's. */
export function countFor(
  {
    lives,
    life,
    nowMs,
    windowMs,
    countKeys,
    carried,
  }: Pick<Situation, 'lives' | 'life' | 'nowMs' | 'countKeys' | 'carried'> & { windowMs: number },
  control: LimitControl,
  index: number,
): { minor: number; uses: number; ownUses: number } {
  const { window, applies_to, refunds_give_back } = control;
  const countKey = countKeys[index] ?? '';
  let [minor, uses, ownUses] = [0, 0, 0];
  if (window.per === 'transaction') {
    for (const { minor: part } of countingOf(life?.pieces ?? [], refunds_give_back ? (life?.refunded_minor ?? 0) : 0))
      minor += part;
    return { minor, uses: 0, ownUses: life?.isUse === true ? 1 : 0 };
  }
  const label = window.per === 'rolling' ? 0 : windowLabel(window, windowMs);
  for (const one of lives) {
    if (one.pieces.length === 0) continue;
    // What was trimmed had left every rolling window, even where a clock goes back to before it.
    if (one.countsOnlyIn !== null && (window.per === 'rolling' || !one.countsOnlyIn.has(countKey))) continue;
    const isIn = (piece: Piece) =>
      window.per === 'rolling'
        ? piece.given_ms > nowMs - window.seconds * 1_000
        : one.labelIn(index, window, piece) === label;
    if (!one.pieces.some(isIn)) continue;
    for (const { piece, minor: part } of countingOf(one.pieces, refunds_give_back ? one.refunded_minor : 0)) {
      if (!isIn(piece) || !one.isSeenBy(index, applies_to, piece)) continue;
      minor += part;
      if (!one.isUse || piece !== useOf(one.pieces)) continue;
      uses++;
      if (one === life) ownUses++;
    }
  }
  if (window.per !== 'rolling')
    for (const one of carried) {
      if (one.countKey !== countKey || windowLabel(window, one.at_ms) !== label) continue;
      minor += one.minor;
      uses += one.uses;
    }
  return { minor, uses, ownUses };
}

function rank(reason: DeclineReason): number {
  return declineReasons.indexOf(reason);
}
