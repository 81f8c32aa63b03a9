// The card's own expiry: a hold that nobody cleared in time is dropped, by an event of the card itself.

import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { type Authorization, changedBy, counted, effectBetween, refundAbove } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { type Found, findKnown, replace, take } from './found.ts';
import { type Hearing, heardAt } from './hearing.ts';
import { afterAllHeard } from './hold-changes.ts';
import type { Body } from './logged-event.ts';

/** Which of the holds are due, and when the next one will be: none is looked at if that is later. */
export function holdsDue(state: CardState, nowMs: number): { due: Found[]; next_ms: number } {
  const due: Found[] = [];
  let next_ms = Number.POSITIVE_INFINITY;
  if (nowMs < state.next_expiry_ms) return { due, next_ms: state.next_expiry_ms };
  for (const [key, { hold_minor, expires_at_ms }] of state.authorizations) {
    if (hold_minor === 0) continue;
    const found = expires_at_ms > nowMs ? null : findKnown(state, key, nowMs);
    if (found === null) next_ms = Math.min(next_ms, expires_at_ms);
    else due.push(found);
  }
  return { due, next_ms };
}

export function receiveExpiry(found: Found, event_id: Id<'evt'>, hearing: Hearing): Body<'expiry'> {
  const { key: authorization_key, authorization, parts } = found;
  const after = afterExpiry(authorization, hearing);
  return {
    kind: 'expiry',
    event_id,
    authorization_id: authorization.authorization_id,
    authorization_key,
    effect: effectBetween(authorization, after),
    ...refundAbove(parts, after),
  };
}

/** Null: what it speaks of has been forgotten. */
export function foldExpiry(state: CardState, found: Found | null, hearing: Hearing): void {
  if (found === null) return;
  take(state, found);
  replace(state, found, afterExpiry(found.authorization, hearing));
}

/** All that the card has heard of is released. What the network says of later instants is held. */
export function afterExpiry(authorization: Authorization, hearing: Hearing): Authorization {
  const nowMs = hearing.at_ms;
  const place = afterAllHeard(authorization.changes, nowMs - limits.stampBehindMsMax);
  const after = changedBy(authorization, { ...place, does: 'lapses', minor: 0, ...heardAt(hearing) });
  return counted(authorization, { ...authorization, ...after }, { nowMs });
}
