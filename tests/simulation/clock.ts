// The clock of one card's world: bursts of milliseconds, minutes, then the next moment that matters, days or weeks later.

import type { Draw } from './draw.ts';
import type { Jumps } from './jumps.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

const secondMs = 1_000;
const minuteMs = 60_000;

export class Clock {
  nowMs: number;
  #moment: number;
  readonly #draw: Draw;
  readonly #moments: readonly number[];
  readonly #tally: Tally;
  readonly #jumps: Jumps;

  constructor(draw: Draw, { moments }: World, tally: Tally, jumps: Jumps) {
    this.#jumps = jumps;
    this.#draw = draw;
    this.#moments = moments;
    this.#tally = tally;
    this.#moment = draw.below(moments.length >> 1);
    this.nowMs = (moments[this.#moment] ?? 0) + draw.below(10 * minuteMs);
  }

  tick(): void {
    const draw = this.#draw;
    const kind = draw.below(100);
    if (kind < 45) this.nowMs += draw.below(2 * secondMs);
    else if (kind < 75) this.nowMs += draw.below(2 * minuteMs);
    else if (kind >= 84) {
      this.#moment += kind < 96 ? 1 : kind < 99 ? draw.between(2, 6) : draw.between(6, 30);
      const next = this.#moments[Math.min(this.#moment, this.#moments.length - 1)] ?? 0;
      this.nowMs = Math.max(this.nowMs, next + draw.below(14 * minuteMs));
    }
  }

  /** Days off at present: what is due by it waits, as the object's agenda has it wait. */
  get isDoubted(): boolean {
    return this.#jumps.offMs !== 0;
  }

  /** What the card's machine reads from its clock, which is sometimes set back, and sometimes days off for some calls. */
  read(): number {
    const draw = this.#draw;
    const jumpMs = this.#jumps.next();
    if (jumpMs !== 0) return this.nowMs + jumpMs;
    if (!draw.chance(0.03)) return this.nowMs;
    this.#tally.count('clock_stepped_back');
    return this.nowMs - draw.below(draw.pick([100, 5 * secondMs, 90 * minuteMs]));
  }
}
