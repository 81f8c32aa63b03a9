// What is answered where no route has both path and method: 405 with `Allow` where the path takes other methods, those methods to
// OPTIONS, and 404 where there is nothing. No header of CORS is ever sent, so that no page of another place may read an answer:
// keys do not belong into browsers.

import type { Context } from 'hono';
import { allowedMethods } from '../../../contracts/allowed-methods.ts';
import { refusal } from '../../errors.ts';
import { answerRefusal } from './answer.ts';
import type { ApiApp, Variables } from './mount.ts';

export function otherMethods(app: ApiApp) {
  return (context: Context<{ Variables: Variables }>): Response => {
    const allow = allowedMethods(app.router, context.req.path);
    if (allow === null) return answerRefusal(context, refusal('route_not_found'), context.get('requestId'));
    context.header('allow', allow);
    if (context.req.method === 'OPTIONS') return context.body(null, 204);
    return answerRefusal(context, refusal('method_not_allowed'), context.get('requestId'));
  };
}

/** For the routes that the app has by now. Behind a key a path says nothing to who has none; these are open to everybody. */
export function mountOtherMethods(app: ApiApp): void {
  const other = otherMethods(app);
  const paths = app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path);
  for (const path of new Set(paths)) app.all(path, other);
}
