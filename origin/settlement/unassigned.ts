// What has cleared and is owed to nobody yet: at shops whose id no merchant has, or at a merchant that the ledger refused. One row a
// shop and clearing account, under the lock that accrual holds.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { closeAsGone } from '../open-items/raise.ts';

export interface Cleared {
  /** Empty where the network named no shop. */
  readonly network_merchant_id: string;
  readonly clearing_no: string;
  readonly currency: string;
  /** Cleared less refunded. */
  readonly net_minor: bigint;
  /** Transfers that it is made of. */
  readonly clearings: string;
  /** Some of those that they belong to. */
  readonly authorization_ids: readonly string[];
  /** Whose it is; null: no merchant has the shop's id. */
  readonly merchant_id: string | null;
  /** The ledger would not book it to this merchant. */
  readonly refused?: boolean;
}

export async function keepUnassigned(sql: Sql, rows: readonly Cleared[]): Promise<void> {
  if (rows.length === 0) return;
  // `on conflict`: what clears at the same shop again is added up. Rows of one statement never meet: they are one a shop and account.
  await sql.query({
    name: 'keep_unassigned',
    text: `
      insert into unassigned_clearings as u
        (network_merchant_id, clearing_no, net_minor, clearings, authorization_ids, refused_merchant_id)
      select k.network_merchant_id, k.clearing_no, k.net_minor, k.clearings, string_to_array(k.authorization_ids, ' '), k.refused
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
        as k (network_merchant_id, clearing_no, net_minor, clearings, authorization_ids, refused)
      on conflict (network_merchant_id, clearing_no) do update set
        net_minor = u.net_minor + excluded.net_minor, clearings = u.clearings + excluded.clearings,
        authorization_ids = (excluded.authorization_ids || u.authorization_ids)[1:10],
        refused_merchant_id = excluded.refused_merchant_id, last_at = now()`,
    values: [
      rows.map(({ network_merchant_id }) => network_merchant_id),
      numberColumn(rows.map(({ clearing_no }) => Number(clearing_no))),
      numberColumn(rows.map(({ net_minor }) => net_minor)),
      numberColumn(rows.map(({ clearings }) => Number(clearings))),
      rows.map(({ authorization_ids }) => authorization_ids.join(' ')),
      rows.map(({ merchant_id, refused }) => (refused === true ? merchant_id : null)),
    ],
  });
}

interface TakenUp extends Omit<Cleared, 'net_minor'> {
  readonly net_minor: string;
  readonly network: string;
  /** Not null: it has an open item. */
  readonly raised_minor: string | null;
  readonly refused_merchant_id: string | null;
}

/** What its open item is. */
export function unassignedKind({ refused_merchant_id }: { readonly refused_merchant_id: string | null }) {
  return refused_merchant_id === null ? ('clearing_unassigned' as const) : ('accrual_failed' as const);
}

/** As `native USD LATE`. */
export function unassignedKey(of: { network: string; currency: string; network_merchant_id: string }): string {
  return `${of.network} ${of.currency} ${of.network_merchant_id}`;
}

const merchantsPerRound = 100;

/**
 * What had cleared at merchants' ids before they had them; it is no longer unassigned. `for update`: an id that is given to one of
 * these merchants now waits, and is taken up by the next round.
 */
export async function takeUpNewIds(sql: Sql): Promise<{ readonly cleared: Cleared[]; readonly more: boolean }> {
  const { rows: merchants } = await sql.query<{ merchant_id: string }>(
    `select merchant_id from merchants where not ids_taken_up order by merchant_id limit $1 for update skip locked`,
    [merchantsPerRound],
  );
  if (merchants.length === 0) return { cleared: [], more: false };
  const merchantIds = merchants.map(({ merchant_id }) => merchant_id);
  const { rows } = await sql.query<TakenUp>(
    `delete from unassigned_clearings u using merchants m, ledger_accounts c
     where m.merchant_id = any ($1::text[]) and u.network_merchant_id = any (m.network_merchant_ids)
       and c.ledger_account_no = u.clearing_no and c.currency = m.currency
     returning u.network_merchant_id, u.clearing_no, c.currency, u.net_minor, u.clearings, u.authorization_ids, m.merchant_id,
       c.network, u.raised_minor, u.refused_merchant_id`,
    [merchantIds],
  );
  await sql.query('update merchants set ids_taken_up = true where merchant_id = any ($1::text[])', [merchantIds]);
  for (const row of rows)
    if (row.raised_minor !== null) await closeAsGone(sql, unassignedKind(row), unassignedKey(row));
  return {
    cleared: rows.map((row) => ({ ...row, net_minor: BigInt(row.net_minor) })),
    more: merchants.length === merchantsPerRound,
  };
}
