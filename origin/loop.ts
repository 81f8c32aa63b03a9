// Background work in rounds: one at a time, a pause after each, longer after failures. Stops between rounds.

import type { Logger } from 'pino';

const failurePauseMsMax = 30_000;

export interface LoopOptions {
  readonly name: string;
  readonly log: Logger;
  /** The pause after a round that left nothing to do. */
  readonly intervalMs: number;
  /** True: there is more to do, go on at once. A throw is logged, and the pause doubles. The signal: stop early. */
  readonly round: (signal: AbortSignal) => Promise<boolean>;
}

export interface Loop {
  start(): void;
  /** Returns when the round in hand is over. */
  stop(): Promise<void>;
  /** Rounds that failed since the last one that did not. */
  failures(): number;
}

export function createLoop({ name, log, intervalMs, round }: LoopOptions): Loop {
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let failures = 0;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let pauseMs = intervalMs;
      try {
        if (await round(stopping.signal)) pauseMs = 0;
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        log.error({ err: error, failures }, `${name}: a round failed`);
        pauseMs = afterFailureMs(intervalMs, failures);
      }
      await pause(pauseMs, stopping.signal);
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    failures: () => failures,
  };
}

/** Doubles; half of it is random, so that processes which failed together do not come back together. */
function afterFailureMs(intervalMs: number, failures: number): number {
  const longest = Math.min(failurePauseMsMax, Math.max(100, intervalMs) * 2 ** Math.min(failures, 10));
  return longest * (0.5 + Math.random() / 2);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
