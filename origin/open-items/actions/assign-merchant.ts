// assign_merchant: whose the shop is. From now on (its id becomes one of the merchant's), or only what has cleared until now, whole or
// in part. accrue_again: what was refused is tried once more, after its cause was mended.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { Refusal } from '../../../contracts/problem.ts';
import type { Sql } from '../../db/client.ts';
import { addNetworkMerchantIds } from '../../merchants/merchants.ts';
import { accrueOnceMore, assignOnce } from '../../merchants/unassigned.ts';
import { inSavepoint, isRefusedByDatabase } from '../../set-aside.ts';
import { type ActionOutcome, transactionAction } from '../action.ts';

/** Of the item, as raise-unassigned.ts writes it. */
export const clearedEvidenceSchema = z.object({
  network: z.string(),
  network_merchant_id: z.string(),
  currency: z.string(),
});

/** Of an item of many shops (merchants/many-shops.ts). */
export const ofManyShops =
  'is no merchant of many shops at once: give it the ids of its own (PATCH /merchants), and it is owed what cleared there';

const input = z.strictObject({
  merchant_id: idSchema('mrch'),
  /**
   * True: the shop is this merchant's from now on. False: only what has cleared until now is owed to it. Not given: true where the
   * network named the shop, else false, since there is nothing that could be the merchant's from now on.
   */
  from_now_on: z.boolean().nullable().default(null),
  /** Part of it, in minor units; the rest stays open. Only with `from_now_on` false. */
  amount_minor: z.int().positive().nullable().default(null),
  /**
   * The sum that the item shows, needed where only what has cleared is assigned: refused where it is another by now. An item of which
   * a part is assigned is open again within a second, and so is one at whose shop more clears; without this, a repeat whose first
   * answer was lost would assign the part twice, or what has cleared since, which nobody has looked at.
   */
  of_minor: z.int().nullable().default(null),
});

export const assignMerchant = transactionAction({
  name: 'assign_merchant',
  summary:
    'Owe it to a merchant: the shop is this merchant’s from now on; or with `from_now_on` false, and where the network named no shop, what ' +
    'has cleared until now, `of_minor` as the item shows it, or `amount_minor` of that.',
  kinds: ['clearing_unassigned'],
  input,
  async perform({ sql }, { evidence, amount_minor: shown }, { merchant_id, amount_minor, of_minor, ...asked }, doer) {
    const of = clearedEvidenceSchema.safeParse(evidence).data;
    if (of === undefined) return refused('merchant_id', ofManyShops);
    const { rows } = await sql.query<{ currency: string }>('select currency from merchants where merchant_id = $1', [
      merchant_id,
    ]);
    const currency = rows[0]?.currency;
    if (currency === undefined) return refused('merchant_id', 'there is no such merchant');
    if (currency !== of.currency) return refused('merchant_id', `is paid in ${currency}, and this is ${of.currency}`);
    const isNamed = of.network_merchant_id !== '';
    if (!(asked.from_now_on ?? isNamed)) {
      if (of_minor === null)
        return refused(
          'of_minor',
          `is needed where only what has cleared is assigned: the sum that the item shows, ${shown}`,
        );
      return await assignPart(sql, {
        ...of,
        merchant_id,
        amount_minor: bigOf(amount_minor),
        of_minor: bigOf(of_minor),
      });
    }
    if (amount_minor !== null) return refused('amount_minor', 'is for from_now_on false: all of it is owed otherwise');
    if (!isNamed)
      return refused(
        'from_now_on',
        'must be false: the network named no shop that could be this merchant’s from now on',
      );
    try {
      const ids = { merchant_id, network_merchant_ids: [of.network_merchant_id] };
      await addNetworkMerchantIds(sql, ids, doer);
    } catch (error) {
      if (error instanceof Refusal) return refused('from_now_on', 'the shop’s id belongs to another merchant');
      throw error;
    }
    // Accrual takes up all that has cleared there, within its next round.
    return { outcome: 'done', result: { merchant_id, network_merchant_id: of.network_merchant_id } };
  },
});

async function assignPart(sql: Sql, assignment: Parameters<typeof assignOnce>[1]): Promise<ActionOutcome> {
  try {
    const assigned = await inSavepoint(sql, () => assignOnce(sql, assignment));
    switch (assigned.outcome) {
      case 'assigned': {
        const [moved_minor, rest_minor] = [Number(assigned.moved_minor), Number(assigned.rest_minor)];
        return { outcome: 'done', result: { merchant_id: assignment.merchant_id, moved_minor, rest_minor } };
      }
      case 'nothing_left':
        return { outcome: 'not_now', problem: 'nothing of it is left' };
      case 'changed':
        return refused('of_minor', `is not what is left, ${assigned.net_minor}: look at the item again`);
      case 'too_much':
        return refused('amount_minor', `is more than the ${assigned.net_minor} that are left`);
    }
  } catch (error) {
    if (!isRefusedByDatabase(error)) throw error;
    return { outcome: 'not_now', problem: 'the ledger refuses to book it to this merchant' };
  }
}

function bigOf(minor: number | null): bigint | null {
  return minor === null ? null : BigInt(minor);
}

function refused(field: string, problem: string): ActionOutcome {
  return { outcome: 'refused', problem, field };
}

export const accrueAgain = transactionAction({
  name: 'accrue_again',
  summary: 'Add it to what its merchant is owed once more, after its cause was mended.',
  kinds: ['accrual_failed'],
  input: z.strictObject({}),
  async perform({ sql }, { merchant_id }) {
    if (merchant_id !== null) await accrueOnceMore(sql, merchant_id);
    return { outcome: 'done', result: { merchant_id } };
  },
});
