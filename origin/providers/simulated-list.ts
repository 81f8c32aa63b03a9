// The simulated provider's list of payments that were sent, ended or came back since an instant, page by page.

import * as z from 'zod';
import { providerCode } from './exchange.ts';
import type { Listed, ListedPayment, ProviderWord } from './provider.ts';

const pageSchema = z.object({
  payments: z.array(
    z.object({
      state: z.enum(['paid', 'pending', 'rejected']),
      provider_reference: z.string().min(1).max(255),
      order: z.object({
        settlement_id: z.string(),
        submission: z.number().int().min(1),
        amount_minor: z.string(),
        currency: z.string(),
        reference: z.string(),
        merchant_id: z.string().optional(),
      }),
      returns: z.array(z.object({ return_reference: z.string(), amount_minor: z.string(), code: z.string() })),
    }),
  ),
  next: z.number().int().nullable(),
});
type Payment = z.infer<typeof pageSchema>['payments'][number];

/** `get` answers the body of a page, and throws for anything but a page. */
export async function listSimulated(get: (path: string) => Promise<unknown>, since: Date): Promise<Listed> {
  const payments: Payment[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = pageSchema.parse(await get(`/v1/payments?since_ms=${since.getTime()}&after=${after}`));
    payments.push(...page.payments);
    after = page.next;
  }
  return { payments: payments.map(listed), words: payments.flatMap(returnsOf) };
}

function listed({ state, provider_reference, order }: Payment): ListedPayment {
  return { ...order, merchant_id: order.merchant_id ?? null, provider_reference, state };
}

/** By its own reference, which is known here where the return was heard of before. */
function returnsOf({ order: { settlement_id, submission, currency }, returns }: Payment): ProviderWord[] {
  return returns.map(({ return_reference, amount_minor, code }) => ({
    ...{ outcome: 'returned', settlement_id, submission, amount_minor, currency, code: providerCode(code) },
    ...{ webhook_id: `listed ${return_reference}`, provider_reference: return_reference, occurred_at_ms: null },
  }));
}
