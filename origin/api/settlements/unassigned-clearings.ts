// What has cleared and is owed to nobody yet, over HTTP: whole, where open items are only as many as a person can work through.

import * as z from 'zod';
import { currencySchema } from '../../../contracts/money.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';

export const unassignedClearingSchema = z.strictObject({
  network: z.string(),
  /** Empty where the network named no shop. */
  network_merchant_id: z.string(),
  currency: currencySchema,
  /** Cleared less refunded. */
  net_minor: z.bigint(),
  clearings: z.int(),
  /** Some of those that they belong to, the latest first. */
  authorization_ids: z.array(z.string()),
  /** A merchant that has the shop's id, and to which the ledger refused to book it. */
  refused_merchant_id: z.string().nullable(),
  first_at: z.iso.datetime(),
  last_at: z.iso.datetime(),
});

interface Row {
  readonly network: string;
  readonly network_merchant_id: string;
  readonly clearing_no: string;
  readonly currency: string;
  readonly net_minor: string;
  readonly clearings: string;
  readonly authorization_ids: string[];
  readonly refused_merchant_id: string | null;
  readonly first_at: Date;
  readonly last_at: Date;
}

/** An id may hold spaces, which part the words of a cursor, and have 255 characters. */
const idInCursor = z.string().regex(/^[A-Za-z0-9_-]*$/);
const cursorLengthMax = 2_000;

export const unassignedClearings: Route = route({
  method: 'get',
  path: '/unassigned-clearings',
  name: 'listUnassignedClearings',
  cost: costs.page,
  summary: 'List what has cleared at shops that no merchant is known for',
  description:
    'One a shop, network and currency. A merchant that is given the id is owed it, and it is gone from here.',
  tag: 'merchants',
  scope: 'merchants:read',
  forMerchants: false,
  query: z.strictObject({
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber, idInCursor]), cursorLengthMax),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({
      unassigned_clearings: z.array(unassignedClearingSchema),
      next_cursor: z.string().nullable(),
    }),
    description: 'A page, in the order of the ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor }, sql }) {
    const after = cursor === undefined ? '' : Buffer.from(cursor[1], 'base64url').toString();
    const { rows } = await sql.query<Row>(
      `select c.network, u.network_merchant_id, u.clearing_no, c.currency, u.net_minor, u.clearings, u.authorization_ids,
         u.refused_merchant_id, u.first_at, u.last_at
       from unassigned_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
       where (u.network_merchant_id, u.clearing_no) > ($1, $2::bigint) and u.net_minor <> 0
       order by u.network_merchant_id, u.clearing_no limit $3`,
      [after.replaceAll('\0', ''), cursor?.[0] ?? '0', limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      body: {
        unassigned_clearings: rows.slice(0, limit).map(({ clearing_no: _, ...row }) => ({
          ...row,
          net_minor: BigInt(row.net_minor),
          clearings: Number(row.clearings),
          first_at: row.first_at.toISOString(),
          last_at: row.last_at.toISOString(),
        })),
        next_cursor:
          last === undefined
            ? null
            : cursorOf(last.clearing_no, Buffer.from(last.network_merchant_id).toString('base64url')),
      },
    };
  },
});
