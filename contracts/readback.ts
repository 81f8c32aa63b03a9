// What is left of a card's controls, as the edge tells the origin and the origin tells people.

import * as z from 'zod/mini';
import { windowSchema } from './window.ts';

const readback = z.strictObject({
  control_id: z.string(),
  mode: z.enum(['enforce', 'shadow']),
  does: z.enum(['block', 'allow_only', 'limit', 'require_authentication', 'adjust_hold']),
  /** Null for a control that counts nothing. */
  limit: z.nullable(
    z.strictObject({
      window: windowSchema,
      /** Minor units; what is left is below zero after a force post. */
      amount: z.nullable(z.strictObject({ limit_minor: z.int(), used_minor: z.int(), left_minor: z.int() })),
      count: z.nullable(z.strictObject({ limit: z.int(), used: z.int(), left: z.int() })),
      /** The window that holds the present; null where there is none: one transaction, the card's whole life. */
      starts_at_ms: z.nullable(z.int()),
      /** When it starts again from nothing; of a rolling window, when the oldest use leaves it. Null: never. */
      resets_at_ms: z.nullable(z.int()),
    }),
  ),
});
export type ControlReadback = z.infer<typeof readback>;

/** What the edge may approve in the place of a card that cannot be reached, as its settings and the card's desk have it. */
export const standInReadbackSchema = z.strictObject({
  /** By the desk's clock, when this was read. */
  at_ms: z.int(),
  /** Of the card's network: only `stand_in` approves anything. */
  policy: z.enum(['decline', 'network', 'stand_in']),
  /** `unknown`: its desk has heard of no profile. Only for an active card that is good for several purchases anything is approved. */
  standing: z.enum(['unknown', 'not_active', 'active']),
  /** The card's, in which all amounts here are; null where the desk does not know it. */
  currency: z.nullable(z.string()),
  /** The largest purchase; null: none in this currency. */
  amount_minor_max: z.nullable(z.int()),
  /** Of the present UTC day. What was approved stays used, though its request was given up. */
  count: z.strictObject({ limit: z.int(), used: z.int(), left: z.int() }),
  sum: z.nullable(z.strictObject({ limit_minor: z.int(), used_minor: z.int(), left_minor: z.int() })),
  /** The end of that day. */
  resets_at_ms: z.int(),
});
export type StandInReadback = z.infer<typeof standInReadbackSchema>;

export const controlsReadbackSchema = z.strictObject({
  /** The card's clock, when this was read. */
  at_ms: z.int(),
  profile_version: z.nullable(z.int()),
  controls: z.array(readback),
});
export type ControlsReadback = z.infer<typeof controlsReadbackSchema>;
