// Cards of which money lies in suspense, a row for each card and currency. Written under the lock of the card's stream, by whoever books
// to suspense; removed under the same lock once nothing of that currency is left there.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import type { HouseAccounts } from '../ledger/house-accounts.ts';
import type { Transfer } from '../ledger/transfers.ts';
import type { CardName } from './streams.ts';

/** Notes the cards whose transfers touch suspense. Most batches have none, and then nothing is asked of the database. */
export async function noteSuspended(sql: Sql, house: HouseAccounts, transfers: readonly Transfer[]): Promise<void> {
  const noted = new Map<string, { stream_id: number; currency: string }>();
  for (const { debit_account_no, credit_account_no, currency, event } of transfers) {
    if (event === null) continue;
    const suspense = house.numberOf({ kind: 'suspense', network: null, currency });
    if (suspense !== debit_account_no && suspense !== credit_account_no) continue;
    const { stream_id } = event;
    noted.set(`${stream_id} ${currency}`, { stream_id, currency });
  }
  if (noted.size === 0) return;
  // `on conflict`: it has had money there before.
  await sql.query(
    `insert into streams_in_suspense (stream_id, currency) select * from unnest($1::bigint[], $2::text[])
     on conflict (stream_id, currency) do nothing`,
    [numberColumn([...noted.values()].map(({ stream_id }) => stream_id)), [...noted.values()].map((n) => n.currency)],
  );
}

/** A card that was made after money of it had been booked to suspense, in the currency of its account. */
export interface LateCard extends CardName {
  readonly stream_id: number;
  readonly currency: string;
  readonly suspense_no: number;
  /** The cardholder's ledger account. */
  readonly account_no: number;
}

const lateCards = `
  streams_in_suspense u
  join card_streams s using (stream_id)
  join cards c on c.network = s.network and c.card_token = s.card_token
  join ledger_accounts l on l.account_id = c.account_id and l.currency = u.currency
  join ledger_accounts h on h.kind = 'suspense' and h.currency = u.currency`;

/** In the order of their streams, above the one given. */
export async function findLateCards(sql: Sql, { after, limit }: { after: number; limit: number }): Promise<LateCard[]> {
  const { rows } = await sql.query<Record<'stream_id' | 'suspense_no' | 'account_no', string> & CardName & LateCard>(
    `select u.stream_id, u.currency, s.network, s.card_token, h.ledger_account_no as suspense_no, l.ledger_account_no as account_no
     from ${lateCards} where u.stream_id > $1 order by u.stream_id limit $2`,
    [after, limit],
  );
  return rows.map((row) => ({
    ...row,
    stream_id: Number(row.stream_id),
    suspense_no: Number(row.suspense_no),
    account_no: Number(row.account_no),
  }));
}

/** SQL: since when the money waits that has waited the longest for this loop. */
export const oldestLateMoney = `select min(u.since) from ${lateCards}`;

/** The caller holds the stream's lock, and has found nothing left. */
export async function forgetSuspended(sql: Sql, { stream_id, currency }: LateCard): Promise<void> {
  await sql.query('delete from streams_in_suspense where stream_id = $1 and currency = $2', [stream_id, currency]);
}
