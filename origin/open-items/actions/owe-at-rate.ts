// owe_at_rate: what cleared at a merchant's own shop, in another currency than the merchant is paid in, is owed to it in its own currency,
// as a person says how much that is. Example: 11.00 USD cleared at the shop of a merchant that is paid in EUR; at 0.91 it is owed 10.01 EUR.
// The 11.00 USD stay on the network's clearing account in USD, and the 10.01 EUR leave the one in EUR: what the network has exchanged for
// us stands against both. A merchant that was paid more than it is owed (a deficit) has that made good first.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { limits } from '../../../contracts/limits.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { createHouseAccounts } from '../../ledger/house-accounts.ts';
import { oweInOtherCurrency } from '../../merchants/unassigned.ts';
import { inSavepoint, isRefusedByDatabase } from '../../set-aside.ts';
import { type ActionOutcome, transactionAction } from '../action.ts';
import { atRate, rateSchema } from '../at-rate.ts';
import { clearedEvidenceSchema, ofManyShops } from './assign-merchant.ts';

const input = z.strictObject({
  merchant_id: idSchema('mrch'),
  /** In minor units of the merchant's currency; above 0 also where more was refunded than cleared. */
  amount_minor: z.optional(amountMinorSchema),
  rate: rateSchema.optional(),
  /** The sum that the item shows: refused where it is another by now, so that nothing is converted that nobody has looked at. */
  of_minor: z.int(),
});

export const oweAtRate = transactionAction({
  name: 'owe_at_rate',
  summary:
    'Owe it to a merchant that is paid in another currency: all of it (`of_minor`, as the item shows it), as `amount_minor` in the ' +
    'merchant’s currency, or at a `rate` as a decimal text (units of that currency for one unit of what cleared).',
  kinds: ['clearing_unassigned'],
  input,
  async perform({ sql }, { evidence }, { merchant_id, amount_minor, rate, of_minor }) {
    const of = clearedEvidenceSchema.safeParse(evidence).data;
    if (of === undefined) return refused('merchant_id', ofManyShops);
    const { rows } = await sql.query<{ currency: string }>('select currency from merchants where merchant_id = $1', [
      merchant_id,
    ]);
    const to = rows[0]?.currency;
    if (to === undefined) return refused('merchant_id', 'there is no such merchant');
    if (to === of.currency) return refused('merchant_id', `is paid in ${to}, as this is: use assign_merchant`);
    if ((amount_minor === undefined) === (rate === undefined))
      return refused('amount_minor', 'must be given, or rate instead of it; not both');
    const size =
      rate === undefined
        ? BigInt(amount_minor ?? 0)
        : atRate({ amount_minor: Math.abs(of_minor), from: of.currency, to, rate });
    if (size > BigInt(limits.amountMinorMax)) return refused('rate', 'makes it larger than any payment');
    if (size === 0n) return refused(rate === undefined ? 'amount_minor' : 'rate', 'makes it nothing');
    const house = createHouseAccounts(sql);
    const clearing = { kind: 'network_clearing', network: of.network, currency: to } as const;
    await house.ensure([clearing]);
    const owing = {
      ...{ network: of.network, currency: of.currency, network_merchant_id: of.network_merchant_id, merchant_id },
      of_minor: BigInt(of_minor),
      as: { currency: to, clearing_no: `${house.numberOf(clearing)}`, net_minor: of_minor < 0 ? -size : size },
    };
    try {
      const owed = await inSavepoint(sql, () => oweInOtherCurrency(sql, owing));
      if (owed.outcome === 'changed') return refused('of_minor', `is not what is left, ${owed.net_minor}: look again`);
      if (owed.outcome === 'nothing_left') return { outcome: 'not_now', problem: 'nothing of it is left' };
      return {
        outcome: 'done',
        result: { merchant_id, moved_minor: of_minor, owed_minor: Number(owing.as.net_minor), currency: to },
      };
    } catch (error) {
      if (!isRefusedByDatabase(error)) throw error;
      return { outcome: 'not_now', problem: 'the ledger refuses to book it to this merchant' };
    }
  },
});

function refused(field: string, problem: string): ActionOutcome {
  return { outcome: 'refused', problem, field: `input.${field}` };
}
