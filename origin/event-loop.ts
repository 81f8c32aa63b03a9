// How late the event loop is: everything here runs on one thread, so whatever computes for long keeps all others waiting. A timer that
// is due every 20 ms says by how much; smoothed, so that one slow moment is no overload.

import { Gauge, type Registry } from 'prom-client';

const everyMs = 20;
/** The share of the newest reading: after a quarter of a second of steady lateness the figure is what it is. */
const weight = 0.15;

export interface EventLoop {
  /** Now, smoothed, in ms. */
  delayMs(): number;
  close(): void;
}

/** Of the event loop: what others have sent, and what was asked of the database for them, comes first. */
export const nextRound = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Of work that computes for long, in ms: it has a quarter of the event loop at most. A draft of 200 controls over 200,000 events, 7 s of
 * computing, then takes half a minute.
 */
const stepMsMax = 0.6;
const restMs = 2;

/**
 * For work that computes for long: to be called often, and to be awaited where it returns a promise. An answer to somebody else takes
 * some six rounds of the event loop. Each of those waits for one step at most, and most for none, since between two steps the work rests.
 */
export function createSteps(): () => Promise<void> | null {
  let begunMs = performance.now();
  return () => {
    if (performance.now() - begunMs < stepMsMax) return null;
    return new Promise<void>((resolve) => setTimeout(resolve, restMs)).then(() => {
      begunMs = performance.now();
    });
  };
}

export function watchEventLoop(registry: Registry): EventLoop {
  let smoothed = 0;
  let due = performance.now() + everyMs;
  const timer = setInterval(() => {
    const now = performance.now();
    smoothed += (Math.max(0, now - due) - smoothed) * weight;
    due = now + everyMs;
  }, everyMs);
  timer.unref();
  const loop: EventLoop = {
    delayMs: () => smoothed,
    close: () => clearInterval(timer),
  };
  new Gauge({
    name: 'event_loop_delay_seconds',
    help: 'How late the event loop is, smoothed over a quarter of a second. Above EVENT_LOOP_DELAY_MS_MAX calls of the API get 503.',
    registers: [registry],
    collect() {
      this.set(loop.delayMs() / 1_000);
    },
  });
  return loop;
}
