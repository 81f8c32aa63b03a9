// What the model says should have been answered, and recorded.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import type { Decided, LimitSeen, Situation } from './model-decision.ts';
import type { ModelLife } from './model-life.ts';
import type { Place } from './model-order.ts';

export interface Answered {
  readonly sequence: number;
  readonly request: AuthorizationRequest;
  readonly decision: Decision;
  /** How much an approval adds to the hold, and when it was given; null: nothing does. */
  readonly approval: { readonly minor: number; readonly given_ms: number } | null;
}

/** Somebody answered in the card's place: for how much, and where that is held. */
export interface StoodIn {
  readonly sequence: number;
  readonly minor: number;
  readonly name: string;
  /** Our own edge: each approval that it gave for the request. Else an advice of the network, where it stands. */
  readonly held: readonly GivenInPlace[] | Place;
}

export interface GivenInPlace {
  readonly given_ms: number;
  readonly minor: number;
  readonly told: number;
}

export type ModelAnswer =
  | { outcome: 'conflict' }
  | {
      outcome: 'decided';
      isRepeat: boolean;
      life: ModelLife | null;
      /** What the network is told, which may stand above the request's own decision. */
      decision: Decision;
      own: Decision;
      limitsSeen: readonly LimitSeen[];
      /** What the funds lacked for it, before it was decided. */
      lacks: number;
    };

/** What the card should have recorded with a message. */
export interface MessageRecord {
  readonly isRepeat: boolean;
  readonly life: ModelLife | null;
  readonly isMismatch: boolean;
  readonly isOverdrawn: boolean;
  readonly against: DeclineReason | null;
  readonly hasJoined: boolean;
  /** Both of the joined had been approved. */
  readonly hasJoinedApprovals: boolean;
  readonly isAboveCleared: boolean;
  /** How much more the card withholds of its refunds; below 0: less. */
  readonly moreWithheld: number;
}

export const nothingRecorded: MessageRecord = {
  ...{ isRepeat: false, isMismatch: false, isOverdrawn: false, isAboveCleared: false },
  ...{ hasJoined: false, hasJoinedApprovals: false, against: null, life: null, moreWithheld: 0 },
};

/** What the network is told instead of the request's own decision; null where that stands. */
export function toldInstead(inPlace: StoodIn | null, isGivenUp: boolean): Decision | null {
  const none = { reason: null, control_id: null, available_minor: null, profile_version: null, trace: [] };
  if (inPlace !== null)
    return { ...none, outcome: 'approved', approved_minor: inPlace.minor, hold_minor: inPlace.minor };
  if (!isGivenUp) return null;
  return { ...none, outcome: 'declined', approved_minor: 0, hold_minor: 0, reason: 'request_voided' };
}

/** What was said in the card's place, unless it was nothing to a request for something. */
export function answerTo({ amount_minor }: AuthorizationRequest, inPlace: StoodIn | null): StoodIn | null {
  return inPlace !== null && inPlace.minor === 0 && amount_minor > 0 ? null : inPlace;
}

/** Keys whose rows are gone. */
export function forgetBefore(keys: Map<string, number | { readonly sequence: number }>, firstSequence: number): void {
  for (const [key, kept] of keys)
    if ((typeof kept === 'number' ? kept : kept.sequence) < firstSequence) keys.delete(key);
}

/** What is recorded of a request that was answered in the card's place before it came: that answer, which holds it already. */
export function decidedInPlace({ profile, availableMinor }: Situation, approved_minor: number): Decided {
  const card = { available_minor: availableMinor, profile_version: profile?.version ?? null };
  const none = { reason: null, control_id: null, trace: [] };
  return {
    decision: { outcome: 'approved', approved_minor, hold_minor: 0, ...card, ...none },
    limitsSeen: [],
    lacks: 0,
  };
}
