// Long work in short turns: a bank's file of 30 MB keeps the process busy for seconds, and whoever else waits for it (an authorization to
// be booked, a request) has the event loop between two turns.

import { setImmediate } from 'node:timers/promises';

/** Short beside the 100 ms at which a person notices, and long beside what a turn of the event loop costs. */
const turnMs = 10;

export class Turns {
  #sinceMs = performance.now();

  /** Whether this turn has been long enough: then `await next()`. */
  isOver(): boolean {
    return performance.now() - this.#sinceMs >= turnMs;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
