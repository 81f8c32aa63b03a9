// Rate, errors and duration of each route (I13). The route's pattern is the label, never the path: a path holds ids.

import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { Counter, Histogram, type Registry } from 'prom-client';
import { exemplars } from '../../open-metrics.ts';
import { type Exemplar, exemplar } from '../../tracing/spans.ts';

export function httpMetrics(registry: Registry): MiddlewareHandler {
  const seconds = new Histogram<'http_response_status_code' | 'route' | 'method' | keyof Exemplar>({
    name: 'http_server_request_duration_seconds',
    help: 'Requests served, by route and status. The label job comes from the scrape.',
    labelNames: ['http_response_status_code', 'route', 'method'],
    // The objectives of I12 (150 ms, 500 ms, 1.2 s) are edges, so that the share of good answers is exact.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.2, 2.5, 5, 10],
    ...exemplars,
  });
  registry.registerMetric(seconds);
  return async (context, next) => {
    const startedMs = performance.now();
    await next();
    const route = routeOf(context);
    const labels = { http_response_status_code: context.res.status, route, method: context.req.method };
    seconds.observe({ labels, value: (performance.now() - startedMs) / 1_000, exemplarLabels: exemplar() });
  };
}

/** The pattern of the route that was taken: `/cards/:card_id`. */
export function routeOf(context: Context): string {
  // Middleware matches too, with a star; the route itself has none. Of several that fit (`/open-items/counts` fits an item's path) the
  // first one answers.
  return matchedRoutes(context).find(({ path }) => !path.endsWith('*'))?.path ?? 'unmatched';
}

/** Counts what no code expected, answered as `internal_error`: each is a mistake of ours. */
export function exceptionMetrics(registry: Registry): () => void {
  const exceptions = new Counter({
    name: 'app_exceptions_total',
    help: 'Requests that ended in an error nobody had expected, answered internal_error; each is a mistake of ours',
    registers: [registry],
  });
  return () => exceptions.inc();
}
