// What is left of each control of a card, for people: how much, how often, and when it comes back.

import type { Control } from '../../contracts/control.ts';
import type { ControlReadback, ControlsReadback } from '../../contracts/readback.ts';
import type { Card } from './card.ts';
import type { CardState } from './card-state.ts';
import { counterKey } from './counter.ts';

export function readbackOf(card: Pick<Card, 'state' | 'now'>, clockMs: number): ControlsReadback {
  const { state } = card;
  const at_ms = card.now(clockMs);
  return { at_ms, profile_version: state.profile?.version ?? null, controls: readControls(state, at_ms) };
}

export function readControls(state: CardState, nowMs: number): ControlReadback[] {
  return (state.profile?.controls ?? []).map((control) => ({
    control_id: control.control_id,
    mode: control.mode,
    does: control.does,
    limit: control.does === 'limit' ? readLimit(state, control, nowMs) : null,
  }));
}

function readLimit(
  state: CardState,
  control: Extract<Control, { does: 'limit' }>,
  nowMs: number,
): ControlReadback['limit'] {
  const { amount_minor, count, window } = control;
  const counter = state.counters.get(counterKey(control)) ?? null;
  const counted = counter?.countedFor(null, nowMs, nowMs) ?? { amount_minor: 0, count: 0 };
  const span = counter?.spanAt(nowMs) ?? null;
  return {
    window,
    amount:
      amount_minor === undefined
        ? null
        : {
            limit_minor: amount_minor,
            used_minor: counted.amount_minor,
            left_minor: amount_minor - counted.amount_minor,
          },
    count: count === undefined ? null : { limit: count, used: counted.count, left: count - counted.count },
    starts_at_ms: span?.start_ms ?? null,
    resets_at_ms: span?.end_ms ?? null,
  };
}
