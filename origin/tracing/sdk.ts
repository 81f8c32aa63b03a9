// OpenTelemetry's own SDK, put together: spans in batches to a collector by OTLP over HTTP. What cannot be sent is dropped: a
// trace is for looking into something, and nothing that is booked waits for it. Nobody awaits an export, so it holds up no
// transaction (db/held.ts).
//
// The official packages, because the wire format, batching and back-off are theirs to keep right.

import { context, DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { holdsCardNumber } from '../../contracts/card-numbers/card-numbers.ts';
import { type KeyWatch, refusesKey, showKey } from '../secrets/shown-key.ts';

type Headers = Readonly<Record<string, string>>;

interface SdkOptions {
  readonly url: string;
  /** What the collector wants to see; a second set while it changes, the newest first. */
  readonly headers: readonly Headers[];
  readonly keyWatch?: KeyWatch | undefined;
  /** By the id of the trace, whatever its parent says: no caller can have all of its calls recorded. */
  readonly ratio: number;
  readonly environment: string;
  /** Said once a minute at most. */
  readonly onTrouble: (trouble: string) => void;
}

/** A request to the collector; the process waits as long for the last one when it stops. */
const exportMsMax = 3_000;
/** Spans that wait to be sent, about 1 kB each; more are dropped. */
const waitingMax = 4_096;
const delayMs = 1_000;
const troubleEveryMs = 60_000;

export function openSdk({ url, headers, keyWatch, ratio, environment, onTrouble }: SdkOptions): {
  readonly tracer: Tracer;
  close(): Promise<void>;
} {
  listen(onTrouble);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = exporterTo(url, headers, keyWatch);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'atlas-origin',
      'deployment.environment.name': environment,
    }),
    sampler: new TraceIdRatioBasedSampler(ratio),
    idGenerator: idsThatAreNoCards(new RandomIdGenerator()),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: waitingMax,
        scheduledDelayMillis: delayMs,
        exportTimeoutMillis: exportMsMax,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('atlas-origin'),
    async close() {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, exportMsMax).unref();
      });
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      context.disable();
      diag.disable();
    },
  };
}

function exporterTo(url: string, headers: readonly Headers[], keyWatch: KeyWatch | undefined): SpanExporter {
  const exporterWith = (shown: Headers) =>
    new OTLPTraceExporter({ url, headers: { ...shown }, timeoutMillis: exportMsMax });
  const exporters = headers.map(exporterWith);
  const withHeaders = showKey('OTEL_EXPORTER_OTLP_HEADERS', exporters, keyWatch);
  type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];
  return {
    export(spans, done) {
      withHeaders<Result>(
        (exporter) => new Promise((resolve) => exporter.export(spans, resolve)),
        // The exporter's error has the status of the answer as its code.
        (outcome) => outcome.status === 'fulfilled' && refusesKey(statusOf(outcome.value.error)),
      ).then(done, (error: Error) => done({ code: 1, error }));
    },
    async forceFlush() {
      await Promise.all(exporters.map((exporter) => exporter.forceFlush()));
    },
    async shutdown() {
      await Promise.all(exporters.map((exporter) => exporter.shutdown()));
    },
  };
}

function statusOf(error: Error | undefined): number {
  return error !== undefined && 'code' in error ? Number(error.code) : 0;
}

/** The SDK's own complaints, of which only the kind is said: an error of an export may quote the collector's answer. */
function listen(onTrouble: (trouble: string) => void): void {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const say = (trouble: string) => {
    if (performance.now() - saidAtMs < troubleEveryMs) return;
    saidAtMs = performance.now();
    onTrouble(trouble);
  };
  const nothing = () => {};
  const kindIn = (text: string) => /E[A-Z]{4,12}|timed? ?out|\b[45]\d\d\b|dropped/i.exec(text)?.[0] ?? 'unknown';
  diag.setLogger(
    {
      error: (text) => say(kindIn(text)),
      warn: (text) => say(kindIn(text)),
      info: nothing,
      debug: nothing,
      verbose: nothing,
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** An id of digits alone could be taken for a card number, one in some tens of thousands of spans, and would be masked wherever it is written: it is drawn again. */
export function idsThatAreNoCards(random: IdGenerator): IdGenerator {
  const drawn = (draw: () => string): string => {
    for (;;) {
      const id = draw();
      if (!holdsCardNumber(id)) return id;
    }
  };
  return {
    generateTraceId: () => drawn(() => random.generateTraceId()),
    generateSpanId: () => drawn(() => random.generateSpanId()),
  };
}
