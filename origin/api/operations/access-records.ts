// GET /access-records: who read what and who was refused, counted by the day, the newest day first. As `npm run audit -- access` reads them
// from the database; whether the rows of a day are still those that were sealed, the command alone tells, since it looks at all of them.
// A read of this list is a record itself, as every read is.

import * as z from 'zod';
import type { AccessCountRow } from '../../access/write-access.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';

/** Of one call: a page looks at so many days at most, each by its index. */
const daysMax = 31;
const daysDefault = 7;
const dayMs = 86_400_000;

const dayText = z.iso.date().regex(/^20/);

export const accessRecordSchema = z.strictObject({
  /** UTC. */
  day: dayText,
  /** Null: no good key was shown. */
  api_key_id: z.string().nullable(),
  /** Method and pattern, as `GET /cards/:card_id`; `unmatched` where there is no such route. */
  route: z.string(),
  /** `read`, or the error_code of the refusal. */
  outcome: z.string(),
  /** Of the address, with a salt that is removed when its day is over; `others` beyond the bound of addresses that are told apart. */
  address_hash: z.string(),
  calls: z.int(),
  first_at: z.iso.datetime(),
  last_at: z.iso.datetime(),
  /** `X-Request-Id` of the newest of them. */
  last_request_id: z.string(),
});

type Place = readonly [day: string, key: string, route: string, outcome: string, address: string];

interface Asked {
  readonly from: string;
  readonly to: string;
  readonly key: string | null;
  readonly route: string | null;
  readonly outcome: string | null;
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Each day by the table's key, so that a page costs as much of a day with many rows as of one with few. */
async function readAccessPage(
  sql: Sql,
  { from, to, key, route: of, outcome, after, limit }: Asked,
): Promise<AccessCountRow[]> {
  const [day = null, ...place] = after ?? [];
  const { rows } = await sql.query<AccessCountRow>(
    `select a.day::text, a.api_key_id, a.route, a.outcome, a.address_hash, a.calls::float8 as calls, a.first_at, a.last_at, a.last_request_id
     from (
       select at::date, case when at = $6::date then $7 else '' end, case when at = $6::date then $8 else '' end,
         case when at = $6::date then $9 else '' end, case when at = $6::date then $10 else '' end
       from generate_series(least($2::date, $6::date), $1::date, interval '-1 day') as each (at)
     ) as days (at, key, route, outcome, address)
     cross join lateral (
       select * from access_counts c
       where c.day = days.at and ($3::text is null or c.api_key_id = $3) and ($4::text is null or c.route = $4)
         and ($5::text is null or c.outcome = $5)
         and (c.api_key_id, c.route, c.outcome, c.address_hash) > (days.key, days.route, days.outcome, days.address)
       order by c.api_key_id, c.route, c.outcome, c.address_hash limit $11
     ) as a
     order by a.day desc, a.api_key_id, a.route, a.outcome, a.address_hash limit $11`,
    [from, to, key, of, outcome, day, ...(place.length === 0 ? ['', '', '', ''] : place), limit],
  );
  return rows;
}

/** The parts of a cursor stand with spaces between them, and a route has one. */
const encoded = z
  .string()
  .regex(/^[\w%.~!*'()-]*$/)
  .transform((text, context) => {
    try {
      return decodeURIComponent(text);
    } catch {
      context.addIssue('is not a cursor of this listing');
      return z.NEVER;
    }
  });

function daysOf(from: string | undefined, to: string | undefined): { from: string; to: string } {
  const end = to ?? new Date().toISOString().slice(0, 10);
  const begin = from ?? new Date(Date.parse(end) - (daysDefault - 1) * dayMs).toISOString().slice(0, 10);
  const span = (Date.parse(end) - Date.parse(begin)) / dayMs;
  if (span < 0) throw refusal('field_invalid', [{ field: 'from', problem: 'is after to' }]);
  if (span >= daysMax)
    throw refusal('field_invalid', [{ field: 'from', problem: `is more than ${daysMax} days before the end of to` }]);
  return { from: begin, to: end };
}

const list = route({
  method: 'get',
  path: '/access-records',
  name: 'listAccessRecords',
  cost: costs.page,
  summary: 'Who read what, and who was refused, by the day',
  description: `The newest day first, of ${daysDefault} days where \`from\` is not said, of ${daysMax} at most. One row is a key, a route, an outcome and an address of one UTC day. The newest seconds are not in it yet. Reading it is recorded too.`,
  tag: 'audit',
  scope: 'audit:read',
  forMerchants: false,
  query: z.strictObject({
    api_key_id: z
      .string()
      .regex(/^(?:akey_[0-9a-z]{3,26}|none)$/, 'must be a key’s id, or none: of calls without a good key')
      .optional(),
    /** As in the answer. */
    route: z
      .string()
      .regex(/^(?:unmatched|[A-Z]{3,7} \/[\w/:-]{0,120})$/, 'must be method and pattern, as GET /cards/:card_id')
      .optional(),
    outcome: z
      .string()
      .regex(/^[a-z_]{2,60}$/, 'must be read, or an error_code')
      .optional(),
    from: dayText.optional(),
    to: dayText.optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([dayText, encoded, encoded, encoded, encoded]), 400),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ access_records: z.array(accessRecordSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { api_key_id, route: of = null, outcome = null, from, to, limit, cursor }, sql }) {
    const key = api_key_id === 'none' ? '' : (api_key_id ?? null);
    const asked = { ...daysOf(from, to), key, route: of, outcome, after: cursor, limit: limit + 1 };
    const rows = await readAccessPage(sql, asked);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const access_records = rows.slice(0, limit).map(({ first_at, last_at, ...row }) => ({
      ...row,
      api_key_id: row.api_key_id === '' ? null : row.api_key_id,
      ...{ first_at: first_at.toISOString(), last_at: last_at.toISOString() },
    }));
    return { body: { access_records, next_cursor: last === undefined ? null : cursorAfter(last) } };
  },
});

function cursorAfter({ day: on, ...row }: AccessCountRow): string {
  return cursorOf(on, ...[row.api_key_id, row.route, row.outcome, row.address_hash].map(encodeURIComponent));
}

export const accessRoutes: readonly Route[] = [list];
