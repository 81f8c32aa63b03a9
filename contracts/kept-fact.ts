// What a network said and the edge could not book: out of its contract, or under a key that was used for something else. It is
// acknowledged to the network, travels by the queue of card events, and lies at the origin as an open item until a person acts.

import * as z from 'zod/mini';
import { merchantSchema } from './authorization-request.ts';
import { cardKeySchema, networkSchema } from './network.ts';

/**
 * `out_of_contract`: amount, currency or a key cannot be read. `key_reused`: the key is known, with other content.
 * `amount_beyond_bound`: more than is booked without a person. `older_than_memory`: older than what a card remembers, so nobody can say
 * whether it had come before. `card_unknown`: one of too many unknown cards at once. `card_data_refused`: no fact, but a request with card data
 * in it; what is kept is the name of its field.
 */
export const keptFactReasons = [
  'out_of_contract',
  'key_reused',
  'amount_beyond_bound',
  'older_than_memory',
  'card_unknown',
  'card_data_refused',
] as const;

export const keptFactSchema = z.object({
  version: z.literal(1),
  kind: z.literal('kept_fact'),
  /** SHA-256 in hex of network, reason and what was said: the same said twice is one open item. */
  fact_key: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  network: networkSchema,
  /** Null where even the card cannot be read. */
  card_key: z.nullable(cardKeySchema),
  reason: z.enum(keptFactReasons),
  /** The field that could not be read or differs, as `transactions[0].amount`; never its value. */
  field: z.nullable(z.string()),
  problem: z.string(),
  /** The element as it came, as JSON text, with digits that may be a card's masked. */
  fact: z.string(),
  /** The shop that it names, as far as that can be read: a correction of it is at the same shop. */
  merchant: z.catch(z.optional(merchantSchema), undefined),
  /** By the edge's clock. */
  received_at_ms: z.int().check(z.nonnegative()),
});
export type KeptFact = z.infer<typeof keptFactSchema>;
