// Shops that no merchant has, beyond those that a person gets one by one: one open item a network and day (UTC) in which they were met first, with
// count, exact sums by currency and the largest. Whoever has a network's credential invents shops: 0.01 at each of 800 is 800 rows of
// GET /unassigned-clearings and one item. A merchant that gets a shop's id is owed what cleared there, as ever.

import type { Sql } from '../db/client.ts';
import { closeAsGone, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';

/** In an item's evidence, the largest first. */
const shownMax = 20;
/** Between two looks, since each adds all of them up. */
const lookSeconds = 60;

/** SQL: rows `u` of clearing accounts `c` that have no item of their own. */
const waiting = `unassigned_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
  where u.raised_minor is null and u.net_minor <> 0 and u.refused_merchant_id is null`;
const dayOf = `to_char(u.first_at at time zone 'UTC', 'YYYY-MM-DD')`;
const keyOf = `c.network || ' at many shops ' || ${dayOf}`;

/**
 * SQL: false for a shop that a person has dismissed with all of its day. Shops that are met later on that day are new: `through` is the number of the
 * last one that the item spoke of. Example: 80 shops up to number 412 are dismissed at noon, and number 413 opens the item again, for itself.
 */
export const isOfOpenDay = `not exists (select from open_items i
  where i.kind = 'clearing_unassigned' and i.item_key = ${keyOf} and u.shop_no <= ${dismissedThrough('i')})`;

/** SQL. An item that an older release dismissed says no number: what had been met by then is dismissed. */
function dismissedThrough(item: string): string {
  return `case when ${item}.status <> 'dismissed' then (${item}.evidence ->> 'dismissed_through')::bigint
    else coalesce((${item}.evidence ->> 'through')::bigint, case when u.first_at <= ${item}.closed_at then u.shop_no end) end`;
}

interface Sum {
  readonly item_key: string;
  readonly network: string;
  readonly day: string;
  readonly currency: string;
  readonly net_minor: string;
  readonly clearings: string;
  readonly shops: string;
  /** Of the last shop of all of them. */
  readonly through: string;
}

/** Of all days of which rows are left, and of those whose items are open still. `mayWait`: rows may have been left for want of room. */
export async function raiseManyShops(sql: Sql, mayWait: boolean): Promise<void> {
  const { rows: known } = await sql.query<{ item_key: string; sums: unknown; is_recent: boolean }>(
    `select item_key, evidence -> 'sums' as sums, last_seen_at > now() - make_interval(secs => $1) as is_recent
     from open_items where kind = 'clearing_unassigned' and status = 'open' and item_key ~ '^[a-z_]+ at many shops [0-9-]{10}$'`,
    [lookSeconds],
  );
  if (known.some(({ is_recent }) => is_recent) || (known.length === 0 && !mayWait)) return;
  const { rows } = await sql.query<Sum>(
    `select ${keyOf} as item_key, c.network, ${dayOf} as day, c.currency, sum(u.net_minor)::text as net_minor,
       sum(u.clearings)::text as clearings, count(*)::text as shops, max(u.shop_no)::text as through
     from ${waiting} and ${isOfOpenDay} group by 1, 2, 3, 4 order by 1, 4`,
  );
  const days = Map.groupBy(rows, ({ item_key }) => item_key);
  for (const { item_key } of known) if (!days.has(item_key)) await closeAsGone(sql, 'clearing_unassigned', item_key);
  for (const [key, sums] of days) await raiseOpenItems(sql, [await itemOf(sql, key, sums)]);
}

async function itemOf(sql: Sql, key: string, sums: readonly Sum[]): Promise<RaisedItem> {
  const [first, ...others] = sums;
  const { rows: largest } = await sql.query(
    `select u.network_merchant_id, c.currency, u.net_minor::text, u.clearings::text, u.authorization_ids
     from ${waiting} and ${isOfOpenDay} and ${keyOf} = $1 order by abs(u.net_minor) desc, u.network_merchant_id limit $2`,
    [key, shownMax],
  );
  const { rows: before } = await sql.query<{ through: string | null }>(
    `select case status when 'dismissed' then evidence ->> 'through' else evidence ->> 'dismissed_through' end as through
     from open_items where kind = 'clearing_unassigned' and item_key = $1`,
    [key],
  );
  const shops = sums.reduce((count, one) => count + Number(one.shops), 0);
  return {
    kind: 'clearing_unassigned',
    key,
    summary: `What cleared at ${shops} shops that no merchant has (${first?.network}, first on ${first?.day}), more of them than one by one, is owed to nobody.`,
    ...(first === undefined || others.length > 0
      ? {}
      : { amount: { minor: BigInt(first.net_minor), currency: first.currency } }),
    evidence: {
      ...{ network: first?.network, day: first?.day },
      through: Math.max(...sums.map(({ through }) => Number(through))),
      dismissed_through: before[0]?.through ?? null,
      sums: sums.map(({ currency, net_minor, clearings, shops: count }) => ({
        currency,
        net_minor,
        clearings,
        shops: count,
      })),
      largest,
    },
    // All that it says is of shops that nobody has dismissed.
    reopens: true,
  };
}
