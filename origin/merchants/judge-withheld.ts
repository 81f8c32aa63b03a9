// What is withheld of the clearings that no card approved, and of the refunds of no purchase (withheld-books.ts): each is judged in the round
// that has its transfers, and again once a card that nobody knew is made.

import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import {
  judge,
  type PassedToday,
  type ToJudge,
  type UnapprovedBounds,
  type WithheldReason,
} from './unapproved-bounds.ts';
import type { WithheldBook } from './withheld-books.ts';
import {
  type Adjustment,
  eventColumns,
  forget,
  sealedTransfers,
  storeWithheld,
  takeOffSums,
  type Window,
} from './withheld-rows.ts';

interface Judging {
  readonly sql: Sql;
  readonly window: Window;
  readonly bounds: UnapprovedBounds;
  readonly book: WithheldBook;
}

interface Row {
  readonly stream_id: string;
  readonly sequence: string;
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly currency: string;
  readonly left_minor: string;
  readonly in_suspense: boolean;
  readonly overdraft_minor: string;
  readonly shop: string | null;
  readonly card_withholds: boolean;
}

// Funds that only a refund of no purchase gave the account cover nothing, also where it is not judged yet (`new`).
const columnsOf = ({
  shopSums,
}: WithheldBook) => `u.stream_id, u.sequence, u.authorization_id, u.clearing_no, c.currency, u.left_minor,
  h.kind = 'suspense' as in_suspense, greatest(b.debits_posted + b.debits_pending - b.credits_posted + coalesce((
    select sum(r.left_minor) from unmatched_refunds r
    where r.holder_no = u.holder_no and r.state in ('new', 'withheld', 'kept') and r.left_minor > 0
  ), 0), 0) as overdraft_minor,
  ${shopSums === null ? 'null' : chargedShop} as shop, ${shopSums === null ? 'false' : 'u.card_withholds'} as card_withholds`;
const chargedShop = `(
    select a.network_merchant_id from authorizations a
    join merchants m on m.network_merchant_ids @> array[a.network_merchant_id] and m.currency = c.currency
    where a.authorization_id = u.authorization_id
  )`;
const accounts = `
  join ledger_accounts c on c.ledger_account_no = u.clearing_no
  join ledger_accounts h on h.ledger_account_no = u.holder_no
  join ledger_balances b on b.ledger_account_no = u.holder_no`;

export async function judgeFresh({ sql, window, bounds, book }: Judging): Promise<Adjustment[]> {
  const { rows } = await sql.query<Row>({
    name: `${book.each}_between`,
    // One that is committed after the window was read has no transfer in it, and waits for the next round.
    text: `
      select distinct ${columnsOf(book)}
      from ${sealedTransfers}
      join ${book.each} u on u.stream_id = t.stream_id and u.sequence = t.sequence and u.state = 'new' ${accounts}
      order by u.stream_id, u.sequence`,
    values: [window.from, window.to],
  });
  const { passed, withheld } = await judgeAll(sql, book, rows, bounds);
  await forget(sql, book, passed);
  await storeWithheld(sql, book, withheld);
  return withheld.map((row) => adjustmentOf(row, book.sign));
}

const againMax = 1_000;

/** Of cards that nobody knew, and that were made since: what their account covers is owed after all, a small refund charged. */
export async function judgeAgain({ sql, bounds, book }: Judging): Promise<Adjustment[]> {
  const { rows } = await sql.query<Row>(
    `select ${columnsOf(book)} from ${book.each} u ${accounts}
     where u.reason = 'card_made' and u.state = 'withheld' order by u.stream_id, u.sequence limit $1 for update of u`,
    [againMax],
  );
  const { passed, withheld } = await judgeAll(sql, book, rows, bounds);
  await takeOffSums(
    sql,
    book,
    passed.map((row) => ({ ...row, minor: BigInt(row.left_minor) })),
  );
  await forget(sql, book, passed);
  await sql.query(
    `update ${book.each} u set reason = k.reason
     from unnest($1::bigint[], $2::bigint[], $3::text[]) as k (stream_id, sequence, reason)
     where u.stream_id = k.stream_id and u.sequence = k.sequence`,
    [...eventColumns(withheld), wordColumn(withheld.map(({ reason }) => reason))],
  );
  return passed.map((row) => adjustmentOf(row, -book.sign));
}

async function judgeAll(sql: Sql, book: WithheldBook, rows: readonly Row[], bounds: UnapprovedBounds) {
  const sums: PassedToday = {
    cards: await passedOnCards(sql, book, rows),
    shops: await passedAtShops(sql, book, rows),
  };
  const before = { cards: new Map(sums.cards), shops: new Map(sums.shops) };
  const passed: Row[] = [];
  const withheld: (Row & { readonly reason: WithheldReason })[] = [];
  for (const row of rows) {
    const reason = judge(toJudge(book, row), sums, bounds);
    if (reason === null) passed.push(row);
    else withheld.push({ ...row, reason });
  }
  await storeCards(sql, book, changed(before.cards, sums.cards));
  await storeShops(sql, book, changed(before.shops, sums.shops));
  return { passed, withheld };
}

type Sums = readonly (readonly [string, bigint])[];

function changed(before: ReadonlyMap<string, bigint>, after: ReadonlyMap<string, bigint>): Sums {
  return [...after].filter(([key, minor]) => before.get(key) !== minor);
}

function toJudge({ isCoveredByFunds }: WithheldBook, row: Row): ToJudge {
  const overdraft_minor = isCoveredByFunds ? BigInt(row.overdraft_minor) : null;
  return { ...row, left_minor: BigInt(row.left_minor), overdraft_minor };
}

function adjustmentOf({ authorization_id, clearing_no, left_minor }: Row, sign: bigint): Adjustment {
  return { authorization_id, clearing_no, minor: sign * BigInt(left_minor) };
}

const today = `(now() at time zone 'utc')::date`;

async function passedOnCards(sql: Sql, { passed }: WithheldBook, rows: readonly Row[]): Promise<Map<string, bigint>> {
  if (rows.length === 0) return new Map();
  const { rows: sums } = await sql.query<{ key: string; passed_minor: string }>(
    `select clearing_no || ' ' || stream_id as key, passed_minor from ${passed}
     where day = ${today} and clearing_no = any ($1::bigint[]) and stream_id = any ($2::bigint[])`,
    [
      numberColumn([...new Set(rows.map(({ clearing_no }) => Number(clearing_no)))]),
      numberColumn([0, ...new Set(rows.map(({ stream_id }) => Number(stream_id)))]),
    ],
  );
  return new Map(sums.map(({ key, passed_minor }) => [key, BigInt(passed_minor)]));
}

async function storeCards(sql: Sql, { passed }: WithheldBook, sums: Sums): Promise<void> {
  if (sums.length === 0) return;
  const keys = sums.map(([key]) => key.split(' ').map(Number));
  // `on conflict`: the day's sum so far, which was read under the same lock.
  await sql.query(
    `insert into ${passed} (clearing_no, stream_id, day, passed_minor)
     select clearing_no, stream_id, ${today}, passed_minor
     from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (clearing_no, stream_id, passed_minor)
     on conflict (clearing_no, stream_id, day) do update set passed_minor = excluded.passed_minor`,
    [
      numberColumn(keys.map(([clearing_no = 0]) => clearing_no)),
      numberColumn(keys.map(([, stream_id = 0]) => stream_id)),
      numberColumn(sums.map(([, minor]) => minor)),
    ],
  );
  await sql.query(`delete from ${passed} where day < ${today} - 2`);
}

async function passedAtShops(sql: Sql, { shopSums }: WithheldBook, rows: readonly Row[]): Promise<Map<string, bigint>> {
  const shops = [...new Set(rows.flatMap(({ shop }) => shop ?? []))];
  if (shopSums === null || shops.length === 0) return new Map();
  const { rows: sums } = await sql.query<{ key: string; passed_minor: string }>(
    `select clearing_no || ' ' || network_merchant_id as key, passed_minor from ${shopSums}
     where day = ${today} and network_merchant_id = any ($1::text[])`,
    [shops],
  );
  return new Map(sums.map(({ key, passed_minor }) => [key, BigInt(passed_minor)]));
}

async function storeShops(sql: Sql, { shopSums }: WithheldBook, sums: Sums): Promise<void> {
  if (shopSums === null || sums.length === 0) return;
  // A shop's id may hold spaces: only the first one of a key divides. `on conflict`: as above.
  await sql.query(
    `insert into ${shopSums} (clearing_no, network_merchant_id, day, passed_minor)
     select clearing_no, network_merchant_id, ${today}, passed_minor
     from unnest($1::bigint[], $2::text[], $3::bigint[]) as k (clearing_no, network_merchant_id, passed_minor)
     on conflict (clearing_no, network_merchant_id, day) do update set passed_minor = excluded.passed_minor`,
    [
      numberColumn(sums.map(([key]) => Number(key.slice(0, key.indexOf(' '))))),
      sums.map(([key]) => key.slice(key.indexOf(' ') + 1)),
      numberColumn(sums.map(([, minor]) => minor)),
    ],
  );
  await sql.query(`delete from ${shopSums} where day < ${today} - 2`);
}
