// A section of the edge's routes: those under one path, and the step that stands before each of them. Hono's router finds a route; the rest of
// hono, of which the edge would use nothing, is a fifteenth of the bundle and is not in it.

import { PatternRouter } from 'hono/router/pattern-router';
import { allowedMethods } from '../contracts/allowed-methods.ts';
import { Refusal } from '../contracts/problem.ts';
import type { Env } from './env.ts';
import { refused } from './refused.ts';

export interface Call {
  readonly request: Request;
  readonly env: Env;
  readonly execution: Pick<ExecutionContext, 'waitUntil'>;
  readonly url: URL;
}

type Answer<T> = (call: Call, opened: T, params: Readonly<Record<string, string>>) => Response | Promise<Response>;

/** A section's answer to a call; `path` is what follows the section's own. */
export type Section = (call: Call, path: string) => Promise<Response>;

/**
 * `routes` by method and path, such as `GET /cards/:token`. `open` comes before all of them, also where there is no route, so that nobody learns
 * which there are before he has said who he is; what it returns goes to the route.
 */
export function section<T>(
  open: (call: Call) => T | Promise<T>,
  routes: Readonly<Record<`${'GET' | 'POST' | 'PUT'} /${string}`, Answer<T>>>,
): Section {
  const router = new PatternRouter<[Answer<T>, { method: string }]>();
  for (const [name, answer] of Object.entries(routes)) {
    const [method = '', path = ''] = name.split(' ');
    router.add(method, path, [answer, { method }]);
  }
  return async (call, path) => {
    const opened = await open(call);
    const { method } = call.request;
    const [found] = router.match(method === 'HEAD' ? 'GET' : method, path)[0];
    if (found === undefined) return otherMethod(method, allowedMethods(router, path));
    const [[answer], params] = found;
    const answered = await answer(call, opened, decoded(params));
    return method === 'HEAD' ? new Response(null, answered) : answered;
  };
}

/** A path's parts as they were before they were escaped (RFC 3986 section 2.4). One that nobody has escaped so is left as it stands. */
function decoded(params: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(params).map(([name, part]) => {
      try {
        return [name, decodeURIComponent(part)];
      } catch {
        return [name, part];
      }
    }),
  );
}

/** Where no route has both path and method. */
function otherMethod(method: string, allow: string | null): Response {
  if (allow === null) throw new Refusal(404, 'route_not_found', 'There is nothing at this path.');
  const answer =
    method === 'OPTIONS'
      ? new Response(null, { status: 204 })
      : refused(new Refusal(405, 'method_not_allowed', 'This path does not take this method.'));
  answer.headers.set('allow', allow);
  return answer;
}
