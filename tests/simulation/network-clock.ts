// How a network says when something happened: to the millisecond, in whole seconds, by the date alone, or not at all; by a clock
// that runs behind ours or ahead of it. Some number what they say: the number orders where the stamp cannot.

import type { Draw } from './draw.ts';

const secondMs = 1_000;
const dayMs = 86_400_000;

export interface When {
  occurred_at_ms?: number;
}

export class NetworkClock {
  readonly #draw: Draw;
  /** Behind (below zero) or ahead. */
  readonly #skewMs: number;

  constructor(draw: Draw) {
    this.#draw = draw;
    this.#skewMs = draw.pick([0, 0, 0, draw.between(-5 * secondMs, 0), draw.between(0, 5 * secondMs)]);
  }

  /** Of what a request says: a network that asks has its clock at hand, so a date alone is rare. */
  ofRequest(atMs: number): When {
    return this.#when(atMs, 0.6, 0.01);
  }

  /** Clearing files carry dates. */
  ofMessage(atMs: number): When {
    return this.#when(atMs, 0.6, 0.06);
  }

  #when(atMs: number, stampShare: number, dateShare: number): When {
    const draw = this.#draw;
    if (!draw.chance(stampShare)) return {};
    const byItsClockMs = atMs + this.#skewMs + (draw.chance(0.9) ? 0 : draw.between(-2 * secondMs, 2 * secondMs));
    if (draw.chance(dateShare)) return { occurred_at_ms: byItsClockMs - (byItsClockMs % dayMs) };
    if (draw.chance(0.4)) return { occurred_at_ms: byItsClockMs - (byItsClockMs % secondMs) };
    return { occurred_at_ms: byItsClockMs };
  }
}
