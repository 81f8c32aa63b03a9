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

export const controlsReadbackSchema = z.strictObject({
  /** The card's clock, when this was read. */
  at_ms: z.int(),
  profile_version: z.nullable(z.int()),
  controls: z.array(readback),
});
export type ControlsReadback = z.infer<typeof controlsReadbackSchema>;
