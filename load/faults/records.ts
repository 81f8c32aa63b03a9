// What the network's side of a fault test remembers of its own calls: the one witness that no part of the system can touch.

/** An authorization request and the answer that it finally got. */
export interface Asked {
  readonly cardToken: string;
  readonly requestKey: string;
  readonly transactionToken: string;
  readonly amountMinor: number;
  readonly body: string;
  readonly answer: Answer;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** An attempt before died after it may have arrived: whether it was decided then, only the retry could tell. */
  readonly wasUnknown: boolean;
  readonly lastSentAtMs: number;
  /** From the first attempt to the answer. */
  readonly tookMs: number;
}

/** A clearing or a reversal of an approved authorization, acknowledged. */
export interface Told {
  readonly of: Asked;
  readonly kind: 'clearing' | 'reversal';
  readonly messageKey: string;
  /** A clearing is final: what it does not take is released. A reversal gives back so much. */
  readonly amountMinor: number;
  readonly body: string;
  readonly answer: Answer;
}

export type Outcome = 'approved' | 'declined' | 'undecided';

/** `undecided`: no card has decided, the edge answered by its failure policy. */
export function outcomeOf({ answer }: Asked): Outcome {
  if (authorizationIdOf(answer) === null) return 'undecided';
  return answer.status === 200 ? 'approved' : 'declined';
}

/**
 * A card that was lost whole answers so until the origin has told it that it has a past: a card that nobody has made, which records nothing.
 * What it is asked after that is a new request to it, whatever was answered before.
 */
export function wasUnknown({ answer }: Asked): boolean {
  return answer.text.includes('"decline_reason":"INVALID_CARD"');
}

/** Our id of the authorization, which an answer carries in Marqeta's tags. */
export function authorizationIdOf({ text }: Answer): string | null {
  return /authorization_id=(auth_\w+)/.exec(text)?.[1] ?? null;
}
