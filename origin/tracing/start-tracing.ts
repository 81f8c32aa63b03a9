// Begins to export spans, where a collector is configured. The SDK is loaded here and nowhere else, and only then.

import type { Logger } from 'pino';
import type { KeyWatch } from '../secrets/shown-key.ts';
import { setTracer } from './spans.ts';
import type { TracingConfig } from './tracing-config.ts';

export interface Tracing {
  /** Sends what is left, for some seconds at most: a collector that is away holds up no stop. */
  stop(): Promise<void>;
}

const notTracing: Tracing = { stop: async () => {} };

export async function startTracing(
  config: TracingConfig & { ENVIRONMENT: string },
  log: Logger,
  keyWatch?: KeyWatch,
): Promise<Tracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = [{}] } = config;
  if (endpoint === undefined) return notTracing;
  const { openSdk } = await import('./sdk.ts');
  const sdk = openSdk({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers,
    keyWatch,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    environment: config.ENVIRONMENT,
    onTrouble: (trouble) => log.warn({ trouble }, 'traces were not exported'),
  });
  setTracer(sdk.tracer);
  log.info({ share: config.OTEL_TRACES_SAMPLER_ARG }, 'traces are exported');
  return {
    async stop() {
      setTracer(null);
      await sdk.close();
    },
  };
}
