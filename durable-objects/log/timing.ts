// The clock and the timers of a machine, as values: the simulation hands in its own, so that days of a card pass in a moment.

export interface Timing {
  readonly nowMs: () => number;
  /** Calls once, after the delay; what it returns stops the timer, and may be called after the timer has gone off. */
  readonly startTimer: (delayMs: number, call: () => void) => () => void;
}

/** Of the machine that this runs on. */
export const timing: Timing = {
  nowMs: () => Date.now(),
  startTimer(delayMs, call) {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
