// What an account and all below it had at a past instant: from the balances of now, less all that was booked after it, or from nothing, with
// all that was booked until then; whichever is fewer transfers. Each is read by its account's index. A transaction that was open at the
// instant may still be booked a few seconds later with a stamp of before it.

import type { Sql } from '../db/client.ts';
import { type Account, treeBelow } from './account-tree.ts';
import type { Funds } from './funds.ts';
import { type Place, placeOf } from './number-at.ts';

export async function balanceAt(sql: Sql, { account_id }: Account, at: Date): Promise<Funds> {
  const place = await placeOf(sql, at);
  const text = (await isNearerToNow(sql, place)) ? backwards : forwards;
  // By their numbers and not by a join: the database then knows how few transfers are theirs, and reads those by index.
  const { rows: accounts } = await sql.query<{ ledger_account_no: string }>(
    `${treeBelow} select ledger_account_no from tree join ledger_accounts using (account_id)`,
    [account_id],
  );
  const { rows } = await sql.query<{ balance: string; held: string }>(text, [
    ...[accounts.map(({ ledger_account_no }) => ledger_account_no), at, place.surely_before, place.surely_after],
  ]);
  return { balance_minor: BigInt(rows[0]?.balance ?? 0), held_minor: BigInt(rows[0]?.held ?? 0) };
}

async function isNearerToNow(sql: Sql, { surely_before, surely_after }: Place): Promise<boolean> {
  const { rows } = await sql.query<{ nearer: boolean }>(
    `select $1::bigint - coalesce(min(transfer_no), 0) > coalesce(max(transfer_no), 0) - $2::bigint as nearer from ledger_transfers`,
    [surely_before, surely_after],
  );
  return rows[0]?.nearer ?? true;
}

/** SQL: what the transfers of a tree moved, of those that a condition chooses; debits of an account spend and hold, credits bring. */
const moved = (chosen: string) => `
  select coalesce(sum(case when kind in ('post', 'direct') then change else 0 end), 0) as balance,
    coalesce(sum(case kind when 'pending' then -change when 'direct' then 0 else change end) filter (where change < 0), 0) as held
  from (
    select kind, -amount_minor::numeric as change from ledger_transfers where debit_account_no = any ($1::bigint[]) and ${chosen}
    union all
    select kind, amount_minor from ledger_transfers where credit_account_no = any ($1::bigint[]) and ${chosen}
  ) as side`;

const forwards = moved('transfer_no < $4::bigint and (transfer_no < $3::bigint or booked_at <= $2)');

/** One statement, so that the balances of now and the transfers since are of one moment. */
const backwards = `
  with since as (${moved('transfer_no >= $3::bigint and (transfer_no >= $4::bigint or booked_at > $2)')}), present as (
    select coalesce(sum(credits_posted::numeric - debits_posted), 0) as balance, coalesce(sum(debits_pending::numeric), 0) as held
    from ledger_balances where ledger_account_no = any ($1::bigint[])
  )
  select present.balance - since.balance as balance, present.held - since.held as held from present, since`;
