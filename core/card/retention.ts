// Forgetting what is older than the retention: keys of rows that are gone, and authorizations that hold nothing and that no
// rolling window still counts. What they counted in other windows is kept as a sum.

import { forgetAnswers } from './answers.ts';
import type { Authorization } from './authorization.ts';
import type { CardState } from './card-state.ts';

export interface Forgotten {
  /** The oldest row that stays. */
  readonly firstSequence: number;
  /** Authorizations that were last touched before this instant are done with. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

export function forget(state: CardState, { firstSequence, beforeMs, nowMs }: Forgotten): void {
  forgetAnswers(state.answers, firstSequence);
  for (const keys of [state.received, state.asked] as Map<unknown, number>[])
    for (const [key, sequence] of keys) if (sequence < firstSequence) keys.delete(key);
  let oldestMs = nowMs;
  for (const [key, authorization] of state.authorizations) {
    if (isDone(state, authorization, beforeMs, nowMs)) {
      if (authorization.currency === state.currency)
        for (const counter of state.counters.values()) counter.drop(authorization);
      state.authorizations.delete(key);
    } else for (const { window_at_ms } of authorization.portions) oldestMs = Math.min(oldestMs, window_at_ms);
  }
  for (const [alias, key] of state.aliases) if (!state.authorizations.has(key)) state.aliases.delete(alias);
  for (const counter of state.counters.values()) counter.forget(oldestMs);
}

function isDone(state: CardState, authorization: Authorization, beforeMs: number, nowMs: number): boolean {
  if (authorization.hold_minor > 0 || authorization.touched_ms >= beforeMs) return false;
  for (const counter of state.counters.values()) if (counter.needs(authorization, nowMs)) return false;
  return true;
}
