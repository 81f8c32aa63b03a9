// Which traces an authorization belongs to: the network's own, where its call names one, and the platform's, where Cloudflare's
// tracing records this call. Where there is neither, one is made, so that the lines of the log and the booking can be
// found by it. At most two, and one read of a header: nothing here waits.

import { tracing } from 'cloudflare:workers';
import { traceParentOf } from '../contracts/trace-parent.ts';

/** `traceparent`s with a space between them. */
export function tracesOf(headers: Headers): string {
  const theirs = traceParentOf(headers.get('traceparent'));
  const platform = platformTrace();
  if (theirs && platform) return `${theirs} ${platform}`;
  return theirs ?? platform ?? made();
}

/** Random digits in groups of 8 at most, with a letter between them: none of them is ever taken for a card number. */
function made(): string {
  const id = crypto.randomUUID().replaceAll('-', 'f');
  return `00-${id.slice(0, 32)}-f${id.slice(1, 16)}-00`;
}

/** The platform begins a trace of its own for each call, whatever the call's header says. */
function platformTrace(): string | null {
  const { traceId, spanId, traceFlags } = tracing.getActiveSpan()?.spanContext() ?? {};
  return traceParentOf(`00-${traceId}-${spanId}-0${Number(traceFlags) & 1}`);
}

/** The first of them, for a line of the log. */
export function traceIdOf(traces: string): string {
  return traces.slice(3, 35);
}
