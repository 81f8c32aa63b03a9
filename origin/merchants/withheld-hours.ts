// Refunds of no purchase that are withheld at shops that no merchant has: one open item a network, currency and hour (UTC) of their booking, with
// count and sum. Not one a shop: whoever has a network's credential invents shops. What a person releases is told to its card all the same.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { closeAsGone, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import { type Cleared, keepUnassigned } from './unassigned.ts';
import { tellsCard } from './withheld.ts';
import { refundsBook } from './withheld-books.ts';

/** In an item's evidence, the largest first. */
const shownMax = 20;

interface Shop {
  readonly network_merchant_id: string;
  readonly clearing_no: string;
}

interface Hour {
  readonly clearing_no: string;
  readonly network: string;
  readonly currency: string;
  readonly hour: Date;
  readonly left_minor: string;
  readonly refunds: number;
  readonly cards: number;
}

/** SQL: those of an hour (`$1` its clearing account, `$2` its beginning) that an item is about, as `r`. */
const ofHour = `
  unmatched_refunds r
  join withheld_refunds w on w.network_merchant_id = r.network_merchant_id and w.clearing_no = r.clearing_no and w.merchant_id is null
  where r.clearing_no = $1 and r.booked_at >= $2 and r.booked_at < $2::timestamptz + interval '1 hour'
    and r.state = 'withheld' and r.left_minor > 0`;

/** Of all hours in which something was withheld at these shops: what of them changed, changed its hours. */
export async function raiseHours(sql: Sql, shops: readonly Shop[]): Promise<void> {
  if (shops.length === 0) return;
  const { rows } = await sql.query<Hour>(
    `select h.clearing_no, c.network, c.currency, h.hour, s.left_minor, s.refunds, s.cards
     from (
       select distinct r.clearing_no, date_trunc('hour', r.booked_at, 'UTC') as hour
       from unnest($1::text[], $2::bigint[]) as k (network_merchant_id, clearing_no)
       join unmatched_refunds r on r.network_merchant_id = k.network_merchant_id and r.clearing_no = k.clearing_no
     ) as h
     join ledger_accounts c on c.ledger_account_no = h.clearing_no
     cross join lateral (
       select coalesce(sum(r.left_minor), 0) as left_minor, count(*)::int as refunds, count(distinct r.stream_id)::int as cards
       from ${ofHour.replaceAll('$1', 'h.clearing_no').replaceAll('$2', 'h.hour')}
     ) as s`,
    [
      shops.map(({ network_merchant_id }) => network_merchant_id),
      numberColumn(shops.map((one) => Number(one.clearing_no))),
    ],
  );
  for (const hour of rows)
    if (hour.left_minor === '0') await closeAsGone(sql, refundsBook.kind, keyOf(hour));
    else await raiseOpenItems(sql, [await itemOf(sql, hour)]);
}

/** As `native USD at nobody's shops 2026-11-27T17:00:00.000Z`. */
function keyOf({ network, currency, hour }: Hour): string {
  return `${network} ${currency} at nobody's shops ${hour.toISOString()}`;
}

async function itemOf(sql: Sql, row: Hour): Promise<RaisedItem> {
  const { network, currency, hour, left_minor, refunds, cards, clearing_no } = row;
  const { rows: largest } = await sql.query(
    `select r.authorization_id, s.network || ':' || s.card_token as card_key, r.network_merchant_id, r.amount_minor, r.left_minor, r.reason,
       r.booked_at
     from (select r.* from ${ofHour} order by r.left_minor desc, r.stream_id, r.sequence limit $3) as r
     join card_streams s using (stream_id) order by r.left_minor desc, r.stream_id, r.sequence`,
    [clearing_no, hour, shownMax],
  );
  return {
    kind: refundsBook.kind,
    key: keyOf(row),
    summary: `What was refunded of no purchase at shops that no merchant has (${network}, ${currency}) is withheld from what its cards may spend.`,
    amount: { minor: BigInt(left_minor), currency },
    evidence: { network, currency, clearing_no, hour: hour.toISOString(), left_minor, refunds, cards, largest },
    reopens: true,
  };
}

export interface DecidedHour {
  readonly clearing_no: string;
  readonly hour: string;
  readonly of_minor: bigint;
  readonly authorization_id: string | null;
  readonly to: 'released' | 'kept';
  readonly open_item_id: string;
}

/** As decideWithheld (withheld.ts), for all shops of the hour: owed to nobody, as what else is refunded at them. */
export async function decideHour(sql: Sql, decided: DecidedHour) {
  const { clearing_no, hour, of_minor, authorization_id, to, open_item_id } = decided;
  await sql.query('select seal_no from accrual_head for update');
  const { rows: sums } = await sql.query<{ left_minor: string }>(
    `select coalesce(sum(r.left_minor), 0) as left_minor from ${ofHour}`,
    [clearing_no, hour],
  );
  const left_minor = BigInt(sums[0]?.left_minor ?? 0);
  if (left_minor === 0n) return { outcome: 'nothing_left' } as const;
  if (left_minor !== of_minor) return { outcome: 'changed', left_minor } as const;
  const tells = to === 'released';
  const { rows } = await sql.query<Shop & { authorization_id: string; left_minor: string }>(
    `update unmatched_refunds u set state = $3${tells ? `, ${tellsCard('$5')}` : ''}
     where (u.stream_id, u.sequence) in (select r.stream_id, r.sequence from ${ofHour}) and ($4::text is null or u.authorization_id = $4)
     returning u.network_merchant_id, u.clearing_no, u.authorization_id, u.left_minor`,
    [clearing_no, hour, to, authorization_id, ...(tells ? [open_item_id] : [])],
  );
  if (rows.length === 0) return { outcome: 'nothing_left' } as const;
  const { rows: accounts } = await sql.query<{ currency: string }>(
    'select currency from ledger_accounts where ledger_account_no = $1',
    [clearing_no],
  );
  const cleared = Map.groupBy(rows, ({ network_merchant_id }) => network_merchant_id)
    .entries()
    .map(
      ([network_merchant_id, parts]): Cleared => ({
        ...{ network_merchant_id, clearing_no, currency: accounts[0]?.currency ?? '', merchant_id: null },
        net_minor: -parts.reduce((sum, part) => sum + BigInt(part.left_minor), 0n),
        clearings: `${parts.length}`,
        authorization_ids: parts.slice(0, 10).map((part) => part.authorization_id),
      }),
    )
    .toArray();
  await sql.query(
    `update withheld_refunds w set left_minor = w.left_minor + k.net_minor, refunds = w.refunds - k.refunds, last_at = now(), raised_minor = null
     from unnest($2::text[], $3::bigint[], $4::bigint[]) as k (network_merchant_id, net_minor, refunds)
     where w.clearing_no = $1 and w.network_merchant_id = k.network_merchant_id`,
    [
      clearing_no,
      cleared.map((one) => one.network_merchant_id),
      numberColumn(cleared.map(({ net_minor }) => net_minor)),
      numberColumn(cleared.map(({ clearings }) => Number(clearings))),
    ],
  );
  if (to === 'released') await keepUnassigned(sql, cleared);
  const moved_minor = -cleared.reduce((sum, { net_minor }) => sum + net_minor, 0n);
  return { outcome: 'decided', moved_minor, rest_minor: left_minor - moved_minor } as const;
}
