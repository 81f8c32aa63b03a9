// What the ledger has of a card, what of it lies in suspense, and a database that dies. For tests; not used by the service.

import type { Database, Sql } from '../db/client.ts';
import type { SampleCard } from './sample-card.ts';

/** What the ledger has of a card, by kind of account and currency; and its authorizations, as they were opened. */
export async function booksOf(sql: Sql, { network, card_token }: SampleCard) {
  const { rows: sums } = await sql.query<{ account: string; sums: string }>(
    `select a.kind || ' ' || a.currency as account, concat_ws(' ',
       coalesce(sum(case t.kind when 'pending' then amount when 'direct' then 0 else -amount end) filter (where side = 'debit'), 0),
       coalesce(sum(amount) filter (where side = 'debit' and t.kind in ('post', 'direct')), 0),
       coalesce(sum(amount) filter (where side = 'credit' and t.kind in ('post', 'direct')), 0)) as sums
     from card_streams s
     join (select stream_id, kind, 'debit' as side, debit_account_no as no, amount_minor as amount from ledger_transfers
           union all select stream_id, kind, 'credit', credit_account_no, amount_minor from ledger_transfers) t using (stream_id)
     join ledger_accounts a on a.ledger_account_no = t.no
     where s.network = $1 and s.card_token = $2 group by 1 order by 1`,
    [network, card_token],
  );
  const { rows: authorizations } = await sql.query(
    `select a.currency, a.status, a.held_minor::int as held, a.posted_minor::int as posted,
       -- Where nothing moved, the account says nothing: the row takes it from the first event that moves money.
       case when a.held_minor <> 0 or a.posted_minor <> 0 then l.kind end as account
     from authorizations a join card_streams s using (stream_id) join ledger_accounts l using (ledger_account_no)
     where s.network = $1 and s.card_token = $2 order by a.opened_at_ms, a.authorization_id`,
    [network, card_token],
  );
  const moved = sums.filter((row) => row.sums !== '0 0 0').map((row) => [row.account, row.sums]);
  return { sums: Object.fromEntries(moved), authorizations };
}

/** Of the card's events in suspense: by currency, what is held there and what is posted. */
export async function inSuspense(sql: Sql, { network, card_token }: SampleCard) {
  const { rows } = await sql.query<{ currency: string; held: number; posted: number }>(
    `select a.currency,
       sum(case when t.debit_account_no <> a.ledger_account_no or t.kind = 'direct' then 0
         when t.kind = 'pending' then t.amount_minor else -t.amount_minor end)::int as held,
       sum(case when t.kind not in ('post', 'direct') then 0
         when t.debit_account_no = a.ledger_account_no then t.amount_minor else -t.amount_minor end)::int as posted
     from card_streams s join ledger_transfers t using (stream_id)
     join ledger_accounts a on a.kind = 'suspense' and a.ledger_account_no in (t.debit_account_no, t.credit_account_no)
     where s.network = $1 and s.card_token = $2 group by 1 order by 1`,
    [network, card_token],
  );
  return rows.filter(({ held, posted }) => held !== 0 || posted !== 0);
}

/** A database at which the process dies, so often: in turn just before a commit, and after it, before anybody hears of it. */
export function dying(database: Database, times: number): Database {
  let left = times;
  const die = (isBefore: boolean) => {
    if (left > 0 && isBefore === (left % 2 === 0)) {
      left -= 1;
      throw new Error('killed');
    }
  };
  return {
    ...database,
    transaction: async (work) => {
      const done = await database.transaction(async (sql) => {
        const inside = await work(sql);
        die(true);
        return inside;
      });
      die(false);
      return done;
    },
  };
}
