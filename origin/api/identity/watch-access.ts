// Tells the records of access what was read, and whom a key, a scope or a tenant's border kept out. Looks only at what was answered.

import type { Context, MiddlewareHandler } from 'hono';
import { Refusal } from '../../../contracts/problem.ts';
import type { AccessRecords } from '../../access/access-records.ts';
import type { ErrorCode } from '../../errors.ts';
import { routeOf } from '../http/http-metrics.ts';
import type { Variables } from '../http/mount.ts';

export function watchAccess({ count }: Pick<AccessRecords, 'count'>): MiddlewareHandler<{ Variables: Variables }> {
  return async (context, next) => {
    await next();
    // Not there where no key was good, or none was asked for.
    const caller = context.get('caller') as Variables['caller'] | undefined;
    const outcome = outcomeOf(context, caller !== undefined, context.get('isRead') as Variables['isRead'] | undefined);
    if (outcome === null) return;
    const pattern = routeOf(context);
    count({
      api_key_id: caller?.api_key_id ?? null,
      route: pattern === 'unmatched' ? pattern : `${context.req.method} ${pattern}`,
      outcome,
      network: context.get('address').network,
      requestId: context.get('requestId'),
    });
  };
}

/** Null: neither a read by somebody known nor a refusal for who asked. What changes something has an audit event of its own. */
function outcomeOf({ error, req, res }: Context, isKnown: boolean, isRead = false): string | null {
  if (error instanceof Refusal) return isForWhoAsked(error) ? error.error_code : null;
  // The answer to a path that does not exist is no error to the router.
  if (res.status === 404) return 'route_not_found' satisfies ErrorCode;
  return error === undefined && isKnown && (isRead || req.method === 'GET' || req.method === 'HEAD') ? 'read' : null;
}

/** 404 too: another tenant's thing is answered by it, word for word as what does not exist. */
function isForWhoAsked({ status, error_code }: Refusal): boolean {
  return status === 401 || status === 403 || status === 404 || error_code === 'too_many_attempts';
}
