// What a backtest found, as the API shows it.

import * as z from 'zod';
import { decisionSchema } from '../../../contracts/decision.ts';
import { idSchema } from '../../../contracts/ids.ts';

const { outcome, approved_minor, hold_minor, reason, control_id } = decisionSchema.shape;
const answered = z.strictObject({ outcome, approved_minor, hold_minor, reason, control_id });

const changed = z.strictObject({
  count: z.int(),
  /** The most frequent causes first. */
  by: z.array(
    z.strictObject({
      control_id,
      reason,
      currency: z.string(),
      count: z.int(),
      /** Newly declined: what had been approved. Newly approved: what would be. Changed: how much more would be held, or less. */
      amount_minor: z.bigint(),
    }),
  ),
});

export const backtestSchema = z.strictObject({
  card_id: z.optional(idSchema('card')),
  control_set_id: z.optional(idSchema('cset')),
  account_id: z.optional(idSchema('acct')),
  sample: z.int(),
  seed: z.int(),
  from_ms: z.int(),
  until_ms: z.int(),
  cards_with_history: z.int(),
  cards_sampled: z.int(),
  events_read: z.int(),
  events_unreadable: z.int(),
  cards_with_requests: z.int(),
  requests: z.int(),
  unchanged: z.int(),
  newly_declined: changed,
  newly_approved: changed,
  amount_changed: changed,
  shadow_would_decline: changed,
  examples: z.array(
    z.strictObject({
      change: z.enum(['newly_declined', 'newly_approved', 'amount_changed']),
      card_id: idSchema('card'),
      authorization_id: idSchema('auth'),
      at_ms: z.int(),
      amount_minor: z.int(),
      currency: z.string(),
      recorded: answered,
      draft: answered,
    }),
  ),
  took_ms: z.int(),
});
