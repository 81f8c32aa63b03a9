// Stripe's webhooks: verified by its SDK on the text as it came, then read for the few events that end a payment of ours.

import type Stripe from 'stripe';
import * as z from 'zod';
import { Refusal } from '../../contracts/problem.ts';
import { providerCode } from './exchange.ts';
import type { ProviderWord } from './provider.ts';

/** Ours say whose they are in their metadata; whatever else moves on the account has none. */
const metadata = z.object({ settlement_id: z.string().min(1), submission: z.coerce.number().int().min(1) });
const id = z.string().min(1).max(255);
const eventSchema = z.discriminatedUnion('type', [
  z.object({ id, type: z.literal('payout.paid'), data: z.object({ object: z.object({ id, metadata }) }) }),
  z.object({
    id,
    type: z.enum(['payout.failed', 'payout.canceled']),
    data: z.object({ object: z.object({ id, metadata, failure_code: z.nullish(z.string()) }) }),
  }),
  z.object({ id, type: z.literal('transfer.created'), data: z.object({ object: z.object({ id, metadata }) }) }),
  z.object({
    id,
    type: z.literal('transfer.reversed'),
    // In part, too: only what came back as a whole is not paid.
    data: z.object({ object: z.object({ id, metadata, reversed: z.literal(true) }) }),
  }),
]);
type Event = z.infer<typeof eventSchema>;

export function readStripeWebhook(
  stripe: Stripe,
  secrets: readonly string[],
  headers: Headers,
  body: string,
): ProviderWord | null {
  const signature = headers.get('stripe-signature') ?? '';
  if (!secrets.some((secret) => isSignedBy(stripe, { secret, signature, body })))
    throw new Refusal(
      401,
      'signature_wrong',
      'The Stripe-Signature header is missing, wrong, or older than five minutes.',
    );
  const read = eventSchema.safeParse(JSON.parse(body));
  if (!read.success) return null;
  const { object } = read.data.data;
  const { settlement_id, submission } = object.metadata;
  const about = { webhook_id: read.data.id, settlement_id, submission, provider_reference: object.id };
  const code = codeOf(read.data);
  return code === null ? { ...about, outcome: 'paid', code } : { ...about, outcome: 'rejected', code };
}

/** Null: it is paid. */
function codeOf(event: Event): string | null {
  switch (event.type) {
    case 'payout.paid':
    case 'transfer.created':
      return null;
    case 'payout.failed':
      return providerCode(event.data.object.failure_code ?? 'payout_failed');
    case 'payout.canceled':
      return 'provider_payout_canceled';
    case 'transfer.reversed':
      return 'provider_transfer_reversed';
  }
}

function isSignedBy(
  stripe: Stripe,
  { secret, signature, body }: { secret: string; signature: string; body: string },
): boolean {
  try {
    stripe.webhooks.constructEvent(body, signature, secret);
    return true;
  } catch {
    return false;
  }
}
