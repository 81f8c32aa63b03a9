// Settlements asked for under an idempotency key get an id that follows from the key. So after a restore of the database, which forgets
// keys of the lost time, a repeat meets the settlement that was found at its provider (payouts/lost-payments.ts), and not a second
// payment. Nothing can be read from such an id: it is a digest of owner, route and key.

import { createHash } from 'node:crypto';
import { type Id, idOfBytes, newId } from '../../../contracts/ids.ts';
import type { Refusal } from '../../../contracts/problem.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { type CreateOutcome, createSettlements, type SettlementRequest } from '../../payouts/create.ts';
import type { Payer } from '../../providers/payable.ts';
import { type SettlementRow, settlementColumns } from './settlement-view.ts';

export interface Asked extends SettlementRequest {
  /** Of the key it was asked for with, within its owner and route. */
  readonly keyDigest: Uint8Array;
}

export type Created =
  | CreateOutcome
  /** It was there, found at its provider; the repeat is answered as it stands. */
  | { readonly found: SettlementRow }
  | { readonly refusal: Refusal };

/** `rememberedMs`: how long keys are kept. */
export async function createOnce(
  sql: Sql,
  asked: readonly Asked[],
  payers: readonly Payer[],
  rememberedMs: number,
): Promise<Created[]> {
  const named = asked.map((one) => ({ ...one, settlement_id: idOfKey(one.keyDigest) }));
  const created: Created[] = await createSettlements(sql, named, payers);
  // Mostly nothing: a fresh key has a fresh id.
  const odd = created.flatMap((outcome, index) => ('created' in outcome && outcome.at !== null ? [] : [index]));
  if (odd.length === 0) return created;
  const found = await foundAtProviders(
    sql,
    odd.flatMap((index) => named[index]?.settlement_id ?? []),
    rememberedMs,
  );
  const again: number[] = [];
  for (const index of odd) {
    const one = named[index];
    const outcome = created[index];
    if (one === undefined || outcome === undefined) throw new Error('each request has an outcome');
    const before = found.get(one.settlement_id);
    if (before !== undefined)
      created[index] = isSame(before, one) ? { found: before } : { refusal: refusal('idempotency_key_reused') };
    // Its key was forgotten in time, and is used for another settlement now.
    else if ('created' in outcome) again.push(index);
  }
  const fresh = again.flatMap((index) => named[index] ?? []).map((one) => ({ ...one, settlement_id: newId('stl') }));
  const outcomes = await createSettlements(sql, fresh, payers);
  for (const [place, index] of again.entries()) {
    const outcome = outcomes[place];
    if (outcome !== undefined) created[index] = outcome;
  }
  return created;
}

export function idOfKey(keyDigest: Uint8Array): Id<'stl'> {
  return idOfBytes('stl', createHash('sha256').update('settlement ').update(keyDigest).digest());
}

/** Younger than keys are kept: a later use of the same key means another settlement. */
async function foundAtProviders(
  sql: Sql,
  ids: readonly string[],
  rememberedMs: number,
): Promise<Map<string, SettlementRow>> {
  const { rows } = await sql.query<SettlementRow>(
    `select ${settlementColumns} from settlements
     where settlement_id = any($1::text[]) and created_at > now() - $2 * interval '1 millisecond'
       and exists (select from provider_exchanges e where e.settlement_id = settlements.settlement_id and e.outcome = 'listed')`,
    [ids, rememberedMs],
  );
  return new Map(rows.map((row) => [row.settlement_id, row]));
}

function isSame(row: SettlementRow, { settlement }: Asked): boolean {
  return (
    row.merchant_id === settlement.merchant_id &&
    row.amount_minor === String(settlement.amount_minor) &&
    row.currency === settlement.currency
  );
}
