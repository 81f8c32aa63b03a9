// When a message is tried again: the schedule of the Standard Webhooks specification, 75 hours in all, and what the endpoint
// itself asks for. Pure: the caller brings the clock and what is random.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Wait before each attempt, from the end of the one before. */
const waitsMs = [
  ...[0, 5 * second, 5 * minute, 30 * minute],
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour),
] as const;
export const attemptsMax = waitsMs.length;

/** Each wait is up to this much shorter or longer: messages that failed together do not come back together. */
const jitter = 0.1;
/** However long an endpoint asks to be left alone: the longest wait of the schedule. */
const retryAfterMsMax = 24 * hour;

/** Until the next attempt after `failed` of them, in milliseconds; null: that was the last. `random`: from 0 up to 1. */
export function nextWaitMs(failed: number, { retryAfterMs, random }: { retryAfterMs: number | null; random: number }) {
  const wait = waitsMs[failed];
  if (wait === undefined) return null;
  const jittered = Math.round(wait * (1 - jitter + 2 * jitter * random));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, retryAfterMsMax));
}

/** RFC 9110 section 10.2.3: seconds or an HTTP date. Null for neither, and for what is over. */
export function readRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * second : httpDateMs(text) - nowMs;
  return ms > 0 ? Math.min(ms, retryAfterMsMax) : null;
}

/** Date.parse reads much that is no HTTP date, such as a bare year. */
function httpDateMs(text: string): number {
  return /^[A-Z][a-z]{2,8},? .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
