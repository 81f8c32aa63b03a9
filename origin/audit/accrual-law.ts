// Whether what merchants are owed is what cleared for them. One accrual is the sum of many clearings, less refunds and a deficit, so it names none of
// them; all together they obey a law, in each currency and up to the seal that accrual has come to:
//
//   cleared by cards' events = owed by accrual + unassigned + withheld - refunds that no shop is charged with - deficits
//
// Example: 900.00 cleared, 700.00 are owed, 150.00 unassigned, 50.00 withheld. A transfer of 1.00 that somebody adds makes it 901.00.
// What a person owed in another currency left one and came to another: the audit trail says how much (open_item.owe_at_rate).
//
// Does not see money that somebody moves from one merchant to another, in two transfers that add up to nothing.

import type { Sql } from '../db/client.ts';

const law = `
  with head as (select seal_no from accrual_head), later as (
    select t.transfer_no from (
      select s.transfer_nos from head h join ledger_seals s on s.seal_no > h.seal_no
      union all select transfer_nos from waiting_for_seal where transfer_nos is not null
    ) as s
    cross join lateral unnest(s.transfer_nos) as sealed (nos)
    join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
  ), at_rate as (
    select said[2] as of, said[1]::bigint as moved, said[4] as paid_in, said[3]::bigint as owed
    from audit_trail cross join lateral regexp_match(reason, ': moved (-?[0-9]+) ([A-Z]{3}), owed (-?[0-9]+) ([A-Z]{3})$') as said
    where action = 'open_item.owe_at_rate' and said is not null
  ), parts as (
    select t.currency,
      case when c.kind = 'network_clearing' then t.amount_minor else -t.amount_minor end as minor
    from ledger_transfers t
    join ledger_accounts d on d.ledger_account_no = t.debit_account_no
    join ledger_accounts c on c.ledger_account_no = t.credit_account_no
    where t.kind in ('post', 'direct') and t.authorization_id is not null and (c.kind = 'network_clearing') <> (d.kind = 'network_clearing')
      and t.transfer_no not in (select transfer_no from later)
    union all
    select t.currency, case when c.kind = 'network_clearing' then t.amount_minor else -t.amount_minor end
    from ledger_transfers t
    join ledger_accounts d on d.ledger_account_no = t.debit_account_no
    join ledger_accounts c on c.ledger_account_no = t.credit_account_no
    where t.kind = 'direct' and t.event_id is null and t.settlement_id is null
      and (d.kind, c.kind) in (('network_clearing', 'merchant_payable'), ('merchant_payable', 'network_clearing'))
    union all
    select c.currency, -u.net_minor from unassigned_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
    union all
    select c.currency, -u.left_minor from unapproved_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
      where u.state in ('withheld', 'kept')
    union all
    select c.currency, u.left_minor from unmatched_refunds u join ledger_accounts c on c.ledger_account_no = u.clearing_no
      where u.state in ('withheld', 'kept')
    union all
    select m.currency, a.deficit_minor from merchant_accruals a join merchants m using (merchant_id)
    union all
    select of, -moved from at_rate union all select paid_in, owed from at_rate
  )
  select currency, sum(minor)::text as minor from parts group by currency having sum(minor) <> 0 order by currency`;

/** In words, one for each currency in which it does not hold. */
export async function brokenAccruals(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ currency: string; minor: string }>(law);
  return rows.map(({ currency, minor }) => {
    const size = minor.replace('-', '');
    return minor.startsWith('-')
      ? `merchants are owed ${size} minor units of ${currency} more than cleared`
      : `merchants are owed ${size} minor units of ${currency} less than cleared`;
  });
}
