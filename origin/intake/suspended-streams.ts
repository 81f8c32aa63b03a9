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
  // Looked up once for each currency: a batch has a thousand transfers and mostly one currency.
  const suspenseOf = new Map<string, number>();
  for (const { debit_account_no, credit_account_no, currency, event } of transfers) {
    if (event === null) continue;
    const suspense = suspenseOf.get(currency) ?? house.numberOf({ kind: 'suspense', network: null, currency });
    suspenseOf.set(currency, suspense);
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
  /** How long its money has been in suspense. */
  readonly age_ms: number;
}

/** A row of the table, to go on after. */
export interface Place {
  readonly stream_id: number;
  readonly currency: string;
}

export const firstPlace: Place = { stream_id: 0, currency: '' };

interface Row extends CardName {
  readonly stream_id: string;
  readonly currency: string;
  readonly suspense_no: string;
  readonly account_no: string | null;
  readonly age_ms: string;
}

/**
 * Looks at so many of the rows after a place. Most may be of cards that nobody ever makes (somebody invents tokens), so what is bounded
 * is what is looked at, not what is found. `next`: where to go on; null: at the beginning again.
 */
export async function findLateCards(
  sql: Sql,
  { after, look }: { readonly after: Place; readonly look: number },
): Promise<{ readonly cards: LateCard[]; readonly next: Place | null }> {
  const { rows } = await sql.query<Row>(
    `select u.stream_id, u.currency, s.network, s.card_token, h.ledger_account_no as suspense_no, l.ledger_account_no as account_no,
       (extract(epoch from clock_timestamp() - u.since) * 1000)::bigint as age_ms
     from (
       select * from streams_in_suspense where (stream_id, currency) > ($1, $2) order by stream_id, currency limit $3
     ) u
     join card_streams s using (stream_id)
     join ledger_accounts h on h.kind = 'suspense' and h.currency = u.currency
     left join cards c on c.network = s.network and c.card_token = s.card_token
     left join ledger_accounts l on l.account_id = c.account_id and l.currency = u.currency
     order by u.stream_id, u.currency`,
    [after.stream_id, after.currency, look],
  );
  const last = rows.at(-1);
  return {
    cards: rows.flatMap(({ account_no, ...row }) =>
      account_no === null
        ? []
        : [
            {
              ...row,
              ...{ stream_id: Number(row.stream_id), suspense_no: Number(row.suspense_no) },
              ...{ account_no: Number(account_no), age_ms: Number(row.age_ms) },
            },
          ],
    ),
    next:
      last === undefined || rows.length < look ? null : { stream_id: Number(last.stream_id), currency: last.currency },
  };
}

/** The caller holds the stream's lock, and has found nothing left. */
export async function forgetSuspended(sql: Sql, { stream_id, currency }: LateCard): Promise<void> {
  await sql.query('delete from streams_in_suspense where stream_id = $1 and currency = $2', [stream_id, currency]);
}
