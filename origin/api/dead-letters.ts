// Messages that could not be taken, over HTTP: listed, looked at, handed in once more, or discarded with a reason. A card event
// names its card by the network's token, so its message stays in the table; a request for a settlement is shown.

import * as z from 'zod';
import {
  findOpenLetter,
  listOpenLetters,
  type ReplayOutcome,
  type ReplayParts,
  replayLetter,
  replayOutcomes,
  resolveLetter,
} from '../intake/resolve-letters.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from './cursor.ts';
import { refusal } from './errors.ts';
import { givenReason } from './printable-text.ts';
import { doerOf, type Route, route } from './route.ts';

const common = { tag: 'dead letters', forMerchants: false } as const;
const base = '/dead-letters';
const one = z.strictObject({ dead_letter_no: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const source = z.enum(['card_events', 'settlement_requests']);
const replayedAtOnceMax = 200;

const deadLetterSchema = z.strictObject({
  dead_letter_no: z.int(),
  source,
  reason: z.string(),
  sequence: z.int().nullable(),
  /** How often it came. */
  times: z.int(),
  received_at_ms: z.int(),
  last_received_at_ms: z.int(),
});

interface DeadLetterRow {
  readonly dead_letter_no: string;
  readonly source: z.infer<typeof source>;
  readonly reason: string;
  readonly sequence: string | null;
  readonly times: number;
  readonly received_at: Date;
  readonly last_received_at: Date;
}
const columns = 'dead_letter_no, source, reason, sequence, times, received_at, last_received_at';

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
  ...common,
  method: 'get',
  path: base,
  name: 'listDeadLetters',
  summary: 'Messages that could not be taken, the newest first',
  scope: 'dead_letters:read',
  query: z.strictObject({
    source: source.optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ dead_letters: z.array(deadLetterSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { source: from, limit, cursor }, sql }) {
    const { rows } = await sql.query<DeadLetterRow>(
      `select ${columns} from dead_letters
       where resolved_at is null and ($1::bigint is null or dead_letter_no < $1) and ($3::text is null or source = $3)
       order by dead_letter_no desc limit $2`,
      [cursor?.[0] ?? null, limit + 1, from ?? null],
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

const inspect = route({
  ...common,
  method: 'get',
  path: `${base}/{dead_letter_no}`,
  name: 'readDeadLetter',
  summary: 'One of them, with its message where that names no card',
  scope: 'dead_letters:read',
  params: one,
  answers: {
    status: 200,
    schema: z.strictObject({
      ...deadLetterSchema.shape,
      /** As it came, as JSON text; null for a card event. */
      message: z.string().nullable(),
    }),
    description: 'As it waits.',
  },
  errors: ['dead_letter_not_found'],
  async handle({ params: { dead_letter_no }, sql }) {
    const { rows } = await sql.query<DeadLetterRow & { message: string | null }>(
      `select ${columns}, case when source = 'settlement_requests' then message end as message
       from dead_letters where dead_letter_no = $1 and resolved_at is null`,
      [dead_letter_no],
    );
    const [row] = rows;
    if (row === undefined) throw refusal('dead_letter_not_found');
    return { body: view(row) };
  },
});

const discard = route({
  ...common,
  method: 'post',
  path: `${base}/{dead_letter_no}/discard`,
  name: 'discardDeadLetter',
  summary: 'Give one up: it stays in the table, and waits for nobody',
  scope: 'dead_letters:write',
  params: one,
  body: z.strictObject({
    reason: givenReason,
  }),
  answers: { status: 204, description: 'Discarded, and the reason is in the audit trail.' },
  errors: ['dead_letter_not_found'],
  async handle({ params, body: { reason }, sql, ...call }) {
    const discarded = await resolveLetter(sql, { ...doerOf(call), ...params, resolution: 'discarded', reason });
    if (!discarded) throw refusal('dead_letter_not_found');
    return {};
  },
});

function replay(parts: ReplayParts): Route {
  return route({
    ...common,
    method: 'post',
    path: `${base}/{dead_letter_no}/replay`,
    name: 'replayDeadLetter',
    summary: 'Hand one in once more',
    description: 'Handed in twice it is taken once, so it needs no Idempotency-Key.',
    scope: 'dead_letters:write',
    commitsItself: true,
    params: one,
    answers: {
      status: 200,
      schema: z.strictObject({ dead_letter_no: z.int(), outcome: z.enum(replayOutcomes) }),
      description:
        '`refused_again`, `not_taken` (try later) and `not_replayable` (its card has gone on without it) stay among the dead letters.',
    },
    errors: ['dead_letter_not_found'],
    async handle({ params: { dead_letter_no }, sql, ...call }) {
      const letter = await findOpenLetter(sql, dead_letter_no);
      if (letter === null) throw refusal('dead_letter_not_found');
      return { body: { dead_letter_no, outcome: await replayLetter(parts, letter, doerOf(call)) } };
    },
  });
}

function replayMany(parts: ReplayParts): Route {
  return route({
    ...common,
    method: 'post',
    path: `${base}/replay`,
    name: 'replayDeadLetters',
    summary: 'Hand a group in once more: of one source, or all, the oldest first',
    scope: 'dead_letters:write',
    commitsItself: true,
    body: z
      .strictObject({
        source: source.optional(),
        all: z.literal(true).optional(),
        /** Where the call before it ended. */
        after: z.int().min(0).default(0),
      })
      .refine((body) => body.source !== undefined || body.all === true, {
        error: 'must be true where no source is given',
        path: ['all'],
      }),
    answers: {
      status: 200,
      schema: z.strictObject({
        replayed: z.int(),
        refused_again: z.int(),
        not_taken: z.int(),
        not_replayable: z.int(),
        next_after: z.int().nullable(),
      }),
      description: 'How many came to what. `next_after` not null: there may be more; ask again with it as `after`.',
    },
    errors: [],
    async handle({ body: { source: from, after }, sql, ...call }) {
      const letters = await listOpenLetters(sql, { source: from, after, limit: replayedAtOnceMax });
      const counts: Record<ReplayOutcome, number> = { replayed: 0, refused_again: 0, not_taken: 0, not_replayable: 0 };
      for (const letter of letters) counts[await replayLetter(parts, letter, doerOf(call))] += 1;
      const last = letters.length < replayedAtOnceMax ? undefined : letters.at(-1);
      return { body: { ...counts, next_after: last?.dead_letter_no ?? null } };
    },
  });
}

export function deadLetterRoutes(parts: ReplayParts): readonly Route[] {
  return [list, inspect, replayMany(parts), replay(parts), discard];
}
