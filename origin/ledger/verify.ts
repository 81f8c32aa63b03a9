// Proves the ledger from its rows: each balance is the sum of its transfers, debits equal credits in every currency, and no merchant's account
// may be overdrawn.
// Reads everything in one snapshot; nothing in it trusts the triggers that keep the balances.
// Alone: `DATABASE_URL=… node origin/ledger/verify.ts`, which exits with 1 where something differs.

import { noteProof, proofBegins } from '../audit/last-proofs.ts';
import type { Sql } from '../db/client.ts';
import { connectOwner } from '../db/which-postgres.ts';

export interface LedgerProof {
  readonly accounts: number;
  readonly transfers: number;
  /** A sentence for each difference; none: the ledger is proved. */
  readonly differences: string[];
}

/** What a balance must be, from the transfers alone. */
const sums = `
  select ledger_account_no,
    coalesce(sum(case kind when 'pending' then debit when 'direct' then 0 else -debit end), 0) as debits_pending,
    coalesce(sum(case kind when 'pending' then credit when 'direct' then 0 else -credit end), 0) as credits_pending,
    coalesce(sum(debit) filter (where kind in ('post', 'direct')), 0) as debits_posted,
    coalesce(sum(credit) filter (where kind in ('post', 'direct')), 0) as credits_posted
  from (
    select debit_account_no as ledger_account_no, kind, amount_minor as debit, 0 as credit from ledger_transfers
    union all
    select credit_account_no, kind, 0, amount_minor from ledger_transfers
  ) as side
  group by ledger_account_no`;

const proof = `
  with sums as (${sums}), compared as (
    select a.ledger_account_id, a.currency, b.currency as balance_currency,
      a.merchant_id is not null as owed_to_merchant, a.never_overdrawn, b.never_overdrawn as never_overdrawn_here,
      b.debits_pending, b.credits_pending, b.debits_posted, b.credits_posted,
      (b.debits_pending, b.credits_pending, b.debits_posted, b.credits_posted) is not distinct from
      (coalesce(s.debits_pending, 0), coalesce(s.credits_pending, 0), coalesce(s.debits_posted, 0), coalesce(s.credits_posted, 0)) as equal
    from ledger_accounts a
    left join ledger_balances b using (ledger_account_no)
    left join sums s using (ledger_account_no)
  ), found as (
    select ledger_account_id || ': the balance is not the sum of its transfers' as difference
      from compared where not equal or balance_currency is distinct from currency
    union all
    -- Else more could be paid out than a merchant is owed, without a difference of any sum.
    select ledger_account_id || ': what it may pay out is not bounded by what is owed'
      from compared where never_overdrawn_here is distinct from never_overdrawn or (owed_to_merchant and not never_overdrawn)
    union all
    select currency || ': debits and credits differ' from compared group by currency
      having sum(debits_pending) <> sum(credits_pending) or sum(debits_posted) <> sum(credits_posted)
    union all
    select t.transfer_id || ': not in the currency of both its accounts'
      from ledger_transfers t
      left join ledger_accounts d on d.ledger_account_no = t.debit_account_no and d.currency = t.currency
      left join ledger_accounts c on c.ledger_account_no = t.credit_account_no and c.currency = t.currency
      where d.ledger_account_no is null or c.ledger_account_no is null
  )
  select
    (select count(*) from ledger_accounts)::int as accounts,
    (select count(*) from ledger_transfers)::int as transfers,
    coalesce((select array_agg(difference order by difference) from found), '{}') as differences`;

export async function verifyLedger(sql: Sql): Promise<LedgerProof> {
  const { rows } = await sql.query<LedgerProof>(proof);
  const [row] = rows;
  if (row === undefined) throw new Error('the proof gave no answer');
  return row;
}

if (import.meta.main) {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is not set');
  const sql = await connectOwner(url);
  const beganAt = await proofBegins(sql);
  const result = await verifyLedger(sql);
  await noteProof(sql, { kind: 'ledger', beganAt, isGood: result.differences.length === 0 });
  await sql.end();
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.differences.length === 0 ? 0 : 1;
}
