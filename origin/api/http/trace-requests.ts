// A span for each request, under the caller's trace where it names one. Not for what is asked every few seconds to see whether
// the process lives.

import type { MiddlewareHandler } from 'hono';
import { inSpan } from '../../tracing/spans.ts';
import { routeOf } from './http-metrics.ts';
import type { Variables } from './mount.ts';

const looks: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health', '/metrics']);

export function traceRequests(): MiddlewareHandler<{ Variables: Variables }> {
  return async (context, next) => {
    const { method, path } = context.req;
    if (looks.has(path)) return await next();
    const parent = context.req.header('traceparent') ?? null;
    return await inSpan(
      method,
      { kind: 'server', parent, attributes: { 'http.request.method': method } },
      async (span) => {
        await next();
        const { status } = context.res;
        span.name(`${method} ${routeOf(context)}`);
        span.say({
          'http.route': routeOf(context),
          'http.response.status_code': status,
          'atlas.request_id': context.get('requestId'),
        });
        if (status >= 500) span.fail(`status_${status}`);
      },
    );
  };
}
