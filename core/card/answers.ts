// What a request key was answered: by the card, by our edge in its place, and whether it was given up. Each is kept with the number
// of the event that says so, so that the newest is known. Example: the card approved 50 by event 3, and it came too late; event 5
// gives the request up; by event 7 our edge says that it had approved 50 in the card's place: a repeat hears that approval.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { ApprovalInPlace, Place } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';

/** By request key. */
export interface Answers {
  /** The event that has the card's own answer: repeats are answered from it. */
  readonly byCard: Map<string, number>;
  readonly inPlace: Map<string, InPlace>;
  /** The event that gave the request up: its answer is a decline, unless one in its place is newer. */
  readonly givenUp: Map<string, number>;
}

/** An answer in the card's place. */
export interface InPlace {
  readonly sequence: number;
  readonly approved_minor: number;
  /** The authorization that holds it, and where among its changes it was put. */
  readonly authorization_key: string;
  readonly place: Place;
  /** What a void of the request takes back; absent in snapshots of before this was kept. */
  readonly approvals?: readonly ApprovalInPlace[];
}

/** What giving a request up takes back. */
export interface TakenBack {
  /** The event of the card's own answer; undefined: there is none, or it was taken back before. */
  readonly byCard: number | undefined;
  readonly inPlace: InPlace | null;
}

export function newAnswers(): Answers {
  return { byCard: new Map(), inPlace: new Map(), givenUp: new Map() };
}

/** The answer in the card's place that holds for a request; null where there is none, or the request was given up since. */
export function answerInPlace({ inPlace, givenUp }: Answers, requestKey: string): InPlace | null {
  const answer = inPlace.get(requestKey);
  return answer === undefined || answer.sequence < (givenUp.get(requestKey) ?? 0) ? null : answer;
}

/**
 * The same for the request itself. An answer of 0 in the card's place does not count where more than 0 is asked for: a frozen card that
 * was answered for with 0 of 50 is still frozen.
 */
export function answerInPlaceTo(answers: Answers, { request_key, amount_minor }: AuthorizationRequest): InPlace | null {
  const answer = answerInPlace(answers, request_key);
  return answer?.approved_minor === 0 && amount_minor > 0 ? null : answer;
}

/** Whether anybody has answered it, or given it up. */
export function isAnswered(answers: Answers, requestKey: string): boolean {
  const { byCard, inPlace, givenUp } = answers;
  return byCard.has(requestKey) || givenUp.has(requestKey) || inPlace.has(requestKey);
}

/** What holds for a request: it was given up, or our edge answered in the card's place, whichever is newer; else its own decision. */
export function standingAnswer(answers: Answers, request: AuthorizationRequest, own: Decision): Decision {
  const inPlace = answerInPlaceTo(answers, request);
  if (inPlace !== null) {
    const { approved_minor } = inPlace;
    return { ...givenUpAnswer, outcome: 'approved', approved_minor, hold_minor: approved_minor, reason: null };
  }
  // An approval repeated now would be money without a hold.
  return answers.givenUp.has(request.request_key) ? givenUpAnswer : own;
}

/** What giving it up now takes back; null: it was given up, and nobody has answered since. */
export function toTakeBack(answers: Answers, requestKey: string): TakenBack | null {
  const isGivenUp = answers.givenUp.has(requestKey);
  const inPlace = answerInPlace(answers, requestKey);
  if (isGivenUp && inPlace === null) return null;
  return { byCard: isGivenUp ? undefined : answers.byCard.get(requestKey), inPlace };
}

/** Answers of events before this one are forgotten. */
export function forgetAnswers({ byCard, inPlace, givenUp }: Answers, firstSequence: number): void {
  for (const keys of [byCard, givenUp])
    for (const [key, sequence] of keys) if (sequence < firstSequence) keys.delete(key);
  for (const [key, { sequence }] of inPlace) if (sequence < firstSequence) inPlace.delete(key);
}

/** To a request that was given up. */
export const givenUpAnswer: Decision = {
  outcome: 'declined',
  approved_minor: 0,
  hold_minor: 0,
  reason: 'request_voided',
  control_id: null,
  available_minor: null,
  profile_version: null,
  trace: [],
};
