// GET /dead-letters?limit=&cursor=: what could not be read and nobody has resolved, the newest first. The message itself
// names its card by the network's token, so it stays in the table.

import { and, desc, isNull, lt } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod';
import type { Database } from '../db/client.ts';
import { dead_letters } from '../db/schema.ts';
import { answer } from './answer.ts';
import { cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { inShape } from './read-request.ts';

const querySchema = z.strictObject({
  limit: limitSchema,
  cursor: cursorSchema(z.tuple([z.coerce.number().int().positive()])),
});

export function listDeadLetters({ orm }: Database) {
  return async (context: Context): Promise<Response> => {
    const { limit, cursor } = inShape(querySchema, context.req.query());
    const rows = await orm
      .select()
      .from(dead_letters)
      .where(
        and(
          isNull(dead_letters.resolved_at),
          cursor === undefined ? undefined : lt(dead_letters.dead_letter_no, cursor[0]),
        ),
      )
      .orderBy(desc(dead_letters.dead_letter_no))
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return answer(context, {
      dead_letters: page.map(({ dead_letter_no, source, reason, sequence, times, received_at, last_received_at }) => ({
        dead_letter_no,
        source,
        reason,
        sequence,
        times,
        received_at_ms: received_at.getTime(),
        last_received_at_ms: last_received_at.getTime(),
      })),
      next_cursor: rows.length > limit && last !== undefined ? cursorOf(last.dead_letter_no) : null,
    });
  };
}
