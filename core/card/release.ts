// A person has released a refund that the card withholds: the event that says so, and what it does.

import type { Id } from '../../contracts/ids.ts';
import type { RefundRelease, ReleasedRefund } from '../../contracts/refund-release.ts';
import { type CardState, setAuthorization } from './card-state.ts';
import type { Body } from './logged-event.ts';
import { countUnmatched, dayOf, withRefund } from './unmatched.ts';

export function receiveRelease(
  { message_key, authorization_id, currency, minor, refunded_at_ms }: RefundRelease,
  event_id: Id<'evt'>,
): Body<'message'> {
  const common = { kind: 'message', event_id, authorization_id, effect: { hold_minor: 0, posted_minor: 0 } } as const;
  // For a release of before, which knows no more of it: a reversal of nothing.
  const message = { kind: 'reversal', message_key, authorization_key: message_key, currency, amount_minor: 0 } as const;
  return { ...common, message, releases: { minor, refunded_at_ms } };
}

/** Of an authorization that was forgotten, the day's sum is what is left of it. */
export function foldRelease(
  state: CardState,
  { authorization_id, message }: Body<'message'>,
  released: ReleasedRefund,
  sequence: number,
): void {
  state.received.set(message.message_key, sequence);
  const day = dayOf(released.refunded_at_ms);
  const known = [...state.authorizations].find(([, one]) => one.authorization_id === authorization_id);
  const refunds = withRefund(known?.[1].refunds ?? [], day, -released.minor);
  if (known !== undefined) setAuthorization(state, ...known, { ...known[1], refunds });
  else countUnmatched(state.unmatched, { currency: message.currency, cleared_minor: 0, refunds }, 1);
}
