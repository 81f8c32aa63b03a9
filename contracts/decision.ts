// The answer to an authorization request. A decline is a value with a reason; a failure is never dressed as one.

import * as z from 'zod/mini';
import { declineReasons } from './decline-reasons.ts';
import type { Id } from './ids.ts';
import { amountMinorSchema } from './money.ts';

/** What one control said of one request, in the order they were looked at. */
export const verdictSchema = z.strictObject({
  control_id: z.string(),
  verdict: z.enum(['pass', 'decline', 'not_applicable']),
  /** The control is in shadow: its verdict was recorded, and changed nothing. */
  shadow: z.optional(z.literal(true)),
  /** What a limit had left before this request: minor units, and uses. Below zero after a force post. */
  remaining_minor: z.optional(z.int()),
  remaining_count: z.optional(z.int()),
  /** What an adjustment of the hold asked for. */
  hold_minor: z.optional(amountMinorSchema),
});
export type Verdict = z.infer<typeof verdictSchema>;

export const decisionSchema = z.strictObject({
  outcome: z.enum(['approved', 'declined']),
  /** What the network is told: 0 when declined, below the request's amount in a partial approval. */
  approved_minor: amountMinorSchema,
  /** What is held for it: more where a control adjusts the hold. */
  hold_minor: amountMinorSchema,
  reason: z.nullable(z.enum(declineReasons)),
  /** The control that caused the reason, or that left only a part to approve. */
  control_id: z.nullable(z.string()),
  /** What the card may still spend after this decision; null where no funds are set. */
  available_minor: z.nullable(z.int()),
  /** What of its refunds of no purchase the card may not spend, and `available_minor` is without; absent: nothing. */
  withheld_minor: z.optional(z.int().check(z.positive())),
  /** The profile that was in force; null for a card without one. */
  profile_version: z.nullable(z.int()),
  trace: z.array(verdictSchema),
});
export type Decision = z.infer<typeof decisionSchema>;

/** A decision and the authorization that it belongs to. */
export interface Decided {
  readonly authorization_id: Id<'auth'>;
  readonly decision: Decision;
}
