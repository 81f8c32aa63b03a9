// Which operations answered with success while they were asked, by the origin's own count: what only ever refused was not tried.

import { honoPath } from '../../origin/api/http/route.ts';
import type { Document } from './known-ids.ts';

const counted =
  /^http_server_request_duration_seconds_count\{http_response_status_code="2\d\d",route="([^"]+)",method="(\w+)"\} \d/;

export function reportOf({ paths }: Document, metrics: string): string {
  const succeeded = new Set(
    metrics.split('\n').flatMap((line) => {
      const [, route, method] = counted.exec(line) ?? [];
      return route === undefined ? [] : [`${method} ${route}`];
    }),
  );
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const never = all.filter((operation) => !succeeded.has(honoPath(operation)));
  const rest = never.length === 0 ? '' : `; never: ${never.join(', ')}`;
  return `${all.length - never.length} of ${all.length} operations answered with success${rest}\n`;
}
