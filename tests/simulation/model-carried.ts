// What an edited limit goes on with: the sum of its present window of purchases that the card has forgotten.

import type { Control } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import { type Carried, countFor, type Situation } from './model-decision.ts';

/** Limits that count alike have one key; null: it counts nothing. */
export function countKeyOf(control: Control): string | null {
  if (control.does !== 'limit') return null;
  return JSON.stringify([control.applies_to, control.window, control.refunds_give_back]);
}

export function carriedTo(
  next: Profile,
  { profile, lives, countKeys, carried: before }: Pick<Situation, 'profile' | 'lives' | 'countKeys' | 'carried'>,
  nowMs: number,
): Carried[] {
  const known = new Set(countKeys);
  const carried = new Map<string, Carried>();
  const forgotten = lives.filter(({ countsOnlyIn }) => countsOnlyIn !== null);
  for (const after of next.controls) {
    if (after.does !== 'limit' || after.window.per === 'transaction' || after.window.per === 'rolling') continue;
    const index = (profile?.controls ?? []).findIndex(
      ({ control_id, does }) => control_id === after.control_id && does === 'limit',
    );
    const edited = profile?.controls[index];
    if (edited?.does !== 'limit' || edited.window.per === 'transaction' || edited.window.per === 'rolling') continue;
    const countKey = countKeyOf(after);
    if (countKey === null || known.has(countKey) || carried.has(countKey)) continue;
    const places = { lives: forgotten, life: null, nowMs, windowMs: nowMs, countKeys, carried: before };
    const { minor, uses } = countFor(places, edited, index);
    carried.set(countKey, { countKey, at_ms: nowMs, minor, uses });
  }
  return [...carried.values()];
}
