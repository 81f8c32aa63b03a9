// A card's stream at the origin: how far it is booked, how far it is seen, and where its money goes.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';

export interface CardName {
  readonly network: string;
  readonly card_token: string;
}

export interface Stream extends CardName {
  readonly stream_id: number;
  /** Every event up to here is booked. */
  readonly applied_sequence: number;
  /** The highest event stored. */
  readonly seen_sequence: number;
  /** The cardholder's ledger account; null where the origin does not know the card. */
  readonly account: { readonly ledger_account_no: number; readonly currency: string } | null;
}

/** Makes the streams that do not exist. Commits by itself, before the batch: an empty stream harms nobody. */
export async function ensureStreams(sql: Sql, cards: readonly CardName[]): Promise<void> {
  // `on conflict do nothing`: another batch may make the same stream now. In one order, so that two batches that make
  // several of the same wait for each other in one direction.
  await sql.query(
    `insert into card_streams (network, card_token)
     select * from unnest($1::text[], $2::text[]) as card(network, card_token) order by network, card_token
     on conflict (network, card_token) do nothing`,
    [cards.map(({ network }) => network), cards.map(({ card_token }) => card_token)],
  );
}

interface StreamRow extends CardName {
  readonly stream_id: string;
  readonly applied_sequence: string;
  readonly seen_sequence: string;
  readonly ledger_account_no: string | null;
  readonly currency: string | null;
}

/**
 * Locks the streams until the transaction ends: whoever holds a stream's lock is the only writer of its events,
 * authorizations and numbers. `order by`: in one order for everybody, so two batches wait for each other, never in a circle.
 */
export async function lockStreams(sql: Sql, cards: readonly CardName[]): Promise<Stream[]> {
  const { rows } = await sql.query<StreamRow>({
    name: 'lock_streams',
    text: `select s.stream_id, s.network, s.card_token, s.applied_sequence, s.seen_sequence, l.ledger_account_no, l.currency
           from unnest($1::text[], $2::text[]) as w(network, card_token)
           join card_streams s using (network, card_token)
           left join cards c on c.network = s.network and c.card_token = s.card_token
           left join ledger_accounts l on l.account_id = c.account_id
           order by s.stream_id
           for update of s`,
    values: [cards.map(({ network }) => network), cards.map(({ card_token }) => card_token)],
  });
  return rows.map(({ stream_id, applied_sequence, seen_sequence, ledger_account_no, currency, ...card }) => ({
    ...card,
    stream_id: Number(stream_id),
    applied_sequence: Number(applied_sequence),
    seen_sequence: Number(seen_sequence),
    account:
      ledger_account_no === null || currency === null
        ? null
        : { ledger_account_no: Number(ledger_account_no), currency },
  }));
}

export interface StreamAdvance extends Pick<Stream, 'stream_id' | 'applied_sequence' | 'seen_sequence'> {
  /** What the card withholds of its refunds after these events; null: they do not say it. */
  readonly withheld_minor: number | null;
}

export async function advanceStreams(sql: Sql, advances: readonly StreamAdvance[]): Promise<void> {
  if (advances.length === 0) return;
  await sql.query({
    name: 'advance_streams',
    text: `update card_streams s set applied_sequence = a.applied_sequence, seen_sequence = a.seen_sequence,
             withheld_minor = coalesce(a.withheld_minor, s.withheld_minor)
           from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             as a(stream_id, applied_sequence, seen_sequence, withheld_minor)
           where s.stream_id = a.stream_id`,
    values: [
      numberColumn(advances.map(({ stream_id }) => stream_id)),
      numberColumn(advances.map(({ applied_sequence }) => applied_sequence)),
      numberColumn(advances.map(({ seen_sequence }) => seen_sequence)),
      numberColumn(advances.map(({ withheld_minor }) => withheld_minor)),
    ],
  });
}
