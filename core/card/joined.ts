// Two authorizations that turn out to be one, known by two of the network's names until now.

import { joinedPortions } from '../windows/portions.ts';
import type { Authorization } from './authorization.ts';
import { heldTogether } from './held-together.ts';

/** Under the id of the first that is given. */
export function joined(one: Authorization, other: Authorization): Authorization {
  const [first, second] = one.at_ms <= other.at_ms ? [one, other] : [other, one];
  // What was asked for says more of the purchase than a message does.
  const asked = first.approved_minor === 0 && second.approved_minor > 0 ? second : first;
  const held = heldTogether(one, other);
  const heldChange = held.hold_minor - one.hold_minor - other.hold_minor;
  return {
    ...first,
    ...held,
    portions: joinedPortions(one.portions, other.portions, heldChange),
    authorization_id: one.authorization_id,
    touched_ms: Math.max(one.touched_ms, other.touched_ms),
    subject: asked.subject ?? first.subject ?? second.subject,
    approved_minor: one.approved_minor + other.approved_minor,
    advised: one.advised + other.advised,
    cleared_minor: one.cleared_minor + other.cleared_minor,
    refunded_minor: one.refunded_minor + other.refunded_minor,
    refunds: [...one.refunds, ...other.refunds],
    expires_at_ms: Math.max(one.expires_at_ms, other.expires_at_ms),
  };
}
