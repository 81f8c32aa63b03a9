// Queue messages that could not be read or taken: open items of one kind, each with its message to the letter.

import { createHash } from 'node:crypto';
import type { CardKey } from '../../contracts/network.ts';
import { isIdentifier, maskedJson } from '../card-data/found.ts';
import type { Sql } from '../db/client.ts';
import { type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';

export interface DeadLetter {
  /** Of `card_notices` (what cards must still be told) only what came out of their dead queue. */
  readonly source: 'card_events' | 'settlement_requests' | 'card_notices';
  readonly reason: string;
  /** As JSON text. */
  readonly message: string;
  /** The event's place in its card's stream, where that is known. */
  readonly place: { readonly card_key: CardKey; readonly sequence: number } | null;
  /** Whose it is, where that is known without a place. */
  readonly card_key?: CardKey | null;
  /** True: of a newer release. It has a place, and its card waits for it. */
  readonly isOfNewer?: boolean;
}

/** A message comes at least once, and a repaired gap brings the same event again: all of them are one letter. */
export async function keepDeadLetters(sql: Sql, letters: readonly DeadLetter[]): Promise<void> {
  await raiseOpenItems(sql, letters.map(itemOf));
}

const channels = {
  card_events: 'card_events_queue',
  settlement_requests: 'settlement_queue',
  card_notices: 'card_events_queue',
} as const;
const names = {
  card_events: 'card events',
  settlement_requests: 'requests for settlements',
  card_notices: 'what cards must still be told',
} as const;

function itemOf({
  source,
  reason,
  message,
  place,
  card_key = place?.card_key ?? null,
  isOfNewer = false,
}: DeadLetter): RaisedItem {
  const waits = isOfNewer && place !== null;
  return {
    ...(waits
      ? // One a place, however often the card's own log is read again.
        { kind: 'event_of_newer_release', key: `${place.card_key} ${place.sequence}`, reopens: 'unless_dismissed' }
      : { kind: 'dead_letter', key: keyOf(source, message) }),
    source,
    summary: waits
      ? `Event ${place.sequence} of the card is of a newer release than this one (${reason}); it and what came after it wait.`
      : `A message of the queue of ${names[source]} was not taken: ${reason}`,
    card_key,
    // To the letter, so that it can be handed in again, but for digits of a card, which nothing of ours ever sends.
    evidence: { reason, message: maskedJson(channels[source], message, isIdentifier), place },
  };
}

/** Which of them are dead letters already, and were not taken since. */
export async function findDeadLetters(
  sql: Sql,
  source: DeadLetter['source'],
  messages: readonly string[],
): Promise<Set<string>> {
  const byKey = new Map(messages.map((message) => [keyOf(source, message), message]));
  const { rows } = await sql.query<{ item_key: string }>(
    `select item_key from open_items
     where kind = 'dead_letter' and item_key = any($1::text[]) and resolution is distinct from 'try_again'`,
    [[...byKey.keys()]],
  );
  return new Set(rows.flatMap(({ item_key }) => byKey.get(item_key) ?? []));
}

/** As migrations wrote it for the letters of before. */
function keyOf(source: DeadLetter['source'], message: string): string {
  return `${source} ${createHash('sha256').update(`${source}\n${message}`).digest('hex')}`;
}
