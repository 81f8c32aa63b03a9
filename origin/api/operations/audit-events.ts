// GET /audit-events: who did what to what, when and why, the newest first; an event once it is chained, 0.1 s after its commit under load.
// With each event's seal, so that a reader may keep what it has seen and find out when it is changed; that the whole trail is unchanged
// is `npm run audit -- verify`.

import * as z from 'zod';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';
import { accessRoutes } from './access-records.ts';

export const auditEventSchema = z.strictObject({
  audit_no: z.int(),
  at: z.iso.datetime(),
  /** An API key's id, `engine`, `provider:…`. */
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  merchant_id: z.string().nullable(),
  from_state: z.string().nullable(),
  to_state: z.string().nullable(),
  reason: z.string(),
  /** The request, run or message in whose course it was done: `X-Request-Id` of the answer. */
  correlation_id: z.string(),
  /** SHA-256 over the event and the seal before it, in hexadecimal. */
  seal: z.string().regex(/^[0-9a-f]{64}$/),
});

interface AuditRow extends Omit<z.infer<typeof auditEventSchema>, 'audit_no' | 'at'> {
  readonly audit_no: string;
  readonly at: Date;
}

const list = route({
  method: 'get',
  path: '/audit-events',
  name: 'listAuditEvents',
  cost: costs.page,
  summary: 'Who did what, the newest first',
  tag: 'audit',
  scope: 'audit:read',
  forMerchants: false,
  query: z.strictObject({
    subject: z
      .string()
      .regex(
        /^(?:[a-z]{3,4}_[0-9a-z]{26}|dead_letter_\d{1,18})$/,
        'must be an id, such as that of a settlement, card or key',
      )
      .optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ audit_events: z.array(auditEventSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { subject, limit, cursor }, sql }) {
    const values: unknown[] = [cursor?.[0] ?? null, limit + 1];
    // Two texts, each with an index of its own: one for both would be planned for neither.
    const ofSubject = subject === undefined ? '' : 'and subject = $3';
    if (subject !== undefined) values.push(subject);
    const { rows } = await sql.query<AuditRow>(
      `select audit_no, at, actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id,
         encode(hash, 'hex') as seal
       from audit_events where ($1::bigint is null or audit_no < $1) ${ofSubject} order by audit_no desc limit $2`,
      values,
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const audit_events = rows.slice(0, limit).map(({ audit_no, at, ...row }) => ({
      audit_no: Number(audit_no),
      at: at.toISOString(),
      ...row,
    }));
    return { body: { audit_events, next_cursor: last === undefined ? null : cursorOf(last.audit_no) } };
  },
});

export const auditRoutes: readonly Route[] = [list, ...accessRoutes];
