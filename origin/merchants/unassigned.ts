// What has cleared and is owed to nobody yet: at shops whose id no merchant has, or at a merchant that the ledger refused. One row a
// shop and clearing account, under the lock that accrual holds.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { creditMerchants } from './credit-merchants.ts';
import { withheldBooks } from './withheld-books.ts';

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
        refused_merchant_id = excluded.refused_merchant_id, last_at = now(),
        -- It is an open item of another kind now.
        raised_minor = case when u.refused_merchant_id is not distinct from excluded.refused_merchant_id then u.raised_minor end`,
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
  const { rows } = await sql.query<Omit<Cleared, 'net_minor'> & { net_minor: string }>(
    `select u.network_merchant_id, u.clearing_no, c.currency, u.net_minor, u.clearings, u.authorization_ids, m.merchant_id
     from merchants m
     join unassigned_clearings u on u.network_merchant_id = any (m.network_merchant_ids)
     join ledger_accounts c on c.ledger_account_no = u.clearing_no and c.currency = m.currency
     where m.merchant_id = any ($1::text[]) for update of u`,
    [merchantIds],
  );
  for (const row of rows) await takeOut(sql, row, BigInt(row.net_minor));
  // What is withheld at their shops stays so, and is now for a person: somebody could be paid it.
  for (const { sums } of withheldBooks)
    await sql.query(
      `update ${sums} w set merchant_id = m.merchant_id, raised_minor = case when w.merchant_id is null then null else w.raised_minor end
       from merchants m, ledger_accounts c
       where m.merchant_id = any ($1::text[]) and w.network_merchant_id = any (m.network_merchant_ids)
         and c.ledger_account_no = w.clearing_no and c.currency = m.currency`,
      [merchantIds],
    );
  await sql.query('update merchants set ids_taken_up = true where merchant_id = any ($1::text[])', [merchantIds]);
  return {
    cleared: rows.map((row) => ({ ...row, net_minor: BigInt(row.net_minor) })),
    more: merchants.length === merchantsPerRound,
  };
}

type Row = Pick<Cleared, 'network_merchant_id' | 'clearing_no'>;

/** Takes an amount out of a locked row. One that has an open item stays until that is closed (raise-unassigned.ts), at 0 too. */
async function takeOut(sql: Sql, { network_merchant_id, clearing_no }: Row, amount: bigint): Promise<void> {
  await sql.query(
    `update unassigned_clearings set net_minor = net_minor - $3 where network_merchant_id = $1 and clearing_no = $2`,
    [network_merchant_id, clearing_no, amount],
  );
  await sql.query(
    `delete from unassigned_clearings
     where network_merchant_id = $1 and clearing_no = $2 and net_minor = 0 and raised_minor is null`,
    [network_merchant_id, clearing_no],
  );
}

export interface Assignment {
  readonly network: string;
  readonly currency: string;
  readonly network_merchant_id: string;
  /** Paid in this currency. */
  readonly merchant_id: string;
  /** Part of it; null: all. */
  readonly amount_minor: bigint | null;
  /** What the person saw that it is; null: whatever it is. */
  readonly of_minor: bigint | null;
}

/** Owes to a merchant what has cleared at a shop that is not its own. In the caller's transaction, under the lock of accrual. */
export async function assignOnce(sql: Sql, { amount_minor, of_minor, ...assigned }: Assignment) {
  const row = await lockUnassigned(sql, assigned);
  if (row === null) return { outcome: 'nothing_left' } as const;
  const { net_minor } = row;
  if (of_minor !== null && of_minor !== net_minor) return { outcome: 'changed', net_minor } as const;
  const moved = amount_minor ?? net_minor;
  if (amount_minor !== null && amount_minor > net_minor) return { outcome: 'too_much', net_minor } as const;
  await takeOut(sql, row, moved);
  const { currency, merchant_id } = assigned;
  await creditMerchants(sql, [{ ...row, currency, merchant_id, net_minor: moved }]);
  return { outcome: 'assigned', moved_minor: moved, rest_minor: net_minor - moved } as const;
}

export interface InOtherCurrency extends Omit<Assignment, 'amount_minor' | 'of_minor'> {
  /** What the person saw that it is. */
  readonly of_minor: bigint;
  /** What it is in the merchant's currency; it leaves the clearing account of that currency. */
  readonly as: Pick<Cleared, 'currency' | 'clearing_no' | 'net_minor'>;
}

/** All of it, to a merchant that is paid in another currency. In the caller's transaction, under the lock of accrual. */
export async function oweInOtherCurrency(sql: Sql, { of_minor, as, ...assigned }: InOtherCurrency) {
  const row = await lockUnassigned(sql, assigned);
  if (row === null) return { outcome: 'nothing_left' } as const;
  if (of_minor !== row.net_minor) return { outcome: 'changed', net_minor: row.net_minor } as const;
  await takeOut(sql, row, of_minor);
  await creditMerchants(sql, [{ ...row, ...as, merchant_id: assigned.merchant_id }]);
  return { outcome: 'owed' } as const;
}

type Unassigned = Row & Pick<Cleared, 'net_minor' | 'clearings' | 'authorization_ids'>;

/** Null: nothing is left of it. */
async function lockUnassigned(
  sql: Sql,
  of: Pick<Assignment, 'network' | 'currency' | 'network_merchant_id'>,
): Promise<Unassigned | null> {
  await sql.query('select seal_no from accrual_head for update');
  const { rows } = await sql.query<Omit<Unassigned, 'net_minor'> & { net_minor: string }>(
    `select u.network_merchant_id, u.clearing_no, u.net_minor, u.clearings, u.authorization_ids
     from unassigned_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
     where u.network_merchant_id = $1 and c.network = $2 and c.currency = $3 and u.net_minor <> 0 for update of u`,
    [of.network_merchant_id, of.network, of.currency],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, net_minor: BigInt(row.net_minor) };
}

/** What was refused to a merchant is taken up by the next round of accrual; refused again, it is an open item again. */
export async function accrueOnceMore(sql: Sql, merchantId: string): Promise<void> {
  await sql.query('update unassigned_clearings set raised_minor = null where refused_merchant_id = $1', [merchantId]);
  await sql.query('update merchants set ids_taken_up = false where merchant_id = $1', [merchantId]);
}
