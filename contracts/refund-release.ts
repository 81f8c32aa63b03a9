// A person has released a refund that its card withholds: no purchase had cleared it, and the card may spend it from now on. Only the
// origin says it to a card, never a network: it is no message (card-message.ts).

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';
import { currencySchema } from './money.ts';
import { networkKeySchema } from './network.ts';

export const releasedRefundSchema = z.strictObject({
  minor: z.int().check(z.positive()),
  /** When the card heard of the refund, by its own clock: it counts in that day's bound. */
  refunded_at_ms: z.int().check(z.nonnegative()),
});
export type ReleasedRefund = z.infer<typeof releasedRefundSchema>;

/**
 * `POST /internal/cards/:network/:token/refund-releases`. Answered as a message is; sent again under the same key it is `repeated`.
 * `authorization_id`: of the refund, or of what that was joined to.
 */
export const refundReleaseSchema = z.strictObject({
  ...releasedRefundSchema.shape,
  message_key: networkKeySchema,
  authorization_id: idSchema('auth'),
  currency: currencySchema,
});
export type RefundRelease = z.infer<typeof refundReleaseSchema>;
