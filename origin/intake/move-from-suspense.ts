// Money of a card that was told before the card was made here lies in suspense. This moves it to the card's account, in the same
// currency, one authorization at a time. Example: a hold of 10.00 and, of another purchase, a clearing of 7.00.
//
//   hold      void     debit suspense, credit network clearing   10.00
//             pending  debit card,     credit network clearing   10.00
//   clearing  direct   debit card,     credit suspense            7.00     (a refund: debit suspense, credit card)
//
// A direct transfer here touches no clearing account, so what merchants are owed for it stays as it was. Each transfer carries the event
// that it moves: the ledger refuses a second one of the same. Whoever calls holds the lock of the card's stream, as intake does.

import type { Sql } from '../db/client.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { withheldBooks } from '../merchants/withheld-books.ts';
import type { LateCard } from './suspended-streams.ts';

interface Place {
  readonly event_id: string;
  /** A text where Postgres sends it as a bigint. */
  readonly sequence: string | number;
}

const net = `sum(case when t.debit_account_no = $2 then t.amount_minor else -t.amount_minor end)`;

/** Authorizations of the card that have money in suspense, up to a bound. */
export async function authorizationsInSuspense(sql: Sql, card: LateCard, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ authorization_id: string }>(
    // The first part finds holds. The second looks at each event: 10.00 cleared and 10.00 refunded are both moved, though their sum is 0.
    `select authorization_id from authorizations
       where stream_id = $1 and ledger_account_no = $2 and (held_minor <> 0 or posted_minor <> 0)
     union
     select t.authorization_id from ledger_transfers t
       where t.stream_id = $1 and $2 in (t.debit_account_no, t.credit_account_no) and t.kind in ('post', 'direct')
       group by t.authorization_id, t.sequence having ${net} <> 0
     order by authorization_id limit $3`,
    [card.stream_id, card.suspense_no, limit],
  );
  return rows.map(({ authorization_id }) => authorization_id);
}

/** Returns how many transfers it took: none where another process was first. */
export async function moveAuthorization(sql: Sql, card: LateCard, authorization_id: string): Promise<number> {
  const transfers = [
    ...(await holdMoved(sql, card, authorization_id)),
    ...(await postingsMoved(sql, card, authorization_id)),
  ];
  await sql.query(
    `update authorizations set ledger_account_no = $3
     where authorization_id = $1 and ledger_account_no = $2`,
    [authorization_id, card.suspense_no, card.account_no],
  );
  // What is withheld because nobody knew the card is judged again (merchants/unapproved.ts): its account's funds and bounds count from now on.
  for (const { each } of withheldBooks)
    await sql.query(
      `update ${each} set holder_no = $3, reason = case when state = 'withheld' then 'card_made' else reason end
       where stream_id = $4 and authorization_id = $1 and holder_no = $2 and state in ('new', 'withheld')`,
      [authorization_id, card.suspense_no, card.account_no, card.stream_id],
    );
  // Last, because from here to the commit every other batch waits for the balances.
  await insertTransfers(sql, transfers);
  return transfers.length;
}

/** What is still held, in the name of the first event that held something. */
async function holdMoved(sql: Sql, card: LateCard, authorization_id: string): Promise<Transfer[]> {
  const { rows } = await sql.query<{ held_minor: string; first: (Place & { clearing_no: string }) | null }>(
    `select a.held_minor, (
       select json_build_object('event_id', t.event_id, 'sequence', t.sequence, 'clearing_no', t.credit_account_no)
       from card_events e
       join ledger_transfers t on t.stream_id = e.stream_id and t.sequence = e.sequence and t.authorization_id = e.authorization_id
       where e.authorization_id = a.authorization_id and e.stream_id = a.stream_id
         and t.kind = 'pending' and t.debit_account_no = $2
       order by t.sequence limit 1
     ) as first
     from authorizations a where a.authorization_id = $1 and a.ledger_account_no = $2 and a.held_minor > 0`,
    [authorization_id, card.suspense_no],
  );
  const [held] = rows;
  if (held === undefined) return [];
  if (held.first === null) throw new Error(`${authorization_id} holds money in suspense that no event of it has held`);
  const common = {
    ...{ credit_account_no: Number(held.first.clearing_no), amount_minor: BigInt(held.held_minor) },
    ...booking(card, authorization_id, held.first),
  };
  return [
    { ...common, kind: 'void', debit_account_no: card.suspense_no },
    { ...common, kind: 'pending', debit_account_no: card.account_no },
  ];
}

async function postingsMoved(sql: Sql, card: LateCard, authorization_id: string): Promise<Transfer[]> {
  const { rows } = await sql.query<Place & { posted_minor: string }>(
    // By the authorization's own events: a card may have many others.
    `select t.event_id, t.sequence, ${net} as posted_minor
     from card_events e
     join ledger_transfers t on t.stream_id = e.stream_id and t.sequence = e.sequence and t.authorization_id = e.authorization_id
     where e.authorization_id = $1 and e.stream_id = $3
       and $2 in (t.debit_account_no, t.credit_account_no) and t.kind in ('post', 'direct')
     group by t.event_id, t.sequence having ${net} <> 0 order by t.sequence`,
    [authorization_id, card.suspense_no, card.stream_id],
  );
  return rows.map(({ posted_minor, ...place }) => {
    const posted = BigInt(posted_minor);
    return {
      debit_account_no: posted > 0n ? card.account_no : card.suspense_no,
      credit_account_no: posted > 0n ? card.suspense_no : card.account_no,
      amount_minor: posted > 0n ? posted : -posted,
      kind: 'direct',
      ...booking(card, authorization_id, place),
    };
  });
}

function booking({ stream_id, currency }: LateCard, authorization_id: string, { event_id, sequence }: Place) {
  return {
    currency,
    event_at_ms: Date.now(),
    event: { event_id, stream_id, sequence: Number(sequence), authorization_id },
  };
}
