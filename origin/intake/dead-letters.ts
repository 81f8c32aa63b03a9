// What could not be understood, kept whole with its reason until someone replays or discards it.

import { createHash } from 'node:crypto';
import type { CardKey } from '../../contracts/network.ts';
import type { Sql } from '../db/client.ts';

export interface DeadLetter {
  readonly source: 'card_events' | 'settlement_requests';
  readonly reason: string;
  readonly message: string;
  /** The event's place in its card's stream, where that is known. */
  readonly place: { readonly card_key: CardKey; readonly sequence: number } | null;
}

export async function keepDeadLetters(
  sql: Sql,
  letters: readonly DeadLetter[],
  streamIds: ReadonlyMap<string, number> = new Map(),
): Promise<void> {
  for (const { source, reason, message, place } of letters) {
    // `on conflict`: a message comes at least once, and a repaired gap brings the same event again. Both are the same letter.
    await sql.query(
      `insert into dead_letters (source, reason, message, digest, stream_id, sequence) values ($1, $2, $3, $4, $5, $6)
       on conflict (digest) do update set times = dead_letters.times + 1, last_received_at = now()`,
      [
        source,
        reason,
        message,
        digestOf(source, message),
        place && (streamIds.get(place.card_key) ?? null),
        place?.sequence ?? null,
      ],
    );
  }
}

/** Which of them are dead letters already, and nobody has replayed. */
export async function findDeadLetters(
  sql: Sql,
  source: DeadLetter['source'],
  messages: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql.query<{ message: string }>(
    `select message from dead_letters where digest = any($1::bytea[]) and resolution is distinct from 'replayed'`,
    [messages.map((message) => digestOf(source, message))],
  );
  return new Set(rows.map(({ message }) => message));
}

function digestOf(source: DeadLetter['source'], message: string): Buffer {
  return createHash('sha256').update(`${source}\n${message}`).digest();
}
