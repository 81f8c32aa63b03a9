// Which trace something belongs to: a `traceparent` of W3C Trace Context, version 00, as HTTP headers and our messages carry it.
// Does not say that anybody recorded anything under it, nor that whoever sent it is to be believed.

import { holdsCardNumber } from './card-numbers/card-numbers.ts';

/** Version, 16 bytes of trace, 8 bytes of span, flags: 55 characters, and neither of the ids all zero. */
const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Null for anything else: W3C has whoever cannot read it begin a trace of its own. So has one whose span could be taken for a card number, which
 * a few in ten thousand are by chance: it would be masked in every line of the log, and raise the alarm of card data found.
 */
export function traceParentOf(text: unknown): string | null {
  return typeof text === 'string' && form.test(text) && !holdsCardNumber(text) ? text : null;
}

/** The `traceparent`s that a queue message has of its events, as many of them as could be read. */
export function tracesIn(traces: unknown): string[] {
  if (typeof traces !== 'object' || traces === null) return [];
  const texts = Object.values(traces).filter((text) => typeof text === 'string');
  return texts.flatMap((text) => text.split(' ', 2).flatMap((one) => traceParentOf(one) ?? []));
}

/** The trace id of the first of them (`traceparent`s with a space between) that somebody says to have recorded. */
export function recordedTraceId(traces: unknown): string | null {
  const [recorded] = tracesIn([traces]).filter((text) => (Number.parseInt(text.slice(-2), 16) & 1) === 1);
  return recorded?.slice(3, 35) ?? null;
}
