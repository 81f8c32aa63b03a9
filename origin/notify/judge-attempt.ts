// What an attempt came to: the one place that says which answers are success, and what the others ask for. Pure.

import { readRetryAfter } from './retry-schedule.ts';
import type { Reached } from './safe-fetch.ts';

/** The label of the metric, too. */
export type AttemptOutcome = 'taken' | 'redirected' | 'gone' | 'throttled' | 'refused' | 'server_error' | 'unreached';

export interface Verdict {
  readonly outcome: AttemptOutcome;
  readonly status: number | null;
  /** Stable name of why it failed; null where it was taken. */
  readonly error: string | null;
  /** It asks to be left alone, for this long where it says so. Others of its messages wait too. */
  readonly pauseMs: number | null;
  readonly retryAfterMs: number | null;
}

/** For an endpoint that is overloaded and does not say for how long. */
const pauseMsDefault = 5_000;
/** Standard Webhooks names 429, 502 and 504; 503 is the status that RFC 9110 gives Retry-After to. */
const throttling: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function judgeAttempt(reached: Reached, nowMs: number): Verdict {
  const quiet = { pauseMs: null, retryAfterMs: null };
  if (reached.outcome === 'unreached') return { outcome: 'unreached', status: null, error: reached.reason, ...quiet };
  const { status } = reached;
  if (status >= 200 && status < 300) return { outcome: 'taken', status, error: null, ...quiet };
  if (throttling.has(status)) {
    const retryAfterMs = readRetryAfter(reached.retryAfter, nowMs);
    return {
      outcome: 'throttled',
      status,
      error: 'throttled',
      pauseMs: retryAfterMs ?? pauseMsDefault,
      retryAfterMs,
    };
  }
  if (status === 410) return { outcome: 'gone', status, error: 'gone', ...quiet };
  if (status >= 300 && status < 400) return { outcome: 'redirected', status, error: 'redirect_not_followed', ...quiet };
  if (status >= 500) return { outcome: 'server_error', status, error: 'server_error', ...quiet };
  return { outcome: 'refused', status, error: 'not_taken', ...quiet };
}
