// book_return: a person knows that money of a paid settlement came back, all of it or a part, and that the merchant is owed it again.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { returnOf } from '../../../core/settlement/returned.ts';
import type { Sql } from '../../db/client.ts';
import { newReturn, storedReturns } from '../../payouts/returns.ts';
import { lockSettlements } from '../../payouts/settlement-row.ts';
import { storable } from '../../payouts/storable.ts';
import { storeChanges } from '../../payouts/store-changes.ts';
import { createTransitAccounts } from '../../payouts/transit-accounts.ts';
import { type ActionOutcome, transactionAction } from '../action.ts';
import type { OpenItem } from '../open-item.ts';

export const bookReturn = transactionAction({
  name: 'book_return',
  summary:
    'Book that money of a paid settlement came back, and is owed to its merchant again: `amount_minor` of it or, without, all that ' +
    'is not back yet. `settlement_id` where the item names none.',
  kinds: ['provider_contradiction', 'return_short', 'bank_entry_unmatched', 'booked_twice'],
  input: z.strictObject({
    amount_minor: z.optional(amountMinorSchema.check(z.positive())),
    settlement_id: z.optional(idSchema('stl')),
  }),
  async perform({ sql }, item, { amount_minor, settlement_id = item.settlement_id ?? '' }, doer) {
    if (item.settlement_id !== null && settlement_id !== item.settlement_id)
      return refused('settlement_id', `is another than the item's, ${item.settlement_id}`);
    const row = (await lockSettlements(sql, [settlement_id])).get(settlement_id as `stl_${string}`);
    if (row === undefined) return refused('settlement_id', 'names no settlement');
    if (row.state !== 'completed' || row.provider === null)
      return refused('settlement_id', `is ${row.state}: only what was paid comes back`);
    const { provider } = row;
    const own = await storedReturns(sql, [settlement_id]);
    const stated_minor = amount_minor === undefined ? null : BigInt(amount_minor);
    const found = returnOf(row.amount_minor, own, stated_minor);
    if (found.outcome === 'nothing_left') return refused('amount_minor', 'cannot be booked: all of it is back already');
    if (found.outcome === 'exceeds')
      return refused('amount_minor', `is ${found.excess_minor} more than was paid and is not back yet`);
    const returned = newReturn({
      ...{ settlement: row, provider, stated_minor, amount_minor: found.amount_minor },
      provider_reference: await referenceFor(sql, item, provider),
      reason_code: 'booked_by_a_person',
      occurred_at_ms: null,
      evidence: { open_item_id: item.open_item_id, reason: doer.reason },
      doer,
    });
    const transit = createTransitAccounts(sql);
    await transit.ensure([provider], [row.currency]);
    await storeChanges(sql, transit, [], [], [returned]);
    const { settlement_return_id } = returned;
    return { outcome: 'done', result: { settlement_id, settlement_return_id, amount_minor: found.amount_minor } };
  },
});

const wordSchema = z.object({
  word: z.object({ outcome: z.enum(['returned', 'unclear']), provider_reference: z.string() }),
});

/** What the provider calls this return, so that its message, told once more, is the same; else the item's own id. */
async function referenceFor(sql: Sql, { evidence, open_item_id }: OpenItem, provider: string): Promise<string> {
  const read = wordSchema.safeParse(evidence);
  if (!read.success) return open_item_id;
  const provider_reference = storable(read.data.word.provider_reference);
  const { rows } = await sql.query('select 1 from settlement_returns where provider = $1 and provider_reference = $2', [
    provider,
    provider_reference,
  ]);
  return rows.length === 0 ? provider_reference : open_item_id;
}

function refused(field: string, problem: string): ActionOutcome {
  return { outcome: 'refused', field, problem };
}
