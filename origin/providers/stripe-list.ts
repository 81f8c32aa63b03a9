// Stripe's own lists since an instant: transfers and payouts of the platform's account, payouts of every connected account, and the
// events of both (Stripe keeps events for 30 days), which are its webhooks told again.

import type Stripe from 'stripe';
import * as z from 'zod';
import type { Listed, ListedPayment, ProviderWord } from './provider.ts';
import { minorOfStripe } from './stripe-amount.ts';
import { readStripeEvent } from './stripe-webhook.ts';

const oursSchema = z.object({
  settlement_id: z.string().min(1),
  submission: z.coerce.number().int().min(1),
  merchant_id: z.string().min(1).optional(),
});

const limit = 100;
type Moved = Stripe.Transfer | Stripe.Payout;

/** `stateOf`: as of any payment that was asked about. */
export async function listStripe(
  stripe: Stripe,
  since: Date,
  stateOf: (moved: Moved) => ListedPayment['state'],
): Promise<Listed> {
  const created = { gte: Math.floor(since.getTime() / 1_000) };
  const payments: ListedPayment[] = [];
  const words: ProviderWord[] = [];
  const add = (moved: Moved) => payments.push(...listed(moved, stateOf(moved)));
  for await (const transfer of stripe.transfers.list({ created, limit })) add(transfer);
  // Undefined: the platform's own.
  const accounts: (string | undefined)[] = [undefined];
  for await (const { id } of stripe.accounts.list({ limit })) accounts.push(id);
  for (const account of accounts) {
    const on = account === undefined ? {} : { stripeAccount: account };
    for await (const payout of stripe.payouts.list({ created, limit }, on)) add(payout);
    for await (const event of stripe.events.list({ created, limit, types }, on)) {
      const word = readStripeEvent(event);
      // One that names no payment of ours was kept for a person when it came.
      if (word !== null && word.outcome !== 'unread') words.push(word);
    }
  }
  return { payments, words };
}

/** Those that tell how a payment ended, or came back. */
const types = [
  ...['payout.paid', 'payout.failed', 'payout.canceled', 'payout.updated'],
  ...['transfer.created', 'transfer.reversed'],
];

/** None: somebody else's, as what a person sends from the dashboard. */
function listed(moved: Moved, state: ListedPayment['state']): ListedPayment[] {
  const ours = oursSchema.safeParse(moved.metadata).data;
  if (ours === undefined) return [];
  const { id: provider_reference, amount, currency, description } = moved;
  return [
    {
      ...{ ...ours, merchant_id: ours.merchant_id ?? null, provider_reference, state },
      ...{ amount_minor: minorOfStripe(amount, currency), currency: currency.toUpperCase() },
      reference: description ?? '',
    },
  ];
}
