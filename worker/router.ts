// The edge's dozen routes, matched by the parts of their paths. Not a framework: it has what these routes use and 4 kB less than
// the smallest one, each of which every new isolate would parse before it may answer a card.

import type { Env } from './env.ts';

/** One request while it is answered. `Variables`: what a guard has found out for the handlers behind it. */
export class Context<Variables extends object = object> {
  readonly req: RoutedRequest;
  readonly env: Env;
  readonly executionCtx: ExecutionContext;
  readonly #variables: Partial<Variables> = {};

  constructor(req: RoutedRequest, env: Env, executionCtx: ExecutionContext) {
    this.req = req;
    this.env = env;
    this.executionCtx = executionCtx;
  }

  set<K extends keyof Variables>(name: K, value: Variables[K]): void {
    this.#variables[name] = value;
  }

  /** Set by the guard of the route, or this throws: a route without its guard must not go on. */
  get<K extends keyof Variables>(name: K): Variables[K] {
    if (!(name in this.#variables)) throw new Error(`no guard has set ${String(name)}`);
    return this.#variables[name] as Variables[K];
  }

  json(body: unknown, status = 200): Response {
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  }
}

class RoutedRequest {
  readonly raw: Request;
  readonly path: string;
  /** As it was written, such as `/internal/cards/:network/:token`; empty where no route matches. For logs: it names no card. */
  readonly routePath: string;
  readonly #params: Readonly<Record<string, string>>;

  constructor(raw: Request, path: string, routePath: string, params: Readonly<Record<string, string>>) {
    this.raw = raw;
    this.path = path;
    this.routePath = routePath;
    this.#params = params;
  }

  get method(): string {
    return this.raw.method;
  }

  header(name: string): string | undefined {
    return this.raw.headers.get(name) ?? undefined;
  }

  param(): Readonly<Record<string, string>> {
    return this.#params;
  }

  /** Of a parameter that is given twice the first. */
  query(): Record<string, string> {
    return Object.fromEntries([...new URL(this.raw.url).searchParams].reverse());
  }
}

type Handler<V extends object> = (context: Context<V>) => Response | Promise<Response>;
/** Throws where the request may not go on. */
type Guard<V extends object> = (context: Context<V>) => void | Promise<void>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly parts: readonly string[];
  readonly handler: Handler<never>;
}

/** Routes below one path, all behind one guard. */
export class Routes<Variables extends object = object> {
  readonly routes: Route[] = [];
  guard: Guard<Variables> = () => undefined;

  /** Asked before every route, and before saying that there is none. */
  use(guard: Guard<Variables>): this {
    this.guard = guard;
    return this;
  }

  on(method: 'GET' | 'POST' | 'PUT', path: string, handler: Handler<Variables>): this {
    this.routes.push({ method, path, parts: path.split('/'), handler });
    return this;
  }
}

/** Routes of whatever variables. */
interface Room {
  readonly routes: readonly Route[];
  readonly guard: (context: never) => void | Promise<void>;
}

/** The handler of a whole worker. `rooms`: routes by the path that they stand below. */
export function routed(
  rooms: Readonly<Record<string, Room>>,
  { notFound, failed }: { notFound: () => Response; failed: (error: unknown, routePath: string) => Response },
) {
  return async (request: Request, env: Env, executionCtx: ExecutionContext): Promise<Response> => {
    const path = pathOf(request.url);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    let routePath = '';
    try {
      for (const [prefix, { routes, guard }] of Object.entries(rooms)) {
        if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
        const found = find(routes, method, path.slice(prefix.length));
        routePath = found === null ? '' : prefix + found.route.path;
        const context = new Context(
          new RoutedRequest(request, path, routePath, found?.params ?? {}),
          env,
          executionCtx,
        );
        await guard(context as never);
        if (found === null) break;
        const answer = await found.route.handler(context as never);
        return request.method === 'HEAD' ? new Response(null, answer) : answer;
      }
      return notFound();
    } catch (error) {
      return failed(error, routePath);
    }
  };
}

/** Without query; what is percent-encoded stays so. */
function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('://') + 3);
  if (from === -1) return '/';
  const end = url.slice(from).search(/[?#]/);
  return end === -1 ? url.slice(from) : url.slice(from, from + end);
}

function find(routes: readonly Route[], method: string, path: string) {
  const given = path.split('/');
  for (const route of routes) {
    const params = route.method === method ? paramsIn(route.parts, given) : null;
    if (params !== null) return { route, params };
  }
  return null;
}

/** Null where the path is another one. */
function paramsIn(parts: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (parts.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith(':') && text !== '') params[part.slice(1)] = decoded(text);
    else if (part !== text) return null;
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
