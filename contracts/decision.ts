// The answer to an authorization request. A decline is a value with a reason; a failure is never dressed as one.

import * as z from 'zod/mini';
import { amountMinorSchema } from './money.ts';

/** In order of precedence: of two reasons at once the earlier one is reported. */
export const declineReasons = [
  'card_unknown',
  'card_not_active',
  'card_closed',
  'card_expired',
  'card_already_used',
  'currency_not_allowed',
  'amount_invalid',
  'channel_not_allowed',
  'country_not_allowed',
  'merchant_not_allowed',
  'category_not_allowed',
  'time_not_allowed',
  'authentication_required',
  'risk_too_high',
  'exceeds_amount_max',
  'exceeds_amount_in_window',
  'exceeds_count_in_window',
  'insufficient_funds',
  'request_voided',
] as const;
export type DeclineReason = (typeof declineReasons)[number];

/** What one control said of one request, in the order they were looked at. */
export const verdictSchema = z.strictObject({
  control_id: z.string(),
  verdict: z.enum(['pass', 'decline', 'not_applicable']),
  /** What a limit had left before this request, in minor units. */
  remaining_minor: z.optional(z.int()),
});
export type Verdict = z.infer<typeof verdictSchema>;

export const decisionSchema = z.strictObject({
  outcome: z.enum(['approved', 'declined']),
  /** What is held: 0 when declined, below the request's amount in a partial approval. */
  approved_minor: amountMinorSchema,
  reason: z.nullable(z.enum(declineReasons)),
  /** The control that caused the reason, where one did. */
  control_id: z.nullable(z.string()),
  /** What the card may still spend after this decision; null where no funds are set. */
  available_minor: z.nullable(z.int()),
  trace: z.array(verdictSchema),
});
export type Decision = z.infer<typeof decisionSchema>;
