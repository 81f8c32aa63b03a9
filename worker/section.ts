// A section of the edge's routes: those under one path, and the step that stands before each of them. A router of its own: hono's with what
// says which methods a path has is three times as much, and every new isolate reads it before it may answer a card.

import { Refusal } from '../contracts/problem.ts';
import type { Env } from './env.ts';
import { nothingHere, refused } from './refused.ts';

export interface Call {
  readonly request: Request;
  readonly env: Env;
  readonly execution: Pick<ExecutionContext, 'waitUntil'>;
  readonly url: URL;
}

type Answer<T> = (call: Call, opened: T, params: Readonly<Record<string, string>>) => Response | Promise<Response>;

/** A section's answer to a call; `path` is what follows the section's own. `opened`: of a call within another that was opened. */
export type Section<T = never> = (call: Call, path: string, opened?: T) => Promise<Response>;

/**
 * `routes` by method and path, such as `GET /cards/:token`. `open` comes before all of them, also where there is no route, so that nobody learns
 * which there are before he has said who he is; what it returns goes to the route.
 */
export function section<T>(
  open: (call: Call) => T | Promise<T>,
  routes: Readonly<Record<`${'GET' | 'POST' | 'PUT'} /${string}`, Answer<T>>>,
): Section<T> {
  const table = Object.entries(routes).map(([name, answer]) => {
    const [method = '', path = ''] = name.split(' ');
    return { method, answer, at: patternOf(path) };
  });
  return async (call, path, before) => {
    const opened = before ?? (await open(call));
    const { method } = call.request;
    const here = table.filter(({ at }) => at.test(path));
    const found = here.find((route) => route.method === (method === 'HEAD' ? 'GET' : method));
    if (found === undefined) return otherMethod(method, here.map((route) => route.method).sort());
    const answered = await found.answer(call, opened, decoded(found.at.exec(path)?.groups ?? {}));
    return method === 'HEAD' ? new Response(null, answered) : answered;
  };
}

/** Of `/cards/:token`: a named part is anything but a slash, and one slash may follow the path. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`);
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

/** Where no route has both path and method. `taken`: the methods of those that have the path. */
function otherMethod(method: string, taken: readonly string[]): Response {
  if (taken.length === 0) throw nothingHere();
  const answer =
    method === 'OPTIONS'
      ? new Response(null, { status: 204 })
      : refused(new Refusal(405, 'method_not_allowed', 'This path does not take this method.'));
  answer.headers.set('allow', [...taken, ...(taken.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', '));
  return answer;
}
