// What has cleared becomes what is owed: clearings at a merchant's own network ids move from the network's clearing account to
// the merchant's payable, refunds the other way. Exactly once: the cursor moves in the commit that books them. It counts seals of
// the ledger, which are numbered in the order of their commits, so nothing can appear behind it.
//
// Nothing is passed over: what cleared at a shop that no merchant has is kept in unassigned_clearings until one has its id; what no card
// approved, beyond small sums, is kept in unapproved_clearings until a person says that it is owed, and refunds of no purchase in unmatched_refunds (unapproved.ts). And one merchant that the ledger refuses holds up nobody: its amount is kept there too, for a person, and the others are credited.

import type { Database, Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import { inSavepoint, isRefused, takeOrSetAside } from '../set-aside.ts';
import { creditMerchants } from './credit-merchants.ts';
import { withholdUnapproved } from './unapproved.ts';
import { defaultBounds, type UnapprovedBounds } from './unapproved-bounds.ts';
import { type Cleared, keepUnassigned, takeUpNewIds } from './unassigned.ts';
import type { Adjustment, Window } from './withheld-rows.ts';

/** Seals in one commit: a seal is one statement's transfers, a thousand at most. */
const sealsMax = 200;
/** A refusal may only be a settlement that reserved at the same instant: the next try sees less available. */
const triesMax = 3;

export interface AccrualOptions {
  readonly onSetAside?: (merchant_id: string, error: unknown) => void;
  /** How much of what no card approved is owed without a person; not given: what is so where no setting says otherwise. */
  readonly bounds?: UnapprovedBounds;
}

/** Books up to a bound, and says whether there may be more. */
export async function accrue(database: Database, options: AccrualOptions = {}): Promise<boolean> {
  const { onSetAside = () => {}, bounds = defaultBounds } = options;
  if (!(await isAnything(database.sql))) return false;
  try {
    return await database.transaction((sql) => accrueIn(sql, bounds, (cleared) => creditMerchants(sql, cleared)));
  } catch (error) {
    if (!isRefused(error)) throw error;
    return await database.transaction((sql) =>
      accrueIn(sql, bounds, (cleared) => creditApart(sql, cleared, onSetAside)),
    );
  }
}

/** Looked at without the lock, which is a write: what comes after the look is the next round's. */
async function isAnything(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ is: boolean }>({
    name: 'accrual_waits',
    text: `select (select seal_no from accrual_head) < (select seal_no from ledger_seal_head)
        or exists (select from unapproved_clearings where state = 'new')
        or exists (select from unapproved_clearings where reason = 'card_made')
        or exists (select from unmatched_refunds where state = 'new')
        or exists (select from unmatched_refunds where reason = 'card_made')
        or (select merchant_id from merchants where not ids_taken_up order by merchant_id limit 1) is not null as is`,
    values: [],
  });
  return rows[0]?.is !== false;
}

async function accrueIn(
  sql: Sql,
  bounds: UnapprovedBounds,
  credit: (cleared: readonly Cleared[]) => Promise<void>,
): Promise<boolean> {
  // `for update`: two processes take turns, and the second begins where the first has ended.
  const { rows: heads } = await sql.query<{ seal_no: string }>('select seal_no from accrual_head for update');
  const from = heads[0]?.seal_no;
  const { rows: ends } = await sql.query<{ seal_no: string }>(
    'select least($1::bigint + $2, seal_no) as seal_no from ledger_seal_head',
    [from, sealsMax],
  );
  const to = ends[0]?.seal_no;
  if (from === undefined || to === undefined) throw new Error('the ledger has no head');
  const cleared = await owedBetween(sql, { from, to }, bounds);
  await keepUnassigned(
    sql,
    cleared.filter(({ merchant_id }) => merchant_id === null),
  );
  // After what is unassigned was kept: a merchant that was made in the meantime finds it now, or in the next round.
  const takenUp = await takeUpNewIds(sql);
  if (from !== to) await sql.query('update accrual_head set seal_no = $1', [to]);
  await credit([...cleared.filter(({ merchant_id }) => merchant_id !== null), ...takenUp.cleared]);
  return Number(to) - Number(from) === sealsMax || takenUp.more;
}

async function owedBetween(sql: Sql, window: Window, bounds: UnapprovedBounds): Promise<Cleared[]> {
  const adjustments = await withholdUnapproved(sql, window, bounds);
  if (adjustments.length === 0 && window.from === window.to) return [];
  const cleared = await clearedBetween(sql, window, adjustments);
  // Of what is withheld whole nothing is left here, and nobody needs to see that.
  return adjustments.length === 0 ? cleared : cleared.filter(({ net_minor }) => net_minor !== 0n);
}

async function clearedBetween(sql: Sql, { from, to }: Window, adjustments: readonly Adjustment[]): Promise<Cleared[]> {
  const { rows } = await sql.query<Omit<Cleared, 'net_minor'> & { net_minor: string }>({
    name: 'cleared_between',
    // Added up a shop and clearing account first, so that merchants are looked for once a shop. What is withheld is taken off in the same
    // statement, which sees one shop for both: an authorization that named none may get one at any time.
    text: `
      with parts as (
        select a.network_merchant_id, c.ledger_account_no as clearing_no, t.currency, a.authorization_id, 1 as clearings,
          case when t.credit_account_no = c.ledger_account_no then t.amount_minor else -t.amount_minor end as minor
        from ledger_seals s
        cross join lateral unnest(s.transfer_nos) as sealed (nos)
        join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
        join authorizations a on a.authorization_id = t.authorization_id
        join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no in (t.debit_account_no, t.credit_account_no)
        where s.seal_no > $1 and s.seal_no <= $2 and t.kind in ('post', 'direct')
        union all
        select a.network_merchant_id, k.clearing_no, c.currency, a.authorization_id, 0, k.minor
        from unnest($3::text[], $4::bigint[], $5::bigint[]) as k (authorization_id, clearing_no, minor)
        join authorizations a on a.authorization_id = k.authorization_id
        join ledger_accounts c on c.ledger_account_no = k.clearing_no
      ), cleared as (
        select coalesce(network_merchant_id, '') as network_merchant_id, clearing_no, currency,
          sum(minor) as net_minor, sum(clearings) as clearings, (array_agg(authorization_id))[1:10] as authorization_ids
        from parts
        group by 1, 2, 3
      )
      select cleared.*, m.merchant_id
      from cleared
      -- offset 0: by the index of shops' ids, a shop at a time; as a plain join, every merchant of the currency was looked at for each shop.
      left join lateral (
        select merchant_id from merchants
        where network_merchant_ids @> array[cleared.network_merchant_id] and currency = cleared.currency offset 0
      ) m on true`,
    values: [
      ...[from, to],
      wordColumn(adjustments.map(({ authorization_id }) => authorization_id)),
      numberColumn(adjustments.map(({ clearing_no }) => Number(clearing_no))),
      numberColumn(adjustments.map(({ minor }) => minor)),
    ],
  });
  return rows.map((row) => ({ ...row, net_minor: BigInt(row.net_minor) }));
}

/** Halved until the merchant that the ledger refuses is alone: its amount waits for a person, the others are credited. */
async function creditApart(
  sql: Sql,
  cleared: readonly Cleared[],
  onSetAside: NonNullable<AccrualOptions['onSetAside']>,
): Promise<void> {
  const byMerchant = Map.groupBy(cleared, ({ merchant_id }) => merchant_id);
  await takeOrSetAside([...byMerchant], {
    take: (merchants) =>
      repeated(merchants.length === 1 ? triesMax : 1, () =>
        inSavepoint(sql, () =>
          creditMerchants(
            sql,
            merchants.flatMap(([, rows]) => rows),
          ),
        ),
      ),
    setAside: async ([merchant_id, rows], error) => {
      await keepUnassigned(
        sql,
        rows.map((row) => ({ ...row, refused: true })),
      );
      onSetAside(String(merchant_id), error);
    },
  });
}

async function repeated(tries: number, work: () => Promise<void>): Promise<void> {
  for (let left = tries - 1; ; left -= 1)
    try {
      return await work();
    } catch (error) {
      if (left === 0 || !isRefused(error)) throw error;
    }
}

/** SQL: when the oldest transfers were booked that nobody is owed yet. */
export const oldestUnaccrued =
  'select s.sealed_at from accrual_head h join ledger_seals s on s.seal_no = h.seal_no + 1';
