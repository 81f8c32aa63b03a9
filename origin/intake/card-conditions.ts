// A card of which the edge and the ledger do not have the same events, and cannot get them by themselves: for a person.

import * as z from 'zod';
import { readStoredEvent } from '../../contracts/stored-event.ts';
import type { Sql } from '../db/client.ts';
import type { OpenItemKind } from '../open-items/kinds.ts';
import { type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import type { Rebuilt } from './rebuild-card.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

const kinds = [
  ...['card_behind_ledger', 'card_events_lost', 'card_of_newer_release', 'event_of_newer_release'],
] as const satisfies readonly OpenItemKind[];

export interface SetBack {
  /** The last one that came here, booked or waiting. */
  readonly known_sequence: number;
  /** Where the card's own log ends, where it was asked. */
  readonly last_sequence?: number | undefined;
  /** The first event that came under a number that another one has here. */
  readonly differs_at?: number | undefined;
}

/** For a person; and gap repair rebuilds the card (rebuild-card.ts) until it is whole, also where the person has dismissed it. */
export async function raiseSetBack(sql: Sql, cards: readonly (CardName & SetBack)[]): Promise<void> {
  if (cards.length === 0) return;
  await raiseOpenItems(
    sql,
    cards.map((card) => itemOfSetBack(card, card)),
  );
  await sql.query(
    `update card_streams s set set_back_since = now()
     from unnest($1::text[], $2::text[]) as c(network, card_token)
     where s.network = c.network and s.card_token = c.card_token and s.set_back_since is null`,
    [cards.map(({ network }) => network), cards.map(({ card_token }) => card_token)],
  );
}

/** Keyed by the last event known here: while that stays, looking again finds the same item, also one that was dismissed. */
function itemOfSetBack(card: CardName, { known_sequence, last_sequence, differs_at }: SetBack): RaisedItem {
  const card_key = keyOf(card);
  return {
    kind: 'card_behind_ledger',
    key: `${card_key} ${known_sequence}`,
    summary: `${foundBy({ known_sequence, last_sequence, differs_at })} Its storage was set back; it decides nothing until it is rebuilt from what is booked here.`,
    card_key,
    evidence: { last_sequence_of_card: last_sequence ?? null, last_sequence_here: known_sequence, differs_at },
    reopens: 'unless_dismissed',
  };
}

function foundBy({ known_sequence, last_sequence, differs_at }: SetBack): string {
  if (differs_at !== undefined)
    return `An event of the card came under the number ${differs_at}, which another one has here.`;
  if (last_sequence === undefined) return `The card's own log lacks event ${known_sequence}, which came here.`;
  return `The card's own log ends with event ${last_sequence}; event ${known_sequence} came here.`;
}

export async function raiseLost(
  sql: Sql,
  card: CardName,
  { first_sequence, due_sequence }: { readonly first_sequence: number; readonly due_sequence: number },
): Promise<void> {
  const card_key = keyOf(card);
  const evidence = { first_sequence_of_card: first_sequence, due_sequence };
  const summary = `Event ${due_sequence} of the card never came, and its own log begins with ${first_sequence}; what came after it waits.`;
  await raiseOpenItems(sql, [
    { kind: 'card_events_lost', key: `${card_key} ${due_sequence}`, summary, card_key, evidence },
  ]);
}

/** The release at the edge is older than the one that wrote the card. */
export async function raiseNewer(sql: Sql, card: CardName): Promise<void> {
  const card_key = keyOf(card);
  const summary =
    'A newer release of the edge has written this card, and the one that runs cannot read it: it decides nothing.';
  await raiseOpenItems(sql, [{ kind: 'card_of_newer_release', key: card_key, summary, card_key, evidence: {} }]);
}

/** Which of the cards have such an item, or are set back: mostly none, so that nothing is written for the others. */
export async function cardsWithConditions(sql: Sql, cards: readonly CardName[]): Promise<Set<string>> {
  if (cards.length === 0) return new Set();
  const { rows } = await sql.query<{ card_key: string }>(
    `select card_key from open_items
     where card_key = any($1::text[]) and kind = any($2::text[]) and status = 'open' and action is null
     union
     select network || ':' || card_token from card_streams
     where set_back_since is not null and network || ':' || card_token = any($1::text[])`,
    [cards.map(keyOf), kinds],
  );
  return new Set(rows.map(({ card_key }) => card_key));
}

/** Of which of the cards a person knows, also where they have put it aside. */
export async function cardsTold(sql: Sql, cards: readonly CardName[]): Promise<Set<string>> {
  const { rows } = await sql.query<{ card_key: string }>(
    `select distinct card_key from open_items
     where card_key = any($1::text[]) and kind = any($2::text[]) and status in ('open', 'dismissed')`,
    [cards.map(keyOf), kinds],
  );
  return new Set(rows.map(({ card_key }) => card_key));
}

/** The card and the ledger have the same again. An action that was begun is left to be finished. */
export async function closeConditions(sql: Sql, card: CardName): Promise<void> {
  await sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'gone'
     where card_key = $1 and kind = any($2::text[]) and status = 'open' and action is null`,
    [keyOf(card), kinds],
  );
  await endSetBack(sql, card);
}

async function endSetBack(sql: Sql, { network, card_token }: CardName): Promise<void> {
  await sql.query(
    `update card_streams set set_back_since = null
     where network = $1 and card_token = $2 and set_back_since is not null`,
    [network, card_token],
  );
}

/** A card that was set back has its past again, and what it had numbered anew has come under new numbers. */
export async function closeRebuilt(sql: Sql, card: CardName, rebuilt: Rebuilt): Promise<void> {
  await sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'gone', result = $2
     where card_key = $1 and kind = 'card_behind_ledger' and status = 'open' and action is null`,
    [keyOf(card), JSON.stringify({ rebuilt_up_to: rebuilt.sequence, told_again: rebuilt.told_again })],
  );
  await endSetBack(sql, card);
  await closeLettersToldAgain(sql, card);
}

/**
 * What a card numbers anew comes here under numbers that are taken: a dead letter each. Those are over whose request or message is booked
 * by now; what the rebuilt card did not have (it was set back twice) stays for a person.
 */
async function closeLettersToldAgain(sql: Sql, card: CardName): Promise<void> {
  const { rows: letters } = await sql.query<{ open_item_no: string; message: string }>(
    `select open_item_no, evidence ->> 'message' as message from open_items
     where card_key = $1 and kind = 'dead_letter' and source = 'card_events' and status = 'open' and action is null`,
    [keyOf(card)],
  );
  const keyed = letters.flatMap(({ open_item_no, message }) => {
    const key = keyOfLetter(message);
    return key === null ? [] : [{ open_item_no, key }];
  });
  if (keyed.length === 0) return;
  // The whole stream of one card, once for a rebuild.
  await sql.query(
    `update open_items i set status = 'resolved', closed_at = now(), resolution = 'gone'
     from unnest($3::bigint[], $4::text[]) as l(open_item_no, key)
     where i.open_item_no = l.open_item_no and i.status = 'open' and i.action is null and (l.key = '' or exists (
       select from card_events e join card_streams s using (stream_id)
       where s.network = $1 and s.card_token = $2 and l.key in (
         e.body -> 'message' ->> 'message_key', e.body -> 'message' ->> 'request_key',
         e.body -> 'request' ->> 'request_key', e.body ->> 'request_key')))`,
    [card.network, card.card_token, keyed.map(({ open_item_no }) => open_item_no), keyed.map(({ key }) => key)],
  );
}

const letterSchema = z.object({ events: z.tuple([z.unknown()]) });

/** What its event is known by; '': a profile, or the end of a hold, which the card has by itself. Null: it cannot be read. */
function keyOfLetter(message: string): string | null {
  const letter = letterSchema.safeParse(JSON.parse(message)).data;
  const read = letter === undefined ? null : readStoredEvent(letter.events[0]);
  if (read === null || 'error' in read) return null;
  switch (read.event.kind) {
    case 'authorization':
      return read.event.request.request_key;
    case 'message':
      return read.event.message.message_key;
    case 'void':
      return read.event.request_key;
    case 'profile':
    case 'expiry':
      return '';
  }
}
