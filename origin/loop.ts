// Background work in rounds: one at a time, a pause after each, longer after failures. Stops between rounds. Each loop knows how it
// is doing; `Loops` shows it (loops.ts).

import type { Logger } from 'pino';
import type { Rest } from './db/rest.ts';
import { describeError } from './log.ts';

const failurePauseMsMaxDefault = 30_000;
/** A round that has neither ended nor moved for this long stands still: no call that a round waits for may take as long. */
const stillMsDefault = 60_000;
/** Failures in a row that are more than a hiccup: with doubling pauses, the third comes seconds after the first. */
const failuresMax = 3;
/** How long a loop goes on looking by its interval after it had something to do, or something was written. */
const awakeMs = 1_000;
/** Looked at by then, whatever was or was not written: some things come due by time alone. */
const restMsMax = 60_000;

/** What wakes a loop that has nothing to do. */
export interface AtRest {
  /** Of the database that the loop takes its work from (db/rest.ts). */
  readonly rest: Rest;
  /** In how many ms the next of what waits comes due; null: nothing comes due by time. Asked before each rest. */
  readonly dueInMs?: () => Promise<number | null>;
}

export interface LoopOptions {
  /** Unique in a process: as `/health` and the metrics call it. */
  readonly name: string;
  readonly log: Logger;
  /** The pause after a round that left nothing to do. */
  readonly intervalMs: number;
  /**
   * True: there is more to do, go on at once. A throw is logged, and the pause doubles. The signal: stop early. `moved`: to be called
   * by a round that takes long, whenever it has come further; one that never calls it must end within the bound for standing still.
   */
  readonly round: (signal: AbortSignal, moved: () => void) => Promise<boolean>;
  /** The age of the oldest thing that waits for this loop; null where nothing does. */
  readonly lagMs?: () => Promise<number | null>;
  /** Without it the loop looks at its interval, day and night. */
  readonly atRest?: AtRest;
  /** For tests. */
  readonly stillMs?: number;
  /** For tests: the longest pause after failures. */
  readonly failurePauseMsMax?: number;
}

export interface LoopState {
  readonly name: string;
  /** `failing`: several rounds in a row. `still`: the round in hand has neither ended nor moved for too long. */
  readonly standing: 'running' | 'failing' | 'still' | 'not_started';
  /** Rounds that failed since the last one that did not. */
  readonly failures: number;
  /** All of them since the start. */
  readonly failures_total: number;
  readonly last_success_at_ms: number | null;
  /** Of the newest failure, while it is the newest round: what our own error or the driver's says, never a row. */
  readonly last_error: string | null;
  /** How long the round in hand has not moved; 0 between rounds. */
  readonly still_ms: number;
}

export interface Loop {
  start(): void;
  /** Returns when the round in hand is over. */
  stop(): Promise<void>;
  /** Rounds that failed since the last one that did not. */
  failures(): number;
  state(): LoopState;
  lagMs(): Promise<number | null>;
}

export function createLoop(options: LoopOptions): Loop {
  const { name, log, intervalMs, round, atRest } = options;
  const { stillMs = stillMsDefault, failurePauseMsMax = failurePauseMsMaxDefault } = options;
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let failures = 0;
  let failuresTotal = 0;
  let lastError: string | null = null;
  let lastSuccessAtMs: number | null = null;
  /** When the round in hand began, or last moved; null between rounds. By the monotonic clock, which no correction of time moves. */
  let movedMs: number | null = null;
  const moved = () => {
    movedMs = performance.now();
  };
  const rests = createRests(atRest, intervalMs, stopping.signal);
  const stillForMs = () => (movedMs === null ? 0 : performance.now() - movedMs);

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let pauseMs = intervalMs;
      let mark: string | null = null;
      moved();
      try {
        mark = await rests.mark();
        if (await round(stopping.signal, moved)) {
          pauseMs = 0;
          rests.stayAwake();
        } else pauseMs = await rests.pauseMs(mark);
        failures = 0;
        lastError = null;
        lastSuccessAtMs = Date.now();
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        failuresTotal += 1;
        lastError = describeError(error).message.slice(0, 300);
        log.error({ err: error, loop: name, failures }, `${name}: a round failed`);
        mark = null;
        pauseMs = Math.min(failurePauseMsMax, afterFailureMs(intervalMs, failures));
      }
      movedMs = null;
      await rests.pause(mark, pauseMs);
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
    state: () => ({
      name,
      standing: running === null ? 'not_started' : standingOf(stillForMs() > stillMs, failures),
      failures,
      failures_total: failuresTotal,
      last_success_at_ms: lastSuccessAtMs,
      last_error: lastError,
      still_ms: Math.round(stillForMs()),
    }),
    lagMs: async () => (await options.lagMs?.()) ?? null,
  };
}

function standingOf(isStill: boolean, failures: number): LoopState['standing'] {
  if (isStill) return 'still';
  return failures >= failuresMax ? 'failing' : 'running';
}

/** The pauses of one loop: its interval while it is awake, and rests where it may. */
function createRests(atRest: AtRest | undefined, intervalMs: number, signal: AbortSignal) {
  let awakeUntilMs = performance.now() + awakeMs;
  const stayAwake = (): void => {
    awakeUntilMs = performance.now() + awakeMs;
  };
  return {
    stayAwake,
    /** Before a round. Null: it is awake, and does not rest after it. */
    async mark(): Promise<string | null> {
      return performance.now() < awakeUntilMs ? null : ((await atRest?.rest.mark()) ?? null);
    },
    /** After a round that found nothing. */
    async pauseMs(mark: string | null): Promise<number> {
      if (mark === null) return intervalMs;
      return Math.max(intervalMs, Math.min(restMsMax, (await atRest?.dueInMs?.()) ?? restMsMax));
    },
    async pause(mark: string | null, ms: number): Promise<void> {
      if (atRest === undefined || mark === null || ms <= intervalMs) await pause(ms, signal);
      else if (await atRest.rest.until(mark, ms, signal)) stayAwake();
    },
  };
}

/** Doubles; half of it is random, so that processes which failed together do not come back together. */
function afterFailureMs(intervalMs: number, failures: number): number {
  const longest = Math.min(failurePauseMsMaxDefault, Math.max(100, intervalMs) * 2 ** Math.min(failures, 10));
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
