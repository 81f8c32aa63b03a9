// What a person decides of clearings and refunds that are withheld: their shop is owed them, or charged with them, or they stay withheld.
// In the caller's transaction, under the lock of accrual.

import type { Sql } from '../db/client.ts';
import { creditMerchants } from './credit-merchants.ts';
import { type Cleared, keepUnassigned } from './unassigned.ts';
import type { WithheldBook } from './withheld-books.ts';

export interface Decided {
  readonly book: WithheldBook;
  readonly network: string;
  readonly currency: string;
  readonly network_merchant_id: string;
  /** What the person saw that is withheld at this shop. */
  readonly of_minor: bigint;
  /** Only what is of this one; null: all of it. */
  readonly authorization_id: string | null;
  readonly to: 'released' | 'kept';
  /** By which a person decides. */
  readonly open_item_id: string;
}

/** Example: 800.00 and 90.00 are withheld at a shop; 90.00 is released by its authorization, and 800.00 stay. */
export async function decideWithheld(sql: Sql, decided: Decided) {
  const { book, authorization_id, to, open_item_id } = decided;
  const sum = await lockSum(sql, decided);
  if (sum === null) return { outcome: 'nothing_left' } as const;
  if (sum.left_minor !== decided.of_minor) return { outcome: 'changed', left_minor: sum.left_minor } as const;
  const moved = await move(sql, sum, { book, authorization_id, to, open_item_id });
  if (moved.clearings === 0) return { outcome: 'nothing_left' } as const;
  if (to === 'released')
    await owe(sql, { ...sum, ...moved, net_minor: -book.sign * moved.net_minor, currency: decided.currency });
  return {
    outcome: 'decided',
    moved_minor: moved.net_minor,
    rest_minor: sum.left_minor - moved.withheld_minor,
  } as const;
}

interface Sum {
  readonly network_merchant_id: string;
  readonly clearing_no: string;
  readonly left_minor: bigint;
}

async function lockSum(sql: Sql, of: Decided): Promise<Sum | null> {
  await sql.query('select seal_no from accrual_head for update');
  const { rows } = await sql.query<Omit<Sum, 'left_minor'> & { left_minor: string }>(
    `select w.network_merchant_id, w.clearing_no, w.left_minor
     from ${of.book.sums} w join ledger_accounts c on c.ledger_account_no = w.clearing_no
     where w.network_merchant_id = $1 and c.network = $2 and c.currency = $3 and w.left_minor > 0 for update of w`,
    [of.network_merchant_id, of.network, of.currency],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, left_minor: BigInt(row.left_minor) };
}

/** Told by tell-released.ts; a token that is no card's of ours has nobody to tell. */
export const tellsCard = (
  openItem: string,
) => `released_by = ${openItem}, released_at = now(), tell_at = case when exists (
    select from card_streams s join cards k on k.network = s.network and k.card_token = s.card_token where s.stream_id = u.stream_id
  ) then now() end`;

/** One that is named is released also where somebody had decided to keep it. */
async function move(
  sql: Sql,
  of: Sum,
  { book, authorization_id, to, open_item_id }: Pick<Decided, 'book' | 'authorization_id' | 'to' | 'open_item_id'>,
) {
  const tells = to === 'released' && book.isToldToCards;
  const from = to === 'released' && authorization_id !== null ? ['withheld', 'kept'] : ['withheld'];
  const { rows } = await sql.query<{ authorization_id: string; left_minor: string; was: string }>(
    `update ${book.each} u set state = $3${tells ? `, ${tellsCard('$6')}` : ''}
     from ${book.each} o
     where o.stream_id = u.stream_id and o.sequence = u.sequence and u.network_merchant_id = $1 and u.clearing_no = $2
       and u.state = any ($4::text[]) and u.left_minor > 0 and ($5::text is null or u.authorization_id = $5)
     returning u.authorization_id, u.left_minor, o.state as was`,
    [of.network_merchant_id, of.clearing_no, to, from, authorization_id, ...(tells ? [open_item_id] : [])],
  );
  const withheld = rows.filter(({ was }) => was === 'withheld');
  const sumOf = (some: typeof rows) => some.reduce((sum, { left_minor }) => sum + BigInt(left_minor), 0n);
  await sql.query(
    // What is left is raised again, also where it is the sum that the closed item says.
    `update ${book.sums} set left_minor = left_minor - $3, ${book.count} = ${book.count} - $4,
       raised_minor = case when left_minor = $3 then raised_minor end
     where network_merchant_id = $1 and clearing_no = $2`,
    [of.network_merchant_id, of.clearing_no, sumOf(withheld), withheld.length],
  );
  return {
    ...{ net_minor: sumOf(rows), withheld_minor: sumOf(withheld), clearings: rows.length },
    authorization_ids: rows.slice(0, 10).map((row) => row.authorization_id),
  };
}

/** As accrual would have owed it: to whoever has the shop's id now, or to nobody yet. */
async function owe(
  sql: Sql,
  of: Sum & { currency: string; net_minor: bigint; clearings: number; authorization_ids: readonly string[] },
): Promise<void> {
  const { rows } = await sql.query<{ merchant_id: string }>(
    'select merchant_id from merchants where network_merchant_ids @> array[$1::text] and currency = $2',
    [of.network_merchant_id, of.currency],
  );
  const cleared: Cleared = { ...of, clearings: `${of.clearings}`, merchant_id: rows[0]?.merchant_id ?? null };
  await (cleared.merchant_id === null ? keepUnassigned(sql, [cleared]) : creditMerchants(sql, [cleared]));
}
