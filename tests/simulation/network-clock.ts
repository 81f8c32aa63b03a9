// How a network says when something happened: to the millisecond, in whole seconds, by the date alone, or not at all; by a clock
// that runs behind ours or ahead of it. Some number what they say: the number orders where the stamp cannot.

import type { Draw } from './draw.ts';
import type { Jumps } from './jumps.ts';

const secondMs = 1_000;
const dayMs = 86_400_000;

export interface When {
  occurred_at_ms?: number;
  order?: number;
}

export class NetworkClock {
  readonly #draw: Draw;
  /** Behind (below zero) or ahead. */
  readonly #skewMs: number;
  /** It numbers what happens; some of its messages lack the number. */
  readonly #hasNumbers: boolean;
  /** By days, once in a while. */
  readonly #jumps: Jumps;

  constructor(draw: Draw, jumps: Jumps) {
    this.#draw = draw;
    this.#jumps = jumps;
    this.#hasNumbers = draw.chance(0.15);
    this.#skewMs = draw.pick([0, 0, 0, draw.between(-5 * secondMs, 0), draw.between(0, 5 * secondMs)]);
  }

  /** How far it is off at present, beside its usual skew. */
  get jumpMs(): number {
    return this.#jumps.offMs;
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
    const isNumbered = this.#hasNumbers && this.#draw.chance(0.9);
    // By the second: what happens within one has the same number.
    const number = isNumbered ? { order: Math.floor(atMs / secondMs) } : {};
    return { ...this.#stamp(atMs, stampShare, dateShare), ...number };
  }

  #stamp(atMs: number, stampShare: number, dateShare: number): When {
    const draw = this.#draw;
    if (!draw.chance(stampShare)) return {};
    const jitterMs = draw.chance(0.9) ? 0 : draw.between(-2 * secondMs, 2 * secondMs);
    const byItsClockMs = atMs + this.#skewMs + jitterMs + this.#jumps.next();
    if (draw.chance(dateShare)) return { occurred_at_ms: byItsClockMs - (byItsClockMs % dayMs) };
    if (draw.chance(0.4)) return { occurred_at_ms: byItsClockMs - (byItsClockMs % secondMs) };
    return { occurred_at_ms: byItsClockMs };
  }
}
