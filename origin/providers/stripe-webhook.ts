// Stripe's webhooks: verified by its SDK on the text as it came, then read for what they say of payments of ours. An event of ours that
// we do not know goes in front of a person, and so does one of a payout or transfer that names none of ours: somebody else moved money
// on the account. Events of anything else are ignored.

import type Stripe from 'stripe';
import * as z from 'zod';
import { limits } from '../../contracts/limits.ts';
import { Refusal } from '../../contracts/problem.ts';
import { providerCode } from './exchange.ts';
import type { Provider, ProviderWord, UnclearWord } from './provider.ts';
import { minorOfStripe } from './stripe-amount.ts';
import { jsonOf, unreadWebhook } from './unread-webhook.ts';

/** Ours say whose they are in their metadata; whatever else moves on the account has none. */
const ours = z.object({
  settlement_id: z.string().min(1).max(255),
  submission: z.coerce.number().int().min(1).optional().catch(undefined),
});
const id = z.string().min(1).max(255);
/** Decorations: what cannot be read is not there, and keeps nothing from being booked. */
const code = z.string().nullish().catch(null);
const reversal = z.object({ id, amount: z.number().int().positive(), created: z.number().int().optional() });

const eventSchema = z.object({
  id,
  type: z.string(),
  /** Seconds. */
  created: z.number().int().positive().optional().catch(undefined),
  data: z.object({
    object: z.object({
      id,
      metadata: ours,
      amount: z.number().int().positive().optional().catch(undefined),
      currency: z.string().optional().catch(undefined),
      failure_code: code,
      /** Of a payout, the payout that takes it back. */
      reversed_by: z.unknown().optional(),
      /** Of a transfer: true when all of it came back. */
      reversed: z.boolean().optional().catch(undefined),
      amount_reversed: z.number().int().nonnegative().optional().catch(undefined),
      reversals: z
        .object({ data: z.array(reversal) })
        .optional()
        .catch(undefined),
    }),
  }),
});
type Event = z.infer<typeof eventSchema>;
const typedSchema = z.object({ type: z.string() });

/** They say that one of ours exists or has moved on, which other events say better. */
const saysNothing = new Set(['payout.created', 'payout.reconciliation_completed', 'transfer.updated', 'transfer.paid']);

export function readStripeWebhook(
  stripe: Stripe,
  secrets: readonly string[],
  headers: Headers,
  body: string,
): ReturnType<Provider['readWebhook']> {
  const signature = headers.get('stripe-signature') ?? '';
  if (!secrets.some((secret) => isSignedBy(stripe, { secret, signature, body })))
    throw new Refusal(
      401,
      'signature_wrong',
      'The Stripe-Signature header is missing, wrong, or older than five minutes.',
    );
  const json = jsonOf(body);
  return json.outcome === 'json' ? readStripeEvent(json.value) : json;
}

/** Of payouts and transfers: the two that we make. */
const ofPayments = /^(?:payout|transfer)\./;

/** Of an event that Stripe has signed, or lists. */
export function readStripeEvent(body: unknown): ReturnType<Provider['readWebhook']> {
  const read = eventSchema.safeParse(body);
  if (read.success) return wordOf(read.data);
  const { type = null } = typedSchema.safeParse(body).data ?? {};
  if (type === null) return unreadWebhook(body, null, 'has no type');
  if (!ofPayments.test(type) || saysNothing.has(type)) return null;
  return unreadWebhook(body, type, `("${type}") names no payment of ours`);
}

function wordOf(event: Event): ProviderWord | null {
  const { object } = event.data;
  const { settlement_id, submission } = object.metadata;
  const about = {
    webhook_id: event.id,
    settlement_id,
    ...(submission === undefined ? {} : { submission }),
    provider_reference: object.id,
    occurred_at_ms: event.created === undefined ? null : event.created * 1_000,
  };
  const rejected = (theirs: string): ProviderWord => ({ ...about, outcome: 'rejected', code: providerCode(theirs) });
  switch (event.type) {
    case 'payout.paid':
    case 'transfer.created':
      // A payout that failed and a transfer that was reversed stay so: a `paid` that comes later was sent before.
      return { ...about, outcome: 'paid', code: null, rejection_outlasts: true, ...paidOf(object) };
    case 'payout.failed':
      return rejected(object.failure_code ?? 'payout_failed');
    case 'payout.canceled':
      return rejected('payout_canceled');
    case 'transfer.reversed':
      return object.reversed === true ? rejected('transfer_reversed') : partOf(event, about);
    case 'payout.updated':
      if (object.reversed_by === undefined || object.reversed_by === null) return null;
      return unclear(about, 'payout_reversed', 'Stripe takes a payout back from the bank account it was paid to.');
    default:
      if (saysNothing.has(event.type)) return null;
      return unclear(about, event.type, `Stripe says "${event.type}" of a payment of ours, which we do not know.`);
  }
}

type About = Pick<UnclearWord, 'webhook_id' | 'settlement_id' | 'submission' | 'provider_reference' | 'occurred_at_ms'>;

function unclear(about: About, theirs: string, summary: string): UnclearWord {
  const kind = 'provider_contradiction';
  return {
    ...about,
    outcome: 'unclear',
    kind,
    summary,
    amount_minor: null,
    currency: null,
    code: providerCode(theirs),
  };
}

function paidOf({ amount, currency }: Event['data']['object']) {
  if (amount === undefined || currency === undefined) return {};
  return { amount_minor: minorOfStripe(amount, currency), currency: currency.toUpperCase() };
}

/**
 * A transfer reversed in part: the merchant has less than the ledger says, and we have it. Stripe reverses only where somebody of
 * ours asked for it (a correction, a refund that takes the transfer back), and why, a person knows: it may be owed again or not.
 */
function partOf(event: Event, about: About): UnclearWord {
  const { reversals, amount_reversed, currency = '' } = event.data.object;
  // The newest comes first. Without the list there is only the sum of all of them.
  const newest = reversals?.data[0];
  const amount = newest?.amount ?? amount_reversed ?? 0;
  return {
    ...about,
    outcome: 'unclear',
    kind: 'return_short',
    provider_reference: newest?.id ?? `${about.provider_reference} reversed ${amount}`,
    summary:
      'Stripe reversed a part of a transfer: the merchant has less than the ledger says, and it is with us again.',
    amount_minor: amount === 0 ? null : minorOfStripe(amount, currency),
    currency: currency === '' ? null : currency.toUpperCase(),
    code: 'provider_transfer_reversed',
  };
}

const toleranceSeconds = limits.signatureToleranceMs / 1_000;

function isSignedBy(
  stripe: Stripe,
  { secret, signature, body }: { secret: string; signature: string; body: string },
): boolean {
  try {
    // Not `constructEvent`, which parses too: a signed text that is no JSON would look like a wrong signature.
    return stripe.webhooks.signature?.verifyHeader(body, signature, secret, toleranceSeconds) === true;
  } catch {
    return false;
  }
}
