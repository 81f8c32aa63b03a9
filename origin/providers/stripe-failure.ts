// What an error of Stripe's SDK proves about a payment. Only what Stripe answers before it begins, or what never reached it, is
// certain; 5xx and broken connections are indeterminate by Stripe's own word (docs.stripe.com/error-low-level).

import Stripe from 'stripe';
import { isNeverSent, notTaken, providerCode, rejected, unknown } from './exchange.ts';
import type { SubmitAnswer } from './provider.ts';

/** Our own balance with Stripe is too low: nothing is wrong with the settlement. */
const balanceCodes = new Set(['balance_insufficient', 'insufficient_funds']);

export function answerOfFailure(error: unknown): SubmitAnswer {
  if (!(error instanceof Stripe.errors.StripeError)) return unknown('answer_malformed');
  if (error instanceof Stripe.errors.StripeConnectionError)
    return isNeverSent(error.detail) ? notTaken('no_connection') : unknown('no_answer');
  // The key was used for another order: whether ours was paid is for a person.
  if (error instanceof Stripe.errors.StripeIdempotencyError) return unknown('idempotency_key_reused');
  // 429, a lock that was not had included: refused before it began.
  if (error instanceof Stripe.errors.StripeRateLimitError) return notTaken('too_many_requests');
  // 403 as well, where it is the connected account that is gone or has never been ours.
  if (error.code === 'account_invalid') return rejected(providerCode(error.code));
  if (error instanceof Stripe.errors.StripeAuthenticationError) return notTaken('credentials_refused');
  if (error instanceof Stripe.errors.StripePermissionError) return notTaken('credentials_refused');
  switch (error.statusCode) {
    case 400:
    case 402:
    case 404:
      return balanceCodes.has(error.code ?? '')
        ? notTaken('balance_insufficient')
        : rejected(providerCode(error.code ?? error.rawType));
    // The same key is being worked on at this moment.
    case 409:
      return unknown('in_flight');
    default:
      return unknown(error.statusCode === undefined ? 'answer_malformed' : `status_${error.statusCode}`);
  }
}
