// What a network tells us after the request: money moved, a hold changed or is gone. Facts, never refused by rules.

import * as z from 'zod/mini';
import { aliasKeySchema, merchantSchema, occurredAtSchema, orderSchema } from './authorization-request.ts';
import { amountMinorSchema, currencySchema } from './money.ts';
import { networkKeySchema } from './network.ts';

const common = {
  /** The network's id of this message: a repeat of it changes nothing. */
  message_key: networkKeySchema,
  alias_key: aliasKeySchema,
  occurred_at_ms: occurredAtSchema,
  order: orderSchema,
  currency: currencySchema,
};
/** An authorization's key as the network's request had it, or an alias of it. */
const authorization_key = networkKeySchema;
/** Null where the network knows of none (force post, unlinked refund). */
const linked = z.nullable(authorization_key);
const merchant = z._default(z.nullable(merchantSchema), null);

/** Who decided without us: the network, the processor in our place, or our own edge while the card could not be reached. */
export const deciders = ['network', 'processor', 'edge'] as const;

export const cardMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('clearing'),
    ...common,
    authorization_key: linked,
    amount_minor: amountMinorSchema,
    /** True: no other clearing follows, what is left of the hold is released. */
    final: z.boolean(),
    merchant,
  }),
  z.strictObject({
    kind: z.literal('reversal'),
    ...common,
    authorization_key,
    /** The part of the hold that is gone; null: all that is left of it. */
    amount_minor: z.nullable(amountMinorSchema),
  }),
  /** The network has dropped the hold because nobody cleared it. */
  z.strictObject({ kind: z.literal('expiry'), ...common, authorization_key }),
  /** The network has decided without us: from then on this is what it holds, whatever the card's rules say. */
  z.strictObject({
    kind: z.literal('advice'),
    ...common,
    authorization_key,
    hold_minor: amountMinorSchema,
    decided_by: z._default(z.enum(deciders), 'network'),
    /** The request that was answered so, where there was one: repeats of it get the same answer. */
    request_key: z.optional(networkKeySchema),
    /** When our own edge gave that answer, by its clock. `occurred_at_ms` is the network's stamp of the request, where it has one. */
    answered_at_ms: occurredAtSchema,
    merchant,
  }),
  z.strictObject({
    kind: z.literal('refund'),
    ...common,
    authorization_key: linked,
    amount_minor: amountMinorSchema,
    merchant,
  }),
]);
export type CardMessage = z.infer<typeof cardMessageSchema>;
