// Clearings that no card approved, in what accrual is about to owe: small sums pass, the rest is withheld until a person says so
// (docs/decisions/0021). And refunds of a purchase whose clearing is withheld: they take from that first, not from what the shop is owed.
//
// Example: a card approves 100.00, and 900.00 clear at a shop. The shop is owed 100.00, and 800.00 are withheld. A refund of 900.00
// leaves nothing withheld, and takes 100.00 from what the shop is owed.
//
// Under the lock that accrual holds, so the sums of a day are exact.

import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import {
  judge,
  type PassedToday,
  type ToJudge,
  type UnapprovedBounds,
  type WithheldReason,
} from './unapproved-bounds.ts';

/** Seals of the ledger, from (without) and to (with). */
export interface Window {
  readonly from: string;
  readonly to: string;
}

/** What is withheld of an authorization's clearings (below 0), or what a refund took of it (above 0). */
export interface Adjustment {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly minor: bigint;
}

/** By how much what has cleared in the window differs from what is owed for it. */
export async function withholdUnapproved(sql: Sql, window: Window, bounds: UnapprovedBounds): Promise<Adjustment[]> {
  const { rows } = await sql.query<{ fresh: boolean; again: boolean; left: boolean }>(
    `select exists (select from unapproved_clearings where state = 'new') as fresh,
       exists (select from unapproved_clearings where reason = 'card_made') as again,
       exists (select from unapproved_clearings where state in ('withheld', 'kept') and left_minor > 0) as left`,
  );
  const [found] = rows;
  const withheld = found?.fresh === true ? await judgeFresh(sql, window, bounds) : [];
  const passed = found?.again === true ? await judgeAgain(sql, bounds) : [];
  const refunded = withheld.length > 0 || found?.left === true ? await takeRefunds(sql, window) : [];
  return [...withheld, ...passed, ...refunded];
}

/** SQL: the window's transfers as `t`. By their numbers, as accrual finds them. */
const sealedTransfers = `
  ledger_seals s
  cross join lateral unnest(s.transfer_nos) as sealed (nos)
  join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
    and s.seal_no > $1 and s.seal_no <= $2`;

interface Row {
  readonly stream_id: string;
  readonly sequence: string;
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly currency: string;
  readonly left_minor: string;
  readonly in_suspense: boolean;
  readonly overdraft_minor: string;
}

const columns = `u.stream_id, u.sequence, u.authorization_id, u.clearing_no, c.currency, u.left_minor,
  h.kind = 'suspense' as in_suspense, greatest(b.debits_posted + b.debits_pending - b.credits_posted, 0) as overdraft_minor`;
const accounts = `
  join ledger_accounts c on c.ledger_account_no = u.clearing_no
  join ledger_accounts h on h.ledger_account_no = u.holder_no
  join ledger_balances b on b.ledger_account_no = u.holder_no`;

async function judgeFresh(sql: Sql, { from, to }: Window, bounds: UnapprovedBounds): Promise<Adjustment[]> {
  const { rows } = await sql.query<Row>({
    name: 'unapproved_between',
    // One that is committed after the window was read has no transfer in it, and waits for the next round.
    text: `
      select distinct ${columns}
      from ${sealedTransfers}
      join unapproved_clearings u on u.stream_id = t.stream_id and u.sequence = t.sequence and u.state = 'new' ${accounts}
      order by u.stream_id, u.sequence`,
    values: [from, to],
  });
  const { passed, withheld } = await judgeAll(sql, rows, bounds);
  await forget(sql, passed);
  await storeWithheld(sql, withheld);
  return withheld.map((row) => adjustmentOf(row, -1n));
}

const againMax = 1_000;

/** Cards that nobody knew, and that were made since: what their account covers is owed after all. */
async function judgeAgain(sql: Sql, bounds: UnapprovedBounds): Promise<Adjustment[]> {
  const { rows } = await sql.query<Row>(
    `select ${columns} from unapproved_clearings u ${accounts}
     where u.reason = 'card_made' and u.state = 'withheld' order by u.stream_id, u.sequence limit $1 for update of u`,
    [againMax],
  );
  const { passed, withheld } = await judgeAll(sql, rows, bounds);
  await takeOffSums(
    sql,
    passed.map((row) => ({ ...row, minor: BigInt(row.left_minor) })),
  );
  await forget(sql, passed);
  await sql.query(
    `update unapproved_clearings u set reason = k.reason
     from unnest($1::bigint[], $2::bigint[], $3::text[]) as k (stream_id, sequence, reason)
     where u.stream_id = k.stream_id and u.sequence = k.sequence`,
    [...eventColumns(withheld), wordColumn(withheld.map(({ reason }) => reason))],
  );
  return passed.map((row) => adjustmentOf(row, 1n));
}

async function judgeAll(sql: Sql, rows: readonly Row[], bounds: UnapprovedBounds) {
  const sums = await passedToday(sql, rows);
  const before = new Map(sums);
  const passed: Row[] = [];
  const withheld: (Row & { readonly reason: WithheldReason })[] = [];
  for (const row of rows) {
    const reason = judge(toJudge(row), sums, bounds);
    if (reason === null) passed.push(row);
    else withheld.push({ ...row, reason });
  }
  await storeSums(
    sql,
    [...sums].filter(([key, minor]) => before.get(key) !== minor),
  );
  return { passed, withheld };
}

function toJudge(row: Row): ToJudge {
  return { ...row, left_minor: BigInt(row.left_minor), overdraft_minor: BigInt(row.overdraft_minor) };
}

function adjustmentOf({ authorization_id, clearing_no, left_minor }: Row, sign: bigint): Adjustment {
  return { authorization_id, clearing_no, minor: sign * BigInt(left_minor) };
}

const today = `(now() at time zone 'utc')::date`;

async function passedToday(sql: Sql, rows: readonly Row[]): Promise<PassedToday> {
  if (rows.length === 0) return new Map();
  const { rows: sums } = await sql.query<{ key: string; passed_minor: string }>(
    `select clearing_no || ' ' || stream_id as key, passed_minor from unapproved_sums
     where day = ${today} and clearing_no = any ($1::bigint[]) and stream_id = any ($2::bigint[])`,
    [
      numberColumn([...new Set(rows.map(({ clearing_no }) => Number(clearing_no)))]),
      numberColumn([0, ...new Set(rows.map(({ stream_id }) => Number(stream_id)))]),
    ],
  );
  return new Map(sums.map(({ key, passed_minor }) => [key, BigInt(passed_minor)]));
}

async function storeSums(sql: Sql, sums: readonly (readonly [string, bigint])[]): Promise<void> {
  if (sums.length === 0) return;
  const keys = sums.map(([key]) => key.split(' ').map(Number));
  // `on conflict`: the day's sum so far, which was read under the same lock.
  await sql.query(
    `insert into unapproved_sums (clearing_no, stream_id, day, passed_minor)
     select clearing_no, stream_id, ${today}, passed_minor
     from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (clearing_no, stream_id, passed_minor)
     on conflict (clearing_no, stream_id, day) do update set passed_minor = excluded.passed_minor`,
    [
      numberColumn(keys.map(([clearing_no = 0]) => clearing_no)),
      numberColumn(keys.map(([, stream_id = 0]) => stream_id)),
      numberColumn(sums.map(([, minor]) => minor)),
    ],
  );
  await sql.query(`delete from unapproved_sums where day < ${today} - 2`);
}

type EventName = Pick<Row, 'stream_id' | 'sequence'>;

function eventColumns(rows: readonly EventName[]): string[] {
  return [
    numberColumn(rows.map(({ stream_id }) => Number(stream_id))),
    numberColumn(rows.map(({ sequence }) => Number(sequence))),
  ];
}

async function forget(sql: Sql, rows: readonly EventName[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `delete from unapproved_clearings u using unnest($1::bigint[], $2::bigint[]) as k (stream_id, sequence)
     where u.stream_id = k.stream_id and u.sequence = k.sequence`,
    eventColumns(rows),
  );
}

async function storeWithheld(
  sql: Sql,
  rows: readonly (EventName & { readonly reason: WithheldReason })[],
): Promise<void> {
  if (rows.length === 0) return;
  // `on conflict`: what is withheld at the same shop again is added up. Whose the shop is may be nobody: takeUpNewIds says it later.
  await sql.query(
    `with kept as (
       update unapproved_clearings u
       set state = 'withheld', reason = k.reason, network_merchant_id = coalesce(a.network_merchant_id, '')
       from unnest($1::bigint[], $2::bigint[], $3::text[]) as k (stream_id, sequence, reason)
       join unapproved_clearings o using (stream_id, sequence)
       join authorizations a on a.authorization_id = o.authorization_id
       where u.stream_id = k.stream_id and u.sequence = k.sequence
       returning u.network_merchant_id, u.clearing_no, u.left_minor
     ), summed as (
       select network_merchant_id, clearing_no, sum(left_minor)::bigint as left_minor, count(*) as clearings from kept group by 1, 2
     )
     insert into withheld_clearings as w (network_merchant_id, clearing_no, left_minor, clearings, merchant_id)
     select k.network_merchant_id, k.clearing_no, k.left_minor, k.clearings, m.merchant_id
     from summed k join ledger_accounts c on c.ledger_account_no = k.clearing_no
     left join merchants m on m.network_merchant_ids @> array[k.network_merchant_id] and m.currency = c.currency
     on conflict (network_merchant_id, clearing_no) do update set
       left_minor = w.left_minor + excluded.left_minor, clearings = w.clearings + excluded.clearings,
       merchant_id = coalesce(excluded.merchant_id, w.merchant_id), last_at = now()`,
    [...eventColumns(rows), wordColumn(rows.map(({ reason }) => reason))],
  );
}

interface LeftRow extends EventName {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly left_minor: string;
  readonly refunded_minor: string;
}

/** What the window refunds of purchases of which something is withheld, as far as there is; the oldest clearing first. */
async function takeRefunds(sql: Sql, { from, to }: Window): Promise<Adjustment[]> {
  const { rows } = await sql.query<LeftRow>({
    name: 'refunds_of_withheld',
    text: `
      with refunded as (
        select t.authorization_id, t.debit_account_no as clearing_no, sum(t.amount_minor) as refunded_minor
        from ${sealedTransfers}
        join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no = t.debit_account_no
        where t.kind = 'direct' and t.authorization_id is not null
        group by 1, 2
      )
      select w.stream_id, w.sequence, w.authorization_id, w.clearing_no, w.left_minor, r.refunded_minor
      from refunded r
      join unapproved_clearings w on w.authorization_id = r.authorization_id and w.clearing_no = r.clearing_no
        and w.state in ('withheld', 'kept') and w.left_minor > 0
      order by w.stream_id, w.sequence`,
    values: [from, to],
  });
  const rests = new Map<string, bigint>();
  const taken = rows.flatMap((row) => {
    const key = `${row.authorization_id} ${row.clearing_no}`;
    const rest = rests.get(key) ?? BigInt(row.refunded_minor);
    const left = BigInt(row.left_minor);
    const minor = rest < left ? rest : left;
    rests.set(key, rest - minor);
    return minor === 0n ? [] : [{ ...row, minor }];
  });
  if (taken.length === 0) return [];
  await takeOffSums(sql, taken);
  return taken.map(({ authorization_id, clearing_no, minor }) => ({ authorization_id, clearing_no, minor }));
}

/** Takes amounts out of rows, and out of the sums that open items say. */
async function takeOffSums(sql: Sql, taken: readonly (EventName & { readonly minor: bigint })[]): Promise<void> {
  if (taken.length === 0) return;
  await sql.query(
    `with taken as (
       update unapproved_clearings u set left_minor = u.left_minor - k.minor
       from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (stream_id, sequence, minor)
       where u.stream_id = k.stream_id and u.sequence = k.sequence
       returning u.network_merchant_id, u.clearing_no, k.minor, u.left_minor, u.state
     )
     update withheld_clearings w set left_minor = w.left_minor - s.minor, clearings = w.clearings - s.over, last_at = now()
     from (
       select network_merchant_id, clearing_no, sum(minor)::bigint as minor, count(*) filter (where left_minor = 0) as over
       from taken where state = 'withheld' group by 1, 2
     ) as s
     where w.network_merchant_id = s.network_merchant_id and w.clearing_no = s.clearing_no`,
    [...eventColumns(taken), numberColumn(taken.map(({ minor }) => minor))],
  );
}
