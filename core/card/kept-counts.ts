// What limits have counted of authorizations that are no longer in memory, over a change of the profile.

import type { LimitControl } from '../../contracts/control.ts';
import type { ProfileWarning } from '../../contracts/internal-answers.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Kept } from '../windows/window-sums.ts';
import type { CardState } from './card-state.ts';
import { counterKey } from './counter.ts';

/** By the counter's key. */
export type KeptCounts = ReadonlyMap<string, Kept>;

export function keptOf(state: CardState): Map<string, Kept> {
  return new Map([...state.counters].map(([key, counter]) => [key, counter.kept()]));
}

/**
 * For the limits of the next profile, from `nowMs` on. A limit whose scope, zone or treatment of refunds is edited goes on from what its
 * present window had counted: which of those purchases the new scope would have left out is not known any more, and a limit that is used up must
 * not be fresh again because somebody edited it.
 */
export function keptFor(state: CardState, next: Profile, nowMs: number): KeptCounts {
  const kept = keptOf(state);
  for (const { before, after } of editedLimits(state, next)) {
    const key = counterKey(after);
    const counted = state.counters.get(counterKey(before))?.keptIn(nowMs);
    if (counted !== undefined && !kept.has(key)) kept.set(key, [[nowMs, counted.amount_minor, counted.count]]);
  }
  return kept;
}

/** What the one who changes the profile should know of it. */
export function warningsOf(state: CardState, next: Profile): ProfileWarning[] {
  return editedLimits(state, next).map(({ before, after }) => ({
    control_id: after.control_id,
    warning: before.window.per === after.window.per ? 'forgotten_purchases_still_count' : 'forgotten_purchases_missing',
  }));
}

/** Limits that will count otherwise than before, and had counted something that is no longer in memory. */
function editedLimits(state: CardState, next: Profile): { before: LimitControl; after: LimitControl }[] {
  return limitsOf(next).flatMap((after) => {
    const before = limitsOf(state.profile).find(({ control_id }) => control_id === after.control_id);
    if (before === undefined || counterKey(before) === counterKey(after)) return [];
    const kept = state.counters.get(counterKey(before))?.kept() ?? [];
    return kept.some(([, amountMinor, count]) => amountMinor !== 0 || count !== 0) ? [{ before, after }] : [];
  });
}

function limitsOf(profile: Profile | null): LimitControl[] {
  return (profile?.controls ?? []).filter((control) => control.does === 'limit');
}
