// GET /dead-letters: what intake could not read and nobody has resolved, the newest first. The message itself names its card by the
// network's token, so it stays in the table.

import * as z from 'zod';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { type Route, route } from './route.ts';

const deadLetterSchema = z.strictObject({
  dead_letter_no: z.int(),
  source: z.string(),
  reason: z.string(),
  sequence: z.int().nullable(),
  /** How often it came. */
  times: z.int(),
  received_at_ms: z.int(),
  last_received_at_ms: z.int(),
});

interface DeadLetterRow {
  readonly dead_letter_no: string;
  readonly source: string;
  readonly reason: string;
  readonly sequence: string | null;
  readonly times: number;
  readonly received_at: Date;
  readonly last_received_at: Date;
}

function view({ received_at, last_received_at, dead_letter_no, sequence, ...row }: DeadLetterRow) {
  return {
    ...row,
    dead_letter_no: Number(dead_letter_no),
    sequence: sequence === null ? null : Number(sequence),
    received_at_ms: received_at.getTime(),
    last_received_at_ms: last_received_at.getTime(),
  };
}

const list = route({
  method: 'get',
  path: '/dead-letters',
  name: 'listDeadLetters',
  summary: 'Messages of the edge that could not be read, the newest first',
  tag: 'dead letters',
  scope: 'dead_letters:read',
  forMerchants: false,
  query: z.strictObject({ limit: limitSchema, cursor: cursorSchema(z.tuple([cursorNumber])) }),
  answers: {
    status: 200,
    schema: z.strictObject({ dead_letters: z.array(deadLetterSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor }, sql }) {
    const { rows } = await sql.query<DeadLetterRow>(
      `select dead_letter_no, source, reason, sequence, times, received_at, last_received_at from dead_letters
       where resolved_at is null and ($1::bigint is null or dead_letter_no < $1) order by dead_letter_no desc limit $2`,
      [cursor?.[0] ?? null, limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      body: {
        dead_letters: rows.slice(0, limit).map(view),
        next_cursor: last === undefined ? null : cursorOf(last.dead_letter_no),
      },
    };
  },
});

export const deadLetterRoutes: readonly Route[] = [list];
