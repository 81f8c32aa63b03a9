// What a card approved with funds that only a refund of no purchase gave it. While such a refund is withheld, its card's shops are owed in
// sum no more than the card's own funds: what clears beyond them is withheld too, the newest first.
//
// Example: a card with 20.00 of funds is refunded 500.00 of no purchase, and approves 300.00 at a shop, which clear. 280.00 are withheld.

import type { Sql } from '../db/client.ts';
import { clearingsBook } from './withheld-books.ts';
import {
  type Adjustment,
  eventKey,
  type OnRefunds,
  sealedTransfers,
  type Window,
  withholdMore,
} from './withheld-rows.ts';

interface ClearedRow {
  readonly stream_id: string;
  readonly sequence: string;
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly holder_no: string;
  /** How far all that the card's shops are owed is above its funds. */
  readonly beyond_minor: string;
  readonly cleared_minor: string;
  /** Of this clearing, what is withheld already. */
  readonly unapproved_minor: string;
}

/** `matched`: of the window's clearings, by `eventKey`, what made a refund good. */
export async function withholdOnRefunds(
  sql: Sql,
  { from, to }: Window,
  matched: ReadonlyMap<string, bigint>,
): Promise<Adjustment[]> {
  const { rows } = await sql.query<ClearedRow>({
    name: 'cleared_on_refunds',
    // All as of the window's end: what is booked after it is taken off again, because its refunds are not taken from shops yet. A card
    // without funds of its own (null) approves by its limits alone, so no refund helps it. Both parts see one state of the books.
    text: `
      with refunded as (
        select stream_id, clearing_no, sum(left_minor) as minor from unmatched_refunds
        where state in ('withheld', 'kept') and left_minor > 0 and stream_id in (select t.stream_id from ${sealedTransfers})
        group by 1, 2
      ), cards_of as (
        select r.stream_id, r.clearing_no, r.minor, l.currency, (c.profile ->> 'funds_minor')::bigint as funds_minor
        from refunded r
        join ledger_accounts l on l.ledger_account_no = r.clearing_no
        join card_streams s on s.stream_id = r.stream_id
        join cards c on c.network = s.network and c.card_token = s.card_token
        where c.profile ->> 'funds_minor' is not null and c.profile ->> 'currency' = l.currency
      ), beyond as (
        select k.stream_id, k.clearing_no, k.minor - k.funds_minor + (
            select coalesce(sum(a.posted_minor), 0) from authorizations a
            where a.stream_id = k.stream_id and a.currency = k.currency
          ) - (
            select coalesce(sum(case when t.credit_account_no = k.clearing_no then t.amount_minor else -t.amount_minor end), 0)
            from (
              select transfer_nos from ledger_seals where seal_no > $2
              union all select transfer_nos from waiting_for_seal where transfer_nos is not null
            ) as later
            cross join lateral unnest(later.transfer_nos) as sealed (nos)
            join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
            where t.stream_id = k.stream_id and t.kind in ('post', 'direct')
              and k.clearing_no in (t.debit_account_no, t.credit_account_no)
          ) - (
            select coalesce(sum(u.left_minor), 0) from unapproved_clearings u
            where u.stream_id = k.stream_id and u.clearing_no = k.clearing_no and u.state in ('withheld', 'kept', 'released') and u.left_minor > 0
          ) as beyond_minor
        from cards_of k
      ), cleared as (
        select t.stream_id, t.sequence, t.authorization_id, b.clearing_no, b.beyond_minor, max(t.debit_account_no) as holder_no,
          sum(t.amount_minor) as minor
        from ${sealedTransfers}
        join beyond b on b.stream_id = t.stream_id and b.clearing_no = t.credit_account_no and b.beyond_minor > 0
        where t.kind in ('post', 'direct') and t.authorization_id is not null
        group by 1, 2, 3, 4, 5
      )
      select c.stream_id, c.sequence, c.authorization_id, c.clearing_no, c.holder_no, c.beyond_minor,
        c.minor as cleared_minor, coalesce(u.amount_minor, 0) as unapproved_minor
      from cleared c
      left join unapproved_clearings u on u.stream_id = c.stream_id and u.sequence = c.sequence
      order by c.stream_id, c.clearing_no, c.sequence desc`,
    values: [from, to],
  });
  const withheld = newestBeyond(rows, matched);
  await withholdMore(sql, clearingsBook, withheld);
  return withheld.map(({ authorization_id, clearing_no, minor }) => ({ authorization_id, clearing_no, minor: -minor }));
}

/** `rows`: of each card the newest clearing first. */
function newestBeyond(rows: readonly ClearedRow[], matched: ReadonlyMap<string, bigint>): OnRefunds[] {
  const rests = new Map<string, bigint>();
  return rows.flatMap((row) => {
    const key = `${row.stream_id} ${row.clearing_no}`;
    const rest = rests.get(key) ?? BigInt(row.beyond_minor);
    // What made a refund good was, as far as it goes, the part that no card had approved (match-withheld.ts).
    const owed = BigInt(row.cleared_minor) - most(BigInt(row.unapproved_minor), matched.get(eventKey(row)) ?? 0n);
    const minor = rest < owed ? rest : owed;
    if (minor <= 0n) return [];
    rests.set(key, rest - minor);
    return [{ ...row, minor }];
  });
}

function most(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
