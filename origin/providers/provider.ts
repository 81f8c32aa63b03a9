// What a payment provider is to us: it takes a settlement, tells what became of it, and may send word by itself. One file each.
// What counts is what is certain: `not_taken` and `rejected` mean that it has not paid and never will for this submission.

import type { Settlement } from '../../contracts/settlement.ts';
import type { AmountRule } from './payable.ts';
import type { UnreadWebhook } from './unread-webhook.ts';

/** One submission of one settlement. The same submission may be sent again: its idempotency key is the same. */
export interface Submission {
  readonly settlement_id: Settlement['settlement_id'];
  /** Told to the provider, so that its own list says whose payment it is after this database was set back. */
  readonly merchant_id: string;
  /** 1 for the first; a later one only after it was certain that those before were not paid. */
  readonly submission: number;
  readonly idempotency_key: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  /** The merchant's destination with this provider, as it was given; the same from the sending to the last question. */
  readonly destination: unknown;
  readonly reference: string;
}

export type SubmitAnswer =
  /** It has it, and will say. */
  | { readonly outcome: 'accepted'; readonly provider_reference: string }
  | { readonly outcome: 'paid'; readonly provider_reference: string }
  /** Not paid, and another try would end alike: a wrong account, a forbidden currency. The code is one of `failureCodes` or `provider_…`. */
  | { readonly outcome: 'rejected'; readonly code: string }
  /** Not taken, for certain: too many requests, refused before it was read, no connection was made, breaker open. */
  | { readonly outcome: 'not_taken'; readonly code: string }
  /** No answer in time, a broken connection, an answer that does not tell: it may have been paid. */
  | { readonly outcome: 'unknown'; readonly code: string };

export type AskAnswer =
  | { readonly outcome: 'paid'; readonly provider_reference: string }
  | { readonly outcome: 'pending'; readonly provider_reference: string }
  | { readonly outcome: 'rejected'; readonly code: string }
  /** It knows of no such submission, and will not take it later: as good as `not_taken`. */
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'unknown'; readonly code: string };

interface AboutPayment {
  /** The provider's id of this message: a repeat changes nothing. */
  readonly webhook_id: string;
  readonly settlement_id: string;
  /** The submission it is about, where the provider tells. */
  readonly submission?: number;
  /** When it happened, by the provider's clock; missing or null where it does not tell. */
  readonly occurred_at_ms?: number | null;
}

/**
 * How a payment ended. `rejected` after `paid` is true as well: the bank took it and sent it back, all of it. The settlement
 * stays completed, and the return is booked beside it.
 */
export interface Confirmation extends AboutPayment {
  readonly outcome: 'paid' | 'rejected';
  /** The provider's id of the payment. */
  readonly provider_reference: string;
  readonly code: string | null;
  /**
   * True where this provider never pays what it has rejected (a failed payout of Stripe stays failed): its `paid` that comes after
   * a `rejected` was sent before it, and contradicts nothing.
   */
  readonly rejection_outlasts?: boolean;
  /** What it said besides, for the record of the exchange: `fee 3.00 EUR`. */
  readonly note?: string;
  /** What it says it paid, digits in minor units; where it is not what was sent, it is not believed. Missing: it does not tell. */
  readonly amount_minor?: string | null;
  readonly currency?: string | null;
}

/** Money of a paid settlement came back, all of it or a part. */
export interface ReturnOfPayment extends AboutPayment {
  readonly outcome: 'returned';
  /**
   * The provider's id of this return, not of the payment: an entry reference, a reversal. The same return told twice, by
   * whichever message, has the same one.
   */
  readonly provider_reference: string;
  /** Digits, minor units (JSON has no integers of this size); null: as much as was paid. */
  readonly amount_minor: string | null;
  /** Null: that of the settlement. */
  readonly currency: string | null;
  /** Why, as `provider_…`. */
  readonly code: string | null;
}

/** It names a payment of ours and says what we cannot book by ourselves: it goes in front of a person. */
export interface UnclearWord extends AboutPayment {
  readonly outcome: 'unclear';
  readonly kind: 'return_short' | 'provider_contradiction';
  readonly provider_reference: string;
  /** One sentence for people. */
  readonly summary: string;
  /** Digits, minor units, of `currency`; null where no amount is named. */
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly code: string | null;
  /** The message as it was read, where it is not taken for another reason than what it says: for the evidence. */
  readonly said?: ProviderWord;
}

/** What a provider said by itself: a webhook, or an entry of a bank file. Kept as JSON until the engine takes it. */
export type ProviderWord = Confirmation | ReturnOfPayment | UnclearWord;

/** A submission that the provider has, by its own list: whoever knows of it here. */
export interface ListedPayment {
  readonly settlement_id: string;
  readonly submission: number;
  /** Null: sent by a release that did not tell it. */
  readonly merchant_id: string | null;
  readonly provider_reference: string;
  /** Digits, minor units; null: in a currency that we do not know. */
  readonly amount_minor: string | null;
  readonly currency: string;
  /** Null: the list has it otherwise than it was given. */
  readonly reference: string | null;
  readonly state: 'paid' | 'pending' | 'rejected';
}

/** `words`: what it has told by itself since then, as it would tell it again. */
export interface Listed {
  readonly payments: readonly ListedPayment[];
  readonly words: readonly ProviderWord[];
}

/** Neither `submit` nor `ask` throws for what a provider or the network does: that is an answer. */
export interface Provider {
  readonly name: string;
  submit(submission: Submission, signal: AbortSignal): Promise<SubmitAnswer>;
  ask(submission: Submission, providerReference: string | null, signal: AbortSignal): Promise<AskAnswer>;
  /**
   * Verifies and reads a webhook; null for one that is of a kind which tells nothing of a settlement. What may tell of one and
   * cannot be read is kept for a person. Throws a Refusal for a wrong signature.
   */
  readWebhook(headers: Headers, body: string): ProviderWord | UnreadWebhook | null;
  /** A destination that this provider could not pay to: its problem, to be read on from its name (`needs account`); or null. */
  problemOfDestination(destination: unknown): string | null;
  /** Which amounts it pays in this currency to this destination; null: none at all. */
  amounts(currency: string, destination: unknown): AmountRule | null;
  /**
   * All that was sent to it since then, from its own list: for a database that was set back and does not know it. Throws where the list
   * cannot be read to its end; what nobody read is not "nothing".
   */
  listSince(since: Date, signal: AbortSignal): Promise<Listed>;
  /** Ends its connections; what is under way ends as `unknown`. */
  close?(): Promise<void>;
}
