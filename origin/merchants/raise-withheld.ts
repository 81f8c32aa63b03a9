// Open items for clearings and refunds that are withheld: one a shop, network and currency of each, whose amount follows what is withheld
// there. Only of shops that a merchant has: nobody could be paid the rest, and whoever invents shops would make an item of each. Refunds at
// the other shops are one item an hour (withheld-hours.ts), because their cards withhold them too.

import type { Database, Sql } from '../db/client.ts';
import { closeAsGone, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import { clearingsBook, refundsBook, type WithheldBook, withheldBooks } from './withheld-books.ts';
import { raiseHours } from './withheld-hours.ts';

const perRound = 100;
/** In an item's evidence, the largest first. */
const shownMax = 20;

interface Row {
  readonly network_merchant_id: string;
  readonly clearing_no: string;
  readonly network: string;
  readonly currency: string;
  readonly left_minor: string;
  readonly parts: string;
  /** Null: no merchant has the shop. Of refunds alone. */
  readonly merchant_id: string | null;
  readonly first_at: Date;
  readonly last_at: Date;
}

/** Any number that nobody else locks in this database. */
const raisingLock = 7_283_640_115;

/** Returns whether there may be more to raise. Locks items before rows, as people's actions do (raise-unassigned.ts). */
export async function raiseWithheld(database: Database): Promise<boolean> {
  return await database.transaction(async (sql) => {
    const { rows: locks } = await sql.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
      raisingLock,
    ]);
    if (locks[0]?.mine !== true) return false;
    let isMore = false;
    for (const book of withheldBooks) if (await raiseOf(sql, book)) isMore = true;
    return isMore;
  });
}

async function raiseOf(sql: Sql, book: WithheldBook): Promise<boolean> {
  const { rows } = await sql.query<Row>(
    `select w.network_merchant_id, w.clearing_no, c.network, c.currency, w.left_minor, w.${book.count} as parts, w.merchant_id,
       w.first_at, w.last_at
     from ${book.sums} w join ledger_accounts c on c.ledger_account_no = w.clearing_no
     where ${book === refundsBook ? 'true' : 'w.merchant_id is not null'} and w.left_minor is distinct from coalesce(w.raised_minor, 0)
     order by w.last_at limit $1`,
    [perRound],
  );
  if (book === refundsBook) await raiseHours(sql, rows);
  for (const row of rows) {
    if (row.merchant_id === null) await markRaised(sql, book, row);
    if (row.merchant_id === null) continue;
    if (row.left_minor === '0') await closeAsGone(sql, book.kind, keyOf(row));
    else await raiseOpenItems(sql, [await itemOf(sql, book, row)]);
    await markRaised(sql, book, row);
  }
  return rows.length === perRound;
}

/** As `native USD SHOP`. */
function keyOf({ network, currency, network_merchant_id }: Row): string {
  return `${network} ${currency} ${network_merchant_id}`;
}

/** A row that accrual has changed meanwhile is behind again, and comes up in the next round. */
async function markRaised(
  sql: Sql,
  { sums }: WithheldBook,
  { network_merchant_id, clearing_no, left_minor }: Row,
): Promise<void> {
  const row = [network_merchant_id, clearing_no, left_minor];
  await sql.query(`update ${sums} set raised_minor = $3 where network_merchant_id = $1 and clearing_no = $2`, row);
  await sql.query(
    `delete from ${sums}
     where network_merchant_id = $1 and clearing_no = $2 and left_minor = 0 and raised_minor = 0`,
    [network_merchant_id, clearing_no],
  );
}

async function itemOf(sql: Sql, book: WithheldBook, row: Row): Promise<RaisedItem> {
  const { network, currency, network_merchant_id, merchant_id } = row;
  const shop = `shop ${network_merchant_id} (${network}, ${currency})`;
  return {
    kind: book.kind,
    key: keyOf(row),
    summary:
      book === clearingsBook
        ? `What cleared at ${shop} without a card's approval is withheld from ${merchant_id}.`
        : `What was refunded at ${shop} of no purchase is withheld: ${merchant_id} is not charged with it.`,
    amount: { minor: BigInt(row.left_minor), currency },
    merchant_id,
    evidence: {
      ...{ network, network_merchant_id, currency, left_minor: row.left_minor },
      ...{ [book.count]: Number(row.parts) },
      ...{ first_at: row.first_at.toISOString(), last_at: row.last_at.toISOString() },
      ...(await partsOf(sql, book, row)),
    },
    // More that is withheld is new, also where what was there had been looked at.
    reopens: true,
  };
}

/** Why, and the largest of them. */
async function partsOf(sql: Sql, book: WithheldBook, { network_merchant_id, clearing_no }: Row): Promise<object> {
  const withheld = `network_merchant_id = $1 and clearing_no = $2 and state = 'withheld' and left_minor > 0`;
  const { rows: reasons } = await sql.query(
    `select reason, count(*)::int as ${book.count}, sum(left_minor)::text as left_minor, count(distinct stream_id)::int as cards
     from ${book.each} where ${withheld} group by reason order by reason`,
    [network_merchant_id, clearing_no],
  );
  const { rows: largest } = await sql.query(
    `select u.authorization_id, s.network || ':' || s.card_token as card_key, u.amount_minor, u.left_minor, u.reason, u.booked_at
     from (
       select * from ${book.each} where ${withheld} order by left_minor desc, stream_id, sequence limit $3
     ) as u join card_streams s using (stream_id) order by u.left_minor desc, u.stream_id, u.sequence`,
    [network_merchant_id, clearing_no, shownMax],
  );
  return {
    reasons,
    largest,
    ...(book === clearingsBook && (await refundsBehind(sql, { network_merchant_id, clearing_no }))),
  };
}

/** Where cards bought on refunds of no purchase (`on_refunds`): the largest of these, at whatever shops. */
async function refundsBehind(
  sql: Sql,
  { network_merchant_id, clearing_no }: Pick<Row, 'network_merchant_id' | 'clearing_no'>,
): Promise<object> {
  const { rows: refunds } = await sql.query(
    `select r.authorization_id, s.network || ':' || s.card_token as card_key, r.network_merchant_id, r.amount_minor, r.left_minor, r.state,
       r.booked_at
     from unmatched_refunds r join card_streams s using (stream_id)
     where r.clearing_no = $2 and r.state in ('withheld', 'kept') and r.left_minor > 0 and r.stream_id in (
       select stream_id from unapproved_clearings
       where network_merchant_id = $1 and clearing_no = $2 and state = 'withheld' and reason = 'on_refunds' and left_minor > 0
     )
     order by r.left_minor desc, r.stream_id, r.sequence limit $3`,
    [network_merchant_id, clearing_no, shownMax],
  );
  return refunds.length === 0 ? {} : { refunds };
}
