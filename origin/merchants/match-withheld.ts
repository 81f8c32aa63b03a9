// A refund of a purchase whose clearing is withheld takes from that first, not from what the shop is owed. And a clearing of a purchase
// whose refund came first, and is withheld, makes that refund good first.
//
// Example: 80.00 are refunded before anything cleared, and withheld. Then 100.00 clear: the shop is owed 20.00, nothing is withheld.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { clearingsBook, refundsBook, type WithheldBook } from './withheld-books.ts';
import {
  type Adjustment,
  type EventName,
  eventColumns,
  eventKey,
  forget,
  sealedTransfers,
  takeOffSums,
  type Window,
} from './withheld-rows.ts';

interface LeftRow extends EventName {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly left_minor: string;
  /** Of the later event that takes from it. */
  readonly by_sequence: string;
  readonly by_minor: string;
}

interface Taken extends EventName {
  readonly authorization_id: string;
  readonly clearing_no: string;
  readonly by_sequence: string;
  readonly minor: bigint;
}

/** What the window refunds of purchases of which something is withheld, as far as there is; the oldest clearing first. */
export async function takeRefunds(sql: Sql, window: Window): Promise<Adjustment[]> {
  const taken = await taking(sql, window, { book: clearingsBook, side: 'debit' });
  return taken.map(({ authorization_id, clearing_no, minor }) => ({ authorization_id, clearing_no, minor }));
}

/** What clears in the window of purchases whose refund is withheld. That much of it is no clearing to be judged any more. */
export async function takeClearings(sql: Sql, window: Window) {
  const taken = await taking(sql, window, { book: refundsBook, side: 'credit' });
  await judgeLess(sql, taken);
  const matched = new Map<string, bigint>();
  for (const { stream_id, by_sequence, minor } of taken) {
    const key = eventKey({ stream_id, sequence: by_sequence });
    matched.set(key, (matched.get(key) ?? 0n) + minor);
  }
  return {
    adjustments: taken.map(({ authorization_id, clearing_no, minor }) => ({
      authorization_id,
      clearing_no,
      minor: -minor,
    })),
    matched,
  };
}

interface Taking {
  readonly book: WithheldBook;
  /** Of the transfers that take: a refund debits the clearing account, a clearing credits it. */
  readonly side: 'debit' | 'credit';
}

async function taking(sql: Sql, { from, to }: Window, { book, side }: Taking): Promise<Taken[]> {
  const { rows } = await sql.query<LeftRow>({
    name: `taken_from_${book.each}`,
    // Only what came before it: an event never takes from a later one, nor from its own.
    text: `
      with by_event as (
        select t.stream_id, t.sequence, t.authorization_id, c.ledger_account_no as clearing_no, sum(t.amount_minor) as minor
        from ${sealedTransfers}
        join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no = t.${side}_account_no
        where t.kind in ('post', 'direct') and t.authorization_id in (
          select authorization_id from ${book.each} where state in ('withheld', 'kept') and left_minor > 0
        )
        group by 1, 2, 3, 4
      )
      select w.stream_id, w.sequence, w.authorization_id, w.clearing_no, w.left_minor,
        e.sequence as by_sequence, e.minor as by_minor
      from by_event e
      join ${book.each} w on w.authorization_id = e.authorization_id and w.clearing_no = e.clearing_no
        and w.stream_id = e.stream_id and w.sequence < e.sequence and w.state in ('withheld', 'kept') and w.left_minor > 0
      order by e.stream_id, e.sequence, w.sequence`,
    values: [from, to],
  });
  const lefts = new Map<string, bigint>();
  const rests = new Map<string, bigint>();
  const taken: Taken[] = [];
  for (const row of rows) {
    const event = `${row.stream_id} ${row.by_sequence} ${row.clearing_no}`;
    const place = eventKey(row);
    const rest = rests.get(event) ?? BigInt(row.by_minor);
    const left = lefts.get(place) ?? BigInt(row.left_minor);
    const minor = rest < left ? rest : left;
    rests.set(event, rest - minor);
    lefts.set(place, left - minor);
    if (minor > 0n) taken.push({ ...row, minor });
  }
  await takeOffSums(sql, book, taken);
  return taken;
}

/** Of clearings that are still to be judged (`new`). Nothing of it is left to judge where all of it made a refund good. */
async function judgeLess(sql: Sql, taken: readonly Taken[]): Promise<void> {
  if (taken.length === 0) return;
  const events = taken.map(({ stream_id, by_sequence }) => ({ stream_id, sequence: by_sequence }));
  const { rows } = await sql.query<EventName & { is_over: boolean }>(
    `update unapproved_clearings u set left_minor = greatest(u.left_minor - k.minor, 0)
     from (
       select stream_id, sequence, sum(minor)::bigint as minor
       from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as k (stream_id, sequence, minor) group by 1, 2
     ) as k
     where u.stream_id = k.stream_id and u.sequence = k.sequence and u.state = 'new'
     returning u.stream_id, u.sequence, u.left_minor = 0 as is_over`,
    [...eventColumns(events), numberColumn(taken.map(({ minor }) => minor))],
  );
  await forget(
    sql,
    clearingsBook,
    rows.filter(({ is_over }) => is_over),
  );
}
