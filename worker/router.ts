// The edge's router: a few groups of routes, each with a step that runs before any of them (signature, body). Our own, since a
// library's was a tenth of the bundle. A path's parts are compared decoded, a slash at its end makes no difference, and HEAD is
// answered as GET without the body.

import type { Env } from './env.ts';

export interface Call {
  readonly request: Request;
  readonly env: Env;
  readonly execution: ExecutionContext;
  /** The decoded parts of the path, without a slash at its end: `/a/b%20c/` is `['', 'a', 'b c']`. */
  readonly parts: readonly string[];
  /** The route as it is declared, for the log: it never holds a value from outside. */
  route: string;
}

/** The values of a route's `:names`. */
export type Params = Readonly<Record<string, string>>;

/** The answer, or null where the group has no such route. */
export type Group = (call: Call) => Promise<Response | null>;

type Answer<Given> = (call: Call, given: Given, params: Params) => Response | Promise<Response>;

/**
 * Routes below one path, by method and the rest of the path: `PUT /cards/:network/:token`. `before` runs for every path below
 * the prefix, also where there is no route, so that a stranger without a signature learns nothing of what there is.
 */
export function group<Given>(
  prefix: string,
  before: (call: Call) => Given | Promise<Given>,
  routes: Readonly<Record<string, Answer<Given>>>,
): Group {
  const prefixParts = prefix.split('/');
  const table = Object.entries(routes).map(([key, answer]) => {
    const [method, path = ''] = key.split(' ');
    return { method, wanted: path.split('/').slice(1), route: prefix + path, answer };
  });
  return async (call) => {
    if (!prefixParts.every((part, index) => part === call.parts[index])) return null;
    call.route = `${prefix}/*`;
    const given = await before(call);
    const parts = call.parts.slice(prefixParts.length);
    const asked = call.request.method === 'HEAD' ? 'GET' : call.request.method;
    for (const { method, wanted, route, answer } of table) {
      const params = method === asked ? paramsOf(wanted, parts) : null;
      if (params === null) continue;
      call.route = route;
      return await answer(call, given, params);
    }
    return null;
  };
}

/** Answers by the first group that has a route; `otherwise` for a path that has none. */
export async function answerBy(groups: readonly Group[], call: Call, otherwise: () => Response): Promise<Response> {
  for (const one of groups) {
    const answer = await one(call);
    if (answer !== null) return call.request.method === 'HEAD' ? new Response(null, answer) : answer;
  }
  return otherwise();
}

export function callOf(request: Request, env: Env, execution: ExecutionContext): Call {
  const parts = new URL(request.url).pathname.replace(/\/$/, '').split('/').map(decoded);
  return { request, env, execution, parts, route: '' };
}

function paramsOf(wanted: readonly string[], parts: readonly string[]): Params | null {
  if (wanted.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const name = wanted[index] ?? '';
    if (name.startsWith(':') && part !== '') params[name.slice(1)] = part;
    else if (name !== part) return null;
  }
  return params;
}

/** As it came, where its percent signs encode nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
