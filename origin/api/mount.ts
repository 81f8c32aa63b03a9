// Puts routes on the router: version, key, quota, scope, shape, idempotency, and the answer in its version. What every route
// has in common is here once.

import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { problemBody, Refusal } from '../../contracts/problem.ts';
import type { Database, Sql } from '../db/client.ts';
import { toJson } from './answer.ts';
import { type Caller, type Callers, requireScope } from './caller.ts';
import { refusal } from './errors.ts';
import { type Idempotency, readIdempotencyKey, type StoredAnswer } from './idempotency.ts';
import { type RateLimit, rateHeaders } from './rate-limit.ts';
import { inShape, readJsonText } from './read-request.ts';
import { type Call, honoPath, type Route, type RouteAnswer } from './route.ts';
import { type ApiVersion, headersOf, mediaType, versionOf } from './versions.ts';

export interface MountParts {
  readonly database: Database;
  readonly callers: Callers;
  readonly rateLimit: RateLimit;
  readonly idempotency: Idempotency;
}

export interface Variables {
  requestId: string;
  caller: Caller;
}
export type ApiApp = Hono<{ Variables: Variables }>;
type ApiContext = Context<{ Variables: Variables }>;

export function mount(app: ApiApp, routes: readonly Route[], parts: MountParts): void {
  for (const route of routes) app[route.method](honoPath(route.path), (context) => serve(context, route, parts));
}

async function serve(context: ApiContext, route: Route, parts: MountParts): Promise<Response> {
  const version = versionOf(context.req.header('accept'));
  for (const [name, value] of Object.entries(headersOf(version))) context.header(name, value);
  const caller = context.get('caller');
  const taken = await parts.rateLimit.take(caller.api_key_id);
  for (const [name, value] of Object.entries(rateHeaders(parts.rateLimit.policies, taken))) context.header(name, value);
  if (!taken.allowed) throw refusal('too_many_requests');
  requireScope(caller, route.scope, route.forMerchants);

  const key = readKey(context, route);
  const text = route.body === undefined ? '' : await readJsonText(context);
  const call = (sql: Sql): Call => ({
    params: route.params === undefined ? undefined : paramsIn(route, context.req.param() as Record<string, string>),
    query: inQuery(route, context),
    body: route.body === undefined ? undefined : inShape(route.body, JSON.parse(text)),
    caller,
    requestId: context.get('requestId'),
    sql,
  });
  if (key === null) {
    const { database } = parts;
    // What changes anything is one commit with its audit event.
    const handled =
      route.method === 'get'
        ? route.handle(call(database.sql) as never)
        : database.transaction((sql) => route.handle(call(sql) as never));
    return render(context, version, route, await handled);
  }

  const requestId = context.get('requestId');
  const stored = await parts.idempotency.once(
    // The version belongs to the route: what is repeated is the answer's bytes.
    {
      owner: caller.merchant_id ?? caller.api_key_id,
      route: `${route.name} v${version.number}`,
      key,
      content: `${context.req.path}\n${text}`,
    },
    async (sql) => storedAnswer(version, route, await route.handle(call(sql) as never)),
    (refused) => storedRefusal(refused, requestId),
  );
  if (stored.replayed) context.header('idempotency-replayed', 'true');
  for (const [name, value] of Object.entries(stored.headers)) context.header(name, value);
  return context.body(new Uint8Array(stored.body), stored.status as ContentfulStatusCode);
}

function readKey(context: ApiContext, { idempotency }: Route): string | null {
  if (idempotency === undefined) return null;
  const key = readIdempotencyKey(context.req.header('idempotency-key'));
  if (key === null && idempotency === 'required')
    throw refusal('idempotency_key_missing', [
      { field: 'idempotency-key', problem: 'is needed: send a random one, and the same one again with a repeat' },
    ]);
  return key;
}

/** What cannot be an id names nothing, so it is not found, and never reaches the database. */
function paramsIn(route: Route, params: Record<string, string>): unknown {
  try {
    return inShape(route.params as NonNullable<Route['params']>, params);
  } catch (error) {
    const notFound = route.errors.find((code) => code.endsWith('_not_found'));
    throw error instanceof Refusal && notFound !== undefined ? refusal(notFound) : error;
  }
}

function inQuery(route: Route, context: ApiContext): unknown {
  const given = context.req.queries();
  const repeated = Object.entries(given).find(([, values]) => values.length > 1);
  if (repeated !== undefined)
    throw refusal('field_invalid', [{ field: repeated[0], problem: 'may be given only once' }]);
  if (route.query !== undefined) return inShape(route.query, context.req.query());
  const [unknown] = Object.keys(given);
  if (unknown === undefined) return undefined;
  throw refusal('field_invalid', [{ field: unknown, problem: 'is not a parameter of this request' }]);
}

function bodyIn(version: ApiVersion, { name }: Route, body: object): string {
  return toJson(version.downgrade(name, body));
}

function render(context: ApiContext, version: ApiVersion, route: Route, { status, body }: RouteAnswer): Response {
  const code = status ?? route.answers.status;
  if (body === undefined) return context.body(null, code as 204);
  return context.body(bodyIn(version, route, body), code as 200, { 'content-type': mediaType(version) });
}

function storedAnswer(version: ApiVersion, route: Route, { status, body }: RouteAnswer): StoredAnswer {
  return {
    status: status ?? route.answers.status,
    body: Buffer.from(body === undefined ? '' : bodyIn(version, route, body)),
    headers: { 'content-type': mediaType(version) },
  };
}

function storedRefusal(refused: Refusal, requestId: string): StoredAnswer {
  return {
    status: refused.status,
    body: Buffer.from(JSON.stringify(problemBody(refused, requestId))),
    headers: { 'content-type': 'application/problem+json' },
  };
}
