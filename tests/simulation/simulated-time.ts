// Time as the outbox sees it: a clock that is moved, and timers that go off when it has passed them.

import type { Timing } from '../../durable-objects/log/timing.ts';

interface Timer {
  readonly due_ms: number;
  readonly call: () => void;
}

export class SimulatedTime {
  nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** A clock and timers of one process: what `forget` gives up never goes off. */
  newTiming(): Timing & { forget(): void } {
    const own = new Set<Timer>();
    return {
      nowMs: () => this.nowMs,
      startTimer: (delayMs, call) => {
        const timer = { due_ms: this.nowMs + delayMs, call };
        own.add(timer);
        this.#timers.add(timer);
        return () => {
          own.delete(timer);
          this.#timers.delete(timer);
        };
      },
      forget: () => {
        for (const timer of own) this.#timers.delete(timer);
      },
    };
  }

  at(dueMs: number, call: () => void): void {
    this.#timers.add({ due_ms: dueMs, call });
  }

  /** When the next timer goes off; infinity: never. */
  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due_ms } of this.#timers) if (due_ms < next) next = due_ms;
    return next;
  }

  /** Whether a timer went off. */
  runDue(): boolean {
    let ran = false;
    for (const timer of this.#timers) {
      if (timer.due_ms > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.call();
      ran = true;
    }
    return ran;
  }
}
