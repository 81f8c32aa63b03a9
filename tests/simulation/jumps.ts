// A clock that jumps by days, ahead or back, stays off for some readings, and is right again. Drawn apart from the traffic.

import type { Draw } from './draw.ts';
import type { Tally, Turn } from './tally.ts';

const dayMs = 86_400_000;
const readingsMax = 6;

interface JumpsOf {
  /** Of its readings: where a jump begins. */
  readonly share: number;
  readonly ahead: Turn;
  readonly behind: Turn;
}

export class Jumps {
  readonly #draw: Draw;
  readonly #tally: Tally;
  readonly #of: JumpsOf;
  #readings = 0;
  offMs = 0;

  constructor(draw: Draw, tally: Tally, of: JumpsOf) {
    this.#draw = draw;
    this.#tally = tally;
    this.#of = of;
  }

  /** How far off it is at its next reading. */
  next(): number {
    const draw = this.#draw;
    if (this.#readings > 0) this.#readings--;
    else if (draw.chance(this.#of.share)) {
      const { ahead, behind } = this.#of;
      const isAhead = draw.chance(0.5);
      const days = draw.pick([3, draw.between(3, 40), 400]);
      this.offMs = (isAhead ? days : -days) * dayMs + draw.below(dayMs / 2);
      this.#readings = draw.below(readingsMax);
      this.#tally.count(isAhead ? ahead : behind);
    } else this.offMs = 0;
    return this.offMs;
  }
}

/** Of what a network stamps, some one message of 200. */
export function networkJumps(draw: Draw, tally: Tally): Jumps {
  const named = { ahead: 'network_clock_days_ahead', behind: 'network_clock_days_behind' } as const;
  return new Jumps(draw, tally, { share: 0.005, ...named });
}

/** Of what the card's machine reads, one reading of 500. */
export function ourJumps(draw: Draw, tally: Tally): Jumps {
  const named = { ahead: 'clock_days_ahead', behind: 'clock_days_behind' } as const;
  return new Jumps(draw, tally, { share: 0.002, ...named });
}
