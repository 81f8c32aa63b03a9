// What a network tells us after the request: money moved, or a hold is gone. Facts, never refused by rules.

import * as z from 'zod/mini';
import { merchantSchema } from './authorization-request.ts';
import { amountMinorSchema, currencySchema } from './money.ts';
import { networkKeySchema } from './network.ts';

const common = {
  /** The network's id of this message: a repeat of it changes nothing. */
  message_key: networkKeySchema,
  currency: currencySchema,
};
/** The authorization's key as the network's request had it; null where the network knows of none (force post, unlinked refund). */
const linked = networkKeySchema;

export const cardMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('clearing'),
    ...common,
    authorization_key: z.nullable(linked),
    amount_minor: amountMinorSchema,
    /** True: no other clearing follows, what is left of the hold is released. */
    final: z.boolean(),
    merchant: z._default(z.nullable(merchantSchema), null),
  }),
  z.strictObject({
    kind: z.literal('reversal'),
    ...common,
    authorization_key: linked,
    /** The part of the hold that is gone; null: all that is left of it. */
    amount_minor: z.nullable(amountMinorSchema),
  }),
  z.strictObject({
    kind: z.literal('refund'),
    ...common,
    authorization_key: z.nullable(linked),
    amount_minor: amountMinorSchema,
    merchant: z._default(z.nullable(merchantSchema), null),
  }),
]);
export type CardMessage = z.infer<typeof cardMessageSchema>;
