// A refusal as the edge answers it.

import { newId } from '../contracts/ids.ts';
import { problemBody, Refusal } from '../contracts/problem.ts';

export function refused(refusal: Refusal): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (refusal.status === 401) headers.set('www-authenticate', 'Basic realm="atlas"');
  // Where the key is spent, the same again would be declined: nobody is told to repeat it.
  if (refusal.status === 503 && refusal.error_code !== 'request_key_spent') headers.set('retry-after', '1');
  return new Response(JSON.stringify(problemBody(refusal, newId('req'))), { status: refusal.status, headers });
}

export function nothingHere(): Refusal {
  return new Refusal(404, 'route_not_found', 'There is nothing at this path.');
}
