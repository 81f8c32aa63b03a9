// GET /settlements/{settlement_id}/transfers: what the ledger did for a settlement, for the merchant's own eyes too. What else stands
// on these accounts is the operator's to see (ledger.ts).

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { type SettlementTransfer, settlementTransferSchema } from '../../../contracts/settlement.ts';
import { costs } from '../http/cost.ts';
import { type Route, route } from '../http/route.ts';
import type { Caller } from '../identity/caller.ts';
import { findSettlement } from './settlement-view.ts';

interface TransferRow {
  readonly transfer_id: SettlementTransfer['transfer_id'];
  readonly kind: SettlementTransfer['kind'];
  readonly debit: SettlementTransfer['debit'];
  readonly credit: SettlementTransfer['credit'];
  readonly amount_minor: string;
  readonly currency: string;
  readonly booked_at: Date;
}

/** Of the accounts that are not a merchant's own it sees the kind. */
function sideFor({ merchant_id }: Caller, side: SettlementTransfer['debit']): SettlementTransfer['debit'] {
  return merchant_id === null || side.kind === 'merchant_payable' ? side : { ...side, ledger_account_id: null };
}

export const settlementTransfers: Route = route({
  method: 'get',
  path: '/settlements/{settlement_id}/transfers',
  name: 'listSettlementTransfers',
  cost: costs.one,
  summary: 'What the ledger booked for a settlement',
  tag: 'settlements',
  scope: 'settlements:read',
  forMerchants: true,
  params: z.strictObject({ settlement_id: idSchema('stl') }),
  answers: {
    status: 200,
    schema: z.strictObject({ transfers: z.array(settlementTransferSchema) }),
    description: 'In their order: none yet while it is queued.',
  },
  errors: ['settlement_not_found'],
  async handle({ params: { settlement_id }, caller, sql }) {
    await findSettlement(sql, caller, settlement_id);
    const { rows } = await sql.query<TransferRow>({
      name: 'list_settlement_transfers',
      // Each half by an index of its own.
      text: `with booked as (
               select * from ledger_transfers where settlement_id = $1 and kind <> 'direct'
               union all select * from ledger_transfers where settlement_id = $1 and kind = 'direct'
             )
             select b.transfer_id, b.kind, b.amount_minor, b.currency, b.booked_at,
               json_build_object('ledger_account_id', d.ledger_account_id, 'kind', d.kind) as debit,
               json_build_object('ledger_account_id', c.ledger_account_id, 'kind', c.kind) as credit
             from booked b
             join ledger_accounts d on d.ledger_account_no = b.debit_account_no
             join ledger_accounts c on c.ledger_account_no = b.credit_account_no
             order by b.transfer_no`,
      values: [settlement_id],
    });
    const transfers = rows.map(({ amount_minor, booked_at, debit, credit, ...row }) => ({
      ...row,
      debit: sideFor(caller, debit),
      credit: sideFor(caller, credit),
      amount_minor: BigInt(amount_minor),
      booked_at: booked_at.toISOString(),
    }));
    return { body: { transfers } };
  },
});
