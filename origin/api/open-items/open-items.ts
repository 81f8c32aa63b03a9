// Open items over HTTP: everything that needs a person, listed, counted and looked at. For operators only: they are of several
// merchants and of cards, which they name by the network's token.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { cardKey, networkSchema } from '../../../contracts/network.ts';
import { openItemCountsSchema, openItemStatuses } from '../../../contracts/open-item.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { countOpenItems, findOpenItem, listOpenItems, type OpenItemFilter } from '../../open-items/open-item.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';
import {
  openItemKindSchema,
  openItemSchema,
  openItemView,
  wholeOpenItemSchema,
  wholeOpenItemView,
} from './open-item-view.ts';

const reads = { method: 'get', tag: 'open items', scope: 'open_items:read', forMerchants: false } as const;
export const openItemId = z.strictObject({ open_item_id: idSchema('oit') });
export const olderThanHoursMax = 100_000;

/** By what items are found; the same for lists and for groups that are acted on. */
export const openItemFilterFields = {
  source: z
    .string()
    .regex(/^[a-z][a-z_]{1,39}$/, 'must be small letters and _')
    .optional(),
  merchant_id: z.optional(idSchema('mrch')),
  settlement_id: z.optional(idSchema('stl')),
  authorization_id: z.optional(idSchema('auth')),
  card_id: z.optional(idSchema('card')),
  provider: z
    .string()
    .regex(/^[a-z][a-z0-9_]{1,39}$/, 'must be a provider’s name')
    .optional(),
};

/** A card is asked for by our id, and stored by the network's token. */
export async function filterOf(
  sql: Sql,
  {
    card_id,
    older_than_hours,
    ...asked
  }: Omit<OpenItemFilter, 'card_key' | 'opened_before'> & {
    readonly card_id?: string | undefined;
    readonly older_than_hours?: number | undefined;
  },
): Promise<OpenItemFilter> {
  const opened_before =
    older_than_hours === undefined ? undefined : new Date(Date.now() - older_than_hours * 3_600_000);
  if (card_id === undefined) return { ...asked, opened_before };
  const { rows } = await sql.query<{ network: string; card_token: string }>(
    'select network, card_token from cards where card_id = $1',
    [card_id],
  );
  if (rows[0] === undefined) throw refusal('card_not_found');
  return { ...asked, opened_before, card_key: cardKey(networkSchema.parse(rows[0].network), rows[0].card_token) };
}

const list = route({
  ...reads,
  path: '/open-items',
  name: 'listOpenItems',
  cost: costs.page,
  summary: 'Everything that needs a person',
  query: z.strictObject({
    kind: openItemKindSchema.optional(),
    status: z.enum([...openItemStatuses, 'any']).default('open'),
    ...openItemFilterFields,
    older_than_hours: z.coerce.number().int().min(1).max(olderThanHoursMax).optional(),
    order: z.enum(['newest', 'oldest']).default('newest'),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ open_items: z.array(openItemSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: ['card_not_found'],
  async handle({ query: { status, order, limit, cursor, ...asked }, sql }) {
    const filter = await filterOf(sql, { ...asked, status: status === 'any' ? undefined : status });
    const after = cursor === undefined ? null : Number(cursor[0]);
    const items = await listOpenItems(sql, filter, { order, after, limit: limit + 1 });
    const last = items.length > limit ? items[limit - 1] : undefined;
    return {
      body: {
        open_items: items.slice(0, limit).map(openItemView),
        next_cursor: last === undefined ? null : cursorOf(last.open_item_no),
      },
    };
  },
});

const counts = route({
  ...reads,
  path: '/open-items/counts',
  name: 'countOpenItems',
  cost: costs.one,
  summary: 'How many items are open of each kind, and how old the oldest is',
  answers: {
    status: 200,
    schema: openItemCountsSchema,
    description: 'Kinds of which none is open are left out.',
  },
  errors: [],
  async handle({ sql }) {
    const kinds = await countOpenItems(sql);
    return { body: { open: kinds.reduce((sum, { open }) => sum + open, 0), kinds } };
  },
});

const read = route({
  ...reads,
  path: '/open-items/{open_item_id}',
  name: 'readOpenItem',
  cost: costs.one,
  summary: 'One of them, with its evidence, the actions that its kind allows, and what was done about it',
  params: openItemId,
  answers: { status: 200, schema: wholeOpenItemSchema, description: 'As it stands.' },
  errors: ['open_item_not_found'],
  async handle({ params: { open_item_id }, sql }) {
    const item = await findOpenItem(sql, open_item_id);
    if (item === null) throw refusal('open_item_not_found');
    return { body: await wholeOpenItemView(sql, item) };
  },
});

export const openItemRoutes: readonly Route[] = [counts, list, read];
