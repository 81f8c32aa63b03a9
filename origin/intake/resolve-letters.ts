// Dead letters that a person sees to: handed in once more, or discarded. A letter is taken first and marked afterwards, so that
// what dies in between is only handed in again: both of its readers take the same message twice as once.

import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Message, Outcome } from './intake.ts';

export interface OpenLetter {
  readonly dead_letter_no: number;
  readonly source: DeadLetter['source'];
  readonly message: string;
  /** It is an event of a card whose place in the card's stream is kept empty for it. */
  readonly placed: boolean;
}

/** Who takes the messages of each source. */
export type Takers = Readonly<
  Record<DeadLetter['source'], (messages: readonly Message[]) => Promise<readonly { readonly outcome: Outcome }[]>>
>;

/** `not_taken`: the reader could not take it now. `not_replayable`: it is no message, or its card has gone on without it. */
export const replayOutcomes = ['replayed', 'refused_again', 'not_taken', 'not_replayable'] as const;
export type ReplayOutcome = (typeof replayOutcomes)[number];

const columns = 'dead_letter_no, source, message, sequence is not null as placed';
type LetterRow = Omit<OpenLetter, 'dead_letter_no'> & { readonly dead_letter_no: string };

function letterOf({ dead_letter_no, ...row }: LetterRow): OpenLetter {
  return { dead_letter_no: Number(dead_letter_no), ...row };
}

/** Null: there is none of this number, or somebody has seen to it. */
export async function findOpenLetter(sql: Sql, deadLetterNo: number): Promise<OpenLetter | null> {
  const { rows } = await sql.query<LetterRow>(
    `select ${columns} from dead_letters where dead_letter_no = $1 and resolved_at is null`,
    [deadLetterNo],
  );
  return rows[0] === undefined ? null : letterOf(rows[0]);
}

export interface LetterGroup {
  readonly source?: DeadLetter['source'] | undefined;
  /** Those with a higher number. */
  readonly after: number;
  readonly limit: number;
}

/** The oldest first. */
export async function listOpenLetters(sql: Sql, { source, after, limit }: LetterGroup): Promise<OpenLetter[]> {
  const { rows } = await sql.query<LetterRow>(
    `select ${columns} from dead_letters where resolved_at is null and dead_letter_no > $1 and ($2::text is null or source = $2)
     order by dead_letter_no limit $3`,
    [after, source ?? null, limit],
  );
  return rows.map(letterOf);
}

export interface ReplayParts {
  readonly database: Database;
  readonly takers: Takers;
}

export async function replayLetter(
  { database, takers }: ReplayParts,
  letter: OpenLetter,
  doer: Doer,
): Promise<ReplayOutcome> {
  const body = parsed(letter.message);
  // Its card's later events are booked: what it says of the hold would now be said too late.
  if (letter.placed || body === undefined) return 'not_replayable';
  const [taken] = await takers[letter.source]([{ id: `${letter.dead_letter_no}`, body }]);
  if (taken?.outcome === 'dead_letter') return 'refused_again';
  if (taken?.outcome !== 'done') return 'not_taken';
  await database.transaction((sql) =>
    resolveLetter(sql, {
      ...doer,
      dead_letter_no: letter.dead_letter_no,
      resolution: 'replayed',
      reason: letter.source,
    }),
  );
  return 'replayed';
}

export interface Resolution extends Doer {
  readonly dead_letter_no: number;
  readonly resolution: 'replayed' | 'discarded';
  readonly reason: string;
}

/** False: somebody else has seen to it. */
export async function resolveLetter(
  sql: Sql,
  { dead_letter_no, resolution, reason, actor, correlation_id }: Resolution,
): Promise<boolean> {
  const { rows } = await sql.query(
    `update dead_letters set resolved_at = now(), resolution = $2 where dead_letter_no = $1 and resolved_at is null
     returning dead_letter_no`,
    [dead_letter_no, resolution],
  );
  if (rows.length === 0) return false;
  const subject = `dead_letter_${dead_letter_no}`;
  await recordAuditEvents(sql, [
    { actor, correlation_id, action: `dead_letter.${resolution}`, subject, merchant_id: null, reason },
  ]);
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
