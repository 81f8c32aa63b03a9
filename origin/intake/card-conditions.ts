// A card of which the edge and the ledger do not have the same events, and cannot get them by themselves: for a person.

import type { Sql } from '../db/client.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import { keyOf } from './sort-out.ts';
import type { CardName } from './streams.ts';

const kinds = ['card_behind_ledger', 'card_events_lost', 'card_of_newer_release'] as const;

export interface EndsBefore {
  /** The last event that the card's own log has. */
  readonly last_sequence: number;
  /** The last one that came here, booked or waiting. */
  readonly known_sequence: number;
}

/** Keyed by the last event known here: while that stays, looking again finds the same item, also one that was dismissed. */
export async function raiseBehind(
  sql: Sql,
  card: CardName,
  { last_sequence, known_sequence }: EndsBefore,
): Promise<void> {
  const card_key = keyOf(card);
  const evidence = { last_sequence_of_card: last_sequence, last_sequence_here: known_sequence };
  const summary = `The card's own log ends with event ${last_sequence}; event ${known_sequence} came here. Its storage was set back.`;
  await raiseOpenItems(sql, [
    { kind: 'card_behind_ledger', key: `${card_key} ${known_sequence}`, summary, card_key, evidence },
  ]);
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

/** Which of the cards have such an item: mostly none, so that nothing is written for the others. */
export async function cardsWithConditions(sql: Sql, cards: readonly CardName[]): Promise<Set<string>> {
  if (cards.length === 0) return new Set();
  const { rows } = await sql.query<{ card_key: string }>(
    `select distinct card_key from open_items
     where card_key = any($1::text[]) and kind = any($2::text[]) and status = 'open' and action is null`,
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
}
