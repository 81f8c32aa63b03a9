// What the edge may approve in a card's place, and what is left of it: its settings and what the card's desk has given today.

import type { StandInReadback } from '../contracts/readback.ts';
import { type CardNames, severalTimes, standInDesk } from './card-object.ts';
import { type Env, failurePolicyOf, settingsOf } from './env.ts';

export async function readStandIn(env: Env, names: CardNames): Promise<StandInReadback> {
  const settings = failurePolicyOf(settingsOf(env), names.network);
  const { policy, standInMax, standInCountPerDay, standInSumPerDay } = settings;
  const { at_ms, card, uses, sum_minor, resets_at_ms } = await severalTimes(() => standInDesk(env, names).read());
  const currency = card?.currency ?? null;
  const amount_minor_max = currency === null ? null : (standInMax.get(currency) ?? null);
  // As stand-in.ts asks the desk: without a sum of its own, a day has no more than one purchase may have.
  const limit_minor =
    amount_minor_max === null || currency === null ? null : (standInSumPerDay.get(currency) ?? amount_minor_max);
  return {
    ...{ at_ms, policy, currency, amount_minor_max, resets_at_ms },
    standing: card === null ? 'unknown' : at_ms < card.active_until_ms ? 'active' : 'not_active',
    count: { limit: standInCountPerDay, used: uses, left: Math.max(0, standInCountPerDay - uses) },
    sum:
      limit_minor === null
        ? null
        : { limit_minor, used_minor: sum_minor, left_minor: Math.max(0, limit_minor - sum_minor) },
  };
}
