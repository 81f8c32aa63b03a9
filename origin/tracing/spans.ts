// Spans as the rest of the origin makes them: by OpenTelemetry's API, whose SDK is loaded only where traces are exported
// (start-tracing.ts). While none are, each function here returns at once what it was given, and nothing is allocated.
//
// A span never holds what a card, a person or a secret could be known by: its attributes have the names of a fixed list, each for
// an id of ours, a word out of a list, or a figure; a text that looks like a card number is masked all the same. Of an error
// it has the kind, never the message.

import {
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { maskCardNumbers } from '../../contracts/card-numbers/card-numbers.ts';
import { recordedTraceId, traceParentOf } from '../../contracts/trace-parent.ts';

/** All that a span may say. By OpenTelemetry's semantic conventions where they have the name, else with `atlas.` before it. */
export type AttributeName =
  | 'http.request.method'
  | 'http.response.status_code'
  | 'http.route'
  | 'error.type'
  | 'peer.service'
  | 'messaging.batch.message_count'
  | 'atlas.request_id'
  | 'atlas.settlement_id'
  | 'atlas.submission'
  | 'atlas.event_id'
  | 'atlas.webhook_endpoint_id'
  | 'atlas.attempt'
  | 'atlas.events'
  | 'atlas.outcome'
  | 'atlas.state';
export type Attributes = Readonly<Partial<Record<AttributeName, string | number>>>;

export interface SpanOptions {
  readonly kind?: 'server' | 'client' | 'consumer';
  /** A `traceparent`; null: it begins a trace. Without it, it belongs to what is under way. */
  readonly parent?: string | null;
  /** `traceparent`s of what it works on beside its parent: of each element of a batch. */
  readonly links?: Iterable<string | null>;
  readonly attributes?: Attributes;
}

export interface OpenSpan {
  /** What it is called, where that is known only now. */
  name(name: string): void;
  /** Added to what it said at its beginning. */
  say(attributes: Attributes): void;
  /** Found out on the way: what else it works on. */
  link(traceParents: Iterable<string | null>): void;
  /** Something went wrong without an exception: a provider that did not answer. `type`: a word of ours. */
  fail(type: string): void;
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const;
const silent: OpenSpan = { name: () => {}, say: () => {}, link: () => {}, fail: () => {} };
/** As many as a span of the SDK keeps by default. */
const linksMax = 128;
const textLengthMax = 200;

/** Null: traces are not exported. */
let tracer: Tracer | null = null;

/** Told by `start-tracing.ts` alone. */
export function setTracer(given: Tracer | null): void {
  tracer = given;
}

export function isTracing(): boolean {
  return tracer !== null;
}

/** Runs `work` in a span, which ends with it; an exception goes on, and marks the span. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  if (tracer === null) return await work(silent);
  const { span, around } = startSpan(tracer, name, options);
  return await context.with(trace.setSpan(around, span), async () => {
    const open = openSpan(span);
    try {
      return await work(open);
    } catch (error) {
      open.fail(error instanceof Error ? error.name : typeof error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function startSpan(by: Tracer, name: string, options: SpanOptions & { readonly startedAtMs?: number }) {
  const { kind, parent, links = [], attributes = {}, startedAtMs } = options;
  const around = parent === undefined ? context.active() : contextOf(parent);
  const span = by.startSpan(
    name,
    {
      kind: kind === undefined ? SpanKind.INTERNAL : kinds[kind],
      links: linksOf(links),
      attributes: shown(attributes),
      ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
    },
    around,
  );
  return { span, around };
}

/**
 * A span of what is over: for rounds of a loop, of which most find nothing to do and deserve none. What they did has no children.
 * `startedAtMs`: by Date.now(), now without it. Returns its `traceparent`, for what comes of it; null while nothing is traced.
 */
export function noteSpan(name: string, options: SpanOptions & { readonly startedAtMs?: number }): string | null {
  if (tracer === null) return null;
  const { span } = startSpan(tracer, name, options);
  span.end();
  return textOf(span.spanContext());
}

function openSpan(span: Span): OpenSpan {
  return {
    name(name) {
      span.updateName(name);
    },
    say(attributes) {
      span.setAttributes(shown(attributes));
    },
    link(traceParents) {
      for (const link of linksOf(traceParents)) span.addLink(link);
    },
    fail(type) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttributes(shown({ 'error.type': type }));
    },
  };
}

/** The span that is under way, for whoever goes on with it elsewhere or later; null: there is none. */
export function currentTraceParent(): string | null {
  const under = current();
  return under === null ? null : textOf(under);
}

/** For a line of a log. */
export function currentTraceId(): string | null {
  return current()?.traceId ?? null;
}

/** For a bucket of a histogram: the trace of one request that is in it. Empty where nobody has recorded that. */
export interface Exemplar {
  readonly trace_id?: string;
}

/** Of the span that is under way. */
export function exemplar(): Exemplar {
  const trace_id = recordedTraceId(currentTraceParent());
  return trace_id === null ? {} : { trace_id };
}

/** To be sent with a call to somebody else; empty where nothing is under way. */
export function traceHeaders(): { readonly traceparent?: string } {
  const traceparent = currentTraceParent();
  return traceparent === null ? {} : { traceparent };
}

/** `work`, which runs in the span that is under way now, whoever calls it later: a place in a queue is given by whoever leaves one. */
export function keepSpan<A extends unknown[], R>(work: (...given: A) => R): (...given: A) => R {
  return tracer === null ? work : context.bind(context.active(), work);
}

function textOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}

function current(): SpanContext | null {
  return tracer === null ? null : (trace.getSpanContext(context.active()) ?? null);
}

function contextOf(traceParent: string | null): Context {
  const parent = spanContextOf(traceParent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function spanContextOf(text: string | null): SpanContext | null {
  const traceParent = traceParentOf(text);
  if (traceParent === null) return null;
  const [, traceId = '', spanId = '', flags = '00'] = traceParent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

function linksOf(traceParents: Iterable<string | null>): Link[] {
  const links = new Map<string, Link>();
  for (const traceParent of traceParents) {
    if (links.size === linksMax) break;
    const linked = spanContextOf(traceParent);
    if (linked !== null) links.set(`${linked.traceId}-${linked.spanId}`, { context: linked });
  }
  return [...links.values()];
}

function shown(attributes: Attributes): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? maskCardNumbers(value).slice(0, textLengthMax) : value,
    ]),
  );
}
