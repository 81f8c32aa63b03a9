// book_payment: a person knows that the merchant got this money although its settlement had failed, or got it twice. It is owed that
// much less, and the item withholds it no longer.

import * as z from 'zod';
import { recordAuditEvents } from '../../audit/audit-event.ts';
import type { Sql } from '../../db/client.ts';
import { insertTransfers } from '../../ledger/transfers.ts';
import { owedTo } from '../../merchants/owed.ts';
import { isFinal, lockSettlements } from '../../payouts/settlement-row.ts';
import { storable } from '../../payouts/storable.ts';
import { createTransitAccounts } from '../../payouts/transit-accounts.ts';
import { transactionAction } from '../action.ts';
import type { OpenItem } from '../open-item.ts';

const evidenceSchema = z.object({ word: z.object({ outcome: z.literal('paid'), provider_reference: z.string() }) });

export const bookPayment = transactionAction({
  name: 'book_payment',
  summary:
    'It was paid: take it from what the merchant is owed. The settlement stays as it ended; nothing is withheld any more.',
  kinds: ['provider_contradiction'],
  input: z.strictObject({}),
  async perform({ sql }, item, _input, doer) {
    const { settlement_id, provider, open_item_id } = item;
    const evidence = evidenceSchema.safeParse(item.evidence).data;
    if (settlement_id === null || provider === null || evidence === undefined)
      return { outcome: 'refused', problem: 'cannot be done: the item is not about a payment of a settlement' };
    const row = (await lockSettlements(sql, [settlement_id])).get(settlement_id);
    if (row === undefined) return { outcome: 'refused', problem: 'cannot be done: its settlement is not here' };
    const { currency, merchant_id, state } = row;
    if (!isFinal(row))
      return {
        outcome: 'refused',
        problem: `cannot be done: its settlement is ${state}; confirm_payment says how it ends`,
      };
    // "Paid 299.00" was not believed, and then the provider was asked and said that it paid 300.00: it is one payment.
    const isBooked =
      state === 'completed' &&
      row.provider === provider &&
      row.provider_reference === storable(evidence.word.provider_reference);
    const amount_minor = isBooked ? null : await withheldBy(sql, item);
    if (amount_minor === null)
      return { outcome: 'refused', problem: 'cannot be done: this payment is booked already; dismiss the item' };
    const available = (await owedTo(sql, [merchant_id])).get(merchant_id)?.available_minor ?? 0n;
    // It was paid again meanwhile. What clears next is withheld too, until it is enough.
    if (available < amount_minor)
      return {
        outcome: 'not_now',
        problem: `can be done when the merchant is owed ${amount_minor} ${currency} again; now it is ${available}`,
      };
    const transit = createTransitAccounts(sql);
    await transit.ensure([provider], [currency]);
    const [transfer_id] = await insertTransfers(sql, [
      {
        debit_account_no: row.payable_account_no,
        credit_account_no: transit.numberOf(provider, currency),
        ...{ amount_minor, currency, settlement_id, kind: 'direct', event_at_ms: Date.now(), event: null },
      },
    ]);
    const reason = `${amount_minor} ${currency} was paid by ${provider} after all (${open_item_id}): ${doer.reason}`;
    await recordAuditEvents(sql, [
      {
        ...{ actor: doer.actor, correlation_id: doer.correlation_id, action: 'settlement.paid_after_all' },
        ...{ subject: settlement_id, merchant_id, from_state: state, to_state: state, reason },
      },
    ]);
    return { outcome: 'done', result: { settlement_id, transfer_id, amount_minor } };
  },
});

/** As much as the provider says it paid, and nobody has booked. */
async function withheldBy(sql: Sql, { open_item_id }: OpenItem): Promise<bigint | null> {
  const { rows } = await sql.query<{ amount_minor: string }>(
    `select w.amount_minor from withheld_amounts w join open_items i on i.kind = w.kind and i.item_key = w.item_key
     where i.open_item_id = $1`,
    [open_item_id],
  );
  return rows[0] === undefined ? null : BigInt(rows[0].amount_minor);
}
