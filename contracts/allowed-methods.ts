// Which methods a path takes, for the answer to another method (RFC 9110, 9.3.7 and 15.5.6), asked of the router that would serve them.

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** As both halves' routers are (Hono's): handlers of a method and a path, each with the route that it was put there for. */
interface Router {
  match(
    method: string,
    path: string,
  ): readonly [readonly (readonly [readonly [unknown, { readonly method: string }], unknown])[], ...unknown[]];
}

/** `GET, HEAD, OPTIONS`; null where no route has this path. Asks the router five times: not for each request. */
export function allowedMethods(router: Router, path: string): string | null {
  // Steps before and after routes are there for all methods, and are no routes.
  const taken = methods.filter((method) => router.match(method, path)[0].some(([[, route]]) => route.method !== 'ALL'));
  if (taken.length === 0) return null;
  return [...taken, ...(taken.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}
