// What a payment provider is to us: it takes a settlement, tells what became of it, and may send word by itself. One file each.
// What counts is what is certain: `not_taken` and `rejected` mean that it has not paid and never will for this submission.

import type { Settlement } from '../../contracts/settlement.ts';

/** One submission of one settlement. The same submission may be sent again: its idempotency key is the same. */
export interface Submission {
  readonly settlement_id: Settlement['settlement_id'];
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

/**
 * What a provider told by itself. A bank may send a payment back that it had made: `rejected` after `paid` is true, and changes
 * no settlement that is final; it is for a person.
 */
export interface ProviderWord {
  /** The provider's id of this message: a repeat changes nothing. */
  readonly webhook_id: string;
  readonly settlement_id: string;
  /** The submission it is about, where the provider tells. */
  readonly submission?: number;
  readonly outcome: 'paid' | 'rejected';
  readonly provider_reference: string;
  readonly code: string | null;
}

/** Neither `submit` nor `ask` throws for what a provider or the network does: that is an answer. */
export interface Provider {
  readonly name: string;
  submit(submission: Submission, signal: AbortSignal): Promise<SubmitAnswer>;
  ask(submission: Submission, providerReference: string | null, signal: AbortSignal): Promise<AskAnswer>;
  /** Verifies and reads a webhook; null for one that tells nothing of a settlement. Throws a Refusal for a wrong signature. */
  readWebhook(headers: Headers, body: string): ProviderWord | null;
  /** A destination that this provider could not pay to: its problem, to be read on from its name (`needs account`); or null. */
  problemOfDestination(destination: unknown): string | null;
  /** Ends its connections; what is under way ends as `unknown`. */
  close?(): Promise<void>;
}
