// A person has released a refund that the card withholds: the event that says so.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';

export function receiveRelease(
  { message_key, authorization_id, currency, minor, refunded_at_ms }: RefundRelease,
  event_id: Id<'evt'>,
): Extract<CardEventBody, { kind: 'message' }> {
  const common = { kind: 'message', event_id, authorization_id, effect: { hold_minor: 0, posted_minor: 0 } } as const;
  // For a release of before, which knows no more of it: a reversal of nothing.
  const message = { kind: 'reversal', message_key, authorization_key: message_key, currency, amount_minor: 0 } as const;
  return { ...common, message, releases: { minor, refunded_at_ms } };
}
