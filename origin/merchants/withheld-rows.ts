// The rows of what is withheld, and the sums a shop that open items say. In accrual's transaction, under its lock.

import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import type { WithheldBook } from './withheld-books.ts';

/** Seals of the ledger, from (without) and to (with). */
export interface Window {
  readonly from: string;
  readonly to: string;
}

/** By how much what an authorization's shop is owed differs from what is booked of it. */
export interface Adjustment {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly minor: bigint;
}

/** The card's event, as transfers name it. */
export interface EventName {
  readonly stream_id: string;
  readonly sequence: string;
}

export function eventKey({ stream_id, sequence }: EventName): string {
  return `${stream_id} ${sequence}`;
}

/** SQL: the window's transfers as `t`. By their numbers, as accrual finds them. */
export const sealedTransfers = `
  ledger_seals s
  cross join lateral unnest(s.transfer_nos) as sealed (nos)
  join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
    and s.seal_no > $1 and s.seal_no <= $2`;

export function eventColumns(rows: readonly EventName[]): string[] {
  return [
    numberColumn(rows.map(({ stream_id }) => Number(stream_id))),
    numberColumn(rows.map(({ sequence }) => Number(sequence))),
  ];
}

export async function forget(sql: Sql, { each }: WithheldBook, rows: readonly EventName[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `delete from ${each} u using unnest($1::bigint[], $2::bigint[]) as k (stream_id, sequence)
     where u.stream_id = k.stream_id and u.sequence = k.sequence`,
    eventColumns(rows),
  );
}

/** Adds `summed` (a statement's part: shop, clearing account, how much, how many) to the sums. */
function addToSums({ sums, count }: WithheldBook): string {
  // `on conflict`: what is withheld at the same shop again is added up. Whose the shop is may be nobody: takeUpNewIds says it later.
  return `
    insert into ${sums} as w (network_merchant_id, clearing_no, left_minor, ${count}, merchant_id)
    select k.network_merchant_id, k.clearing_no, k.left_minor, k.parts, m.merchant_id
    from summed k join ledger_accounts c on c.ledger_account_no = k.clearing_no
    left join lateral (
      select merchant_id from merchants
      where network_merchant_ids @> array[k.network_merchant_id] and currency = c.currency offset 0
    ) m on true
    on conflict (network_merchant_id, clearing_no) do update set
      left_minor = w.left_minor + excluded.left_minor, ${count} = w.${count} + excluded.${count},
      merchant_id = coalesce(excluded.merchant_id, w.merchant_id), last_at = now()`;
}

export async function storeWithheld(
  sql: Sql,
  book: WithheldBook,
  rows: readonly (EventName & { readonly reason: string })[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `with kept as (
       update ${book.each} u
       set state = 'withheld', reason = k.reason, network_merchant_id = coalesce(a.network_merchant_id, '')
       from unnest($1::bigint[], $2::bigint[], $3::text[]) as k (stream_id, sequence, reason)
       join ${book.each} o using (stream_id, sequence)
       join authorizations a on a.authorization_id = o.authorization_id
       where u.stream_id = k.stream_id and u.sequence = k.sequence
       returning u.network_merchant_id, u.clearing_no, u.left_minor
     ), summed as (
       select network_merchant_id, clearing_no, sum(left_minor)::bigint as left_minor, count(*) as parts from kept group by 1, 2
     ) ${addToSums(book)}`,
    [...eventColumns(rows), wordColumn(rows.map(({ reason }) => reason))],
  );
}

/** Takes amounts out of rows, and out of the sums that open items say. */
export async function takeOffSums(
  sql: Sql,
  { each, sums, count }: WithheldBook,
  taken: readonly (EventName & { readonly minor: bigint })[],
): Promise<void> {
  if (taken.length === 0) return;
  await sql.query(
    `with taken as (
       update ${each} u set left_minor = u.left_minor - k.minor
       from (
         select stream_id, sequence, sum(minor)::bigint as minor
         from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (stream_id, sequence, minor) group by 1, 2
       ) as k
       where u.stream_id = k.stream_id and u.sequence = k.sequence
       returning u.network_merchant_id, u.clearing_no, k.minor, u.left_minor, u.state
     )
     update ${sums} w set left_minor = w.left_minor - s.minor, ${count} = w.${count} - s.over, last_at = now()
     from (
       select network_merchant_id, clearing_no, sum(minor)::bigint as minor, count(*) filter (where left_minor = 0) as over
       from taken where state = 'withheld' group by 1, 2
     ) as s
     where w.network_merchant_id = s.network_merchant_id and w.clearing_no = s.clearing_no`,
    [...eventColumns(taken), numberColumn(taken.map(({ minor }) => minor))],
  );
}

export interface OnRefunds extends EventName {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly holder_no: string;
  readonly minor: bigint;
}

/** Withholds of clearings that their card approved; one of which another part is withheld grows by it. */
export async function withholdMore(sql: Sql, book: WithheldBook, rows: readonly OnRefunds[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    // `on conflict`: of the same clearing, the part that the card had not approved is withheld already, or waits for its window (`new`).
    `with more as (
       select k.*, coalesce(a.network_merchant_id, '') as network_merchant_id
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
         as k (stream_id, sequence, authorization_id, holder_no, clearing_no, minor)
       join authorizations a using (authorization_id)
     ), kept as (
       insert into ${book.each} as u
         (stream_id, sequence, authorization_id, holder_no, clearing_no, amount_minor, left_minor, state, network_merchant_id, reason)
       select stream_id, sequence, authorization_id, holder_no, clearing_no, minor, minor, 'withheld', network_merchant_id, 'on_refunds'
       from more
       on conflict (stream_id, sequence) do update set
         amount_minor = u.amount_minor + excluded.amount_minor, left_minor = u.left_minor + excluded.left_minor
       returning u.stream_id, u.sequence, u.network_merchant_id, u.left_minor
     ), summed as (
       select kept.network_merchant_id, more.clearing_no, sum(more.minor)::bigint as left_minor,
         count(*) filter (where kept.left_minor = more.minor) as parts
       from kept join more using (stream_id, sequence) group by 1, 2
     ) ${addToSums(book)}`,
    [
      ...eventColumns(rows),
      wordColumn(rows.map(({ authorization_id }) => authorization_id)),
      numberColumn(rows.map(({ holder_no }) => Number(holder_no))),
      numberColumn(rows.map(({ clearing_no }) => Number(clearing_no))),
      numberColumn(rows.map(({ minor }) => minor)),
    ],
  );
}
