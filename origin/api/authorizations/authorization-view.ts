// An authorization as the API shows it.

import type { InferSelectModel } from 'drizzle-orm';
import * as z from 'zod';
import { merchantSchema } from '../../../contracts/authorization-request.ts';
import { cardEventBodySchema } from '../../../contracts/card-event.ts';
import { declineReasons } from '../../../contracts/decline-reasons.ts';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import type { authorizations } from '../../db/tables/card-events.ts';
import { transferSchema } from '../accounts/transfer-view.ts';

export const authorizationSchema = z.strictObject({
  authorization_id: idSchema('auth'),
  currency: currencySchema,
  merchant: z.nullable(merchantSchema),
  status: z.enum(['approved', 'declined', 'held', 'posted', 'released']),
  reason: z.nullable(z.enum(declineReasons)),
  requested_minor: z.bigint(),
  held_minor: z.bigint(),
  posted_minor: z.bigint(),
  opened_at_ms: z.int(),
  updated_at_ms: z.int(),
  /** The authorization that it turned out to be one with. */
  joined_into: z.nullable(idSchema('auth')),
  card_id: z.nullable(idSchema('card')),
});

const booked = {
  sequence: z.int(),
  at_ms: z.int(),
  received_at_ms: z.int(),
  transfers: z.array(transferSchema),
};

/** An event of a card as it came, and what was booked for it. */
export const bookedEventSchema = z.union(
  cardEventBodySchema.def.options.map((option) => z.strictObject({ ...option.shape, ...booked })),
);

export function authorizationView(row: InferSelectModel<typeof authorizations>, card_id: string | null) {
  const { authorization_id, currency, merchant, status, reason, joined_into } = row;
  const { requested_minor, held_minor, posted_minor, opened_at_ms, updated_at_ms } = row;
  return {
    ...{ authorization_id, currency, merchant, status, reason, requested_minor, held_minor, posted_minor },
    ...{ opened_at_ms, updated_at_ms, joined_into, card_id },
  };
}
