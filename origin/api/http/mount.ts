// Puts routes on the router: version, quota, scope, shape, idempotency, and the answer in its version. What every route has in
// common is here once.

import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { problemBody, Refusal } from '../../../contracts/problem.ts';
import type { Database, Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { createSteps, nextRound } from '../../event-loop.ts';
import { inShape } from '../../in-shape.ts';
import { currentTraceParent } from '../../tracing/spans.ts';
import {
  digest,
  type Idempotency,
  type IdempotentRequest,
  type ReplayableAnswer,
  readIdempotencyKey,
  type StoredAnswer,
} from '../idempotency/idempotency.ts';
import { type Caller, type Callers, requireScope } from '../identity/caller.ts';
import { toJson, toJsonInSteps } from './answer.ts';
import { hasBody } from './body-bytes.ts';
import type { ClientAddress } from './client-address.ts';
import { classOf, longBodyLength, quotaOf } from './cost.ts';
import type { CursorSeal, Whose } from './cursor-seal.ts';
import { type RateLimit, rateHeaders } from './rate-limit.ts';
import { readBody, readJson, refuseCardData, refuseControlCharacters } from './read-request.ts';
import { type Call, honoPath, type Route, type RouteAnswer } from './route.ts';
import { sendBody } from './send-body.ts';
import type { Turns } from './turns.ts';
import { type ApiVersion, headersOf, mediaType, versionOf } from './versions.ts';

export interface MountParts {
  readonly database: Database;
  readonly callers: Callers;
  readonly rateLimit: RateLimit;
  readonly idempotency: Idempotency;
  readonly cursors: CursorSeal;
  readonly turns: Turns;
}

export interface Variables {
  /** Ours. */
  requestId: string;
  /** The caller's own, where it has shown a key. */
  clientRequestId: string | null;
  address: ClientAddress;
  caller: Caller;
  /** Of a route that only looks, whatever its method: a comparison over whole histories comes with a body. */
  isRead: boolean;
}
export type ApiApp = Hono<{ Variables: Variables }>;
type ApiContext = Context<{ Variables: Variables }>;

export function mount(app: ApiApp, routes: readonly Route[], parts: MountParts): void {
  for (const route of routes) {
    const answering = { ...parts, answer: answererOf(route, parts) };
    app[route.method](honoPath(route.path), (context) => serve(context, route, answering));
  }
}

/** Answers what came with a key. */
type Answer = (asked: Asked, request: IdempotentRequest) => Promise<ReplayableAnswer>;

function answererOf(route: Route, { idempotency }: MountParts): Answer {
  const { handleTogether } = route;
  if (handleTogether === undefined) return (asked, request) => answerAlone(asked, request, idempotency);
  const once = idempotency.together<Asked>(async (sql, asked) => {
    const outcomes = await handleTogether(sql, asked.map(({ call }) => call(sql)) as never);
    return asked.map(({ context, version, shown }, index) => {
      const outcome = outcomes[index] ?? new Error('a call was not answered');
      if (outcome instanceof Refusal) return storedRefusal(outcome, context.get('requestId'));
      if (outcome instanceof Error) throw outcome;
      return storedAnswer(version, route, shown(outcome));
    });
  });
  return (asked, request) => once(request, asked);
}

/** One request, as far as it is read before anything is done. */
interface Asked {
  readonly context: ApiContext;
  readonly route: Route;
  readonly version: ApiVersion;
  readonly text: string;
  readonly call: (sql: Sql) => never;
  /** The answer as this caller gets it. */
  readonly shown: (answer: RouteAnswer) => RouteAnswer;
}

async function serve(context: ApiContext, route: Route, parts: MountParts & { answer: Answer }): Promise<Response> {
  const version = versionOf(context.req.header('accept'));
  for (const [name, value] of Object.entries(headersOf(version))) context.header(name, value);
  const caller = context.get('caller');
  const weight = quotaOf(route.cost, context.req.header('content-length'), hasBody(context));
  const taken = await parts.rateLimit.take(caller.api_key_id, weight);
  for (const [name, value] of Object.entries(rateHeaders(parts.rateLimit.policies, taken))) context.header(name, value);
  if (!taken.allowed) throw refusal('too_many_requests');
  requireScope(caller, route.scope, route.forMerchants);
  context.set('isRead', route.scope.endsWith(':read'));
  const tenant = caller.merchant_id ?? caller.api_key_id;
  const turnClass = route.handleTogether === undefined ? classOf(route.cost) : 'together';
  return await parts.turns.take({ tenant, turnClass }, () =>
    serveInTurn(context, route, { ...parts, version, tenant }),
  );
}

type Serving = MountParts & { readonly answer: Answer; readonly version: ApiVersion; readonly tenant: string };

async function serveInTurn(
  context: ApiContext,
  route: Route,
  { version, tenant, ...parts }: Serving,
): Promise<Response> {
  const caller = context.get('caller');

  const key = readKey(context, route);
  // All of the shape is looked at before a key is: a request that was malformed has done nothing, and its key is free still.
  const params =
    route.params === undefined ? undefined : paramsIn(route, context.req.param() as Record<string, string>);
  const whose: Whose = { listing: route.name, caller };
  const query = inQuery(route, context, (given) => parts.cursors.openIn(given, whose));
  const text = route.method === 'get' ? '' : await readBody(context);
  const read = async (between: () => Promise<void>): Promise<unknown> => {
    const value = parts.cursors.openIn(await readJson(context, text, between), whose);
    await between();
    return bodyIn(route, value);
  };
  // A long body computes for milliseconds: one of a tenant at a time, and others' calls between its steps.
  const body =
    text.length < longBodyLength
      ? await read(async () => {})
      : await parts.turns.take({ tenant, turnClass: 'body' }, () => read(nextRound));
  const requestId = context.get('requestId');
  // Taken here: several calls may be answered together, in the course of one of them.
  const traceParent = currentTraceParent();
  const owner = caller.merchant_id ?? caller.api_key_id;
  const keyDigest = key === null ? null : digest(owner, route.name, key);
  const call = (sql: Sql) =>
    ({ params, query, body, caller, requestId, keyDigest, traceParent, sql }) satisfies Call as never;
  const shown = (answer: RouteAnswer): RouteAnswer =>
    answer.body === undefined ? answer : { ...answer, body: parts.cursors.sealIn(answer.body, whose) };
  const asked: Asked = { context, route, version, text, call, shown };
  return key === null ? await answerOnce(asked, parts) : await answerByKey(asked, parts.answer, key);
}

async function answerOnce(
  { context, route, version, call, shown }: Asked,
  { database }: MountParts,
): Promise<Response> {
  // What changes anything is one commit with its audit event.
  const { body, afterCommit } =
    route.method === 'get' || route.commitsItself
      ? await route.handle(call(database.sql))
      : await database.transaction((sql) => route.handle(call(sql)));
  const answered = shown({ body: (await afterCommit?.()) ?? body } as RouteAnswer).body;
  const { status } = route.answers;
  if (answered === undefined) return context.body(null, status as 204);
  const text =
    classOf(route.cost) === 'page' ? await pageText(version, route, answered) : textIn(version, route, answered);
  return sendBody(context, text, { status, headers: { 'content-type': mediaType(version) } });
}

async function answerByKey(asked: Asked, answer: Answer, key: string): Promise<Response> {
  const { context, route, text } = asked;
  const { merchant_id, api_key_id } = context.get('caller');
  // Not the version: the same key in another version is the same request, and gets the answer that there is.
  const content = `${context.req.path}\n${text}`;
  const request = { owner: merchant_id ?? api_key_id, route: route.name, key, content };
  const { status, headers, body, replayed } = await answer(asked, request);
  if (replayed) context.header('idempotency-replayed', 'true');
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
  return sendBody(context, new Uint8Array(body), { status });
}

async function answerAlone(
  { context, route, version, call, shown }: Asked,
  request: IdempotentRequest,
  idempotency: Idempotency,
): Promise<ReplayableAnswer> {
  let afterCommit: RouteAnswer['afterCommit'];
  const answered = await idempotency.once(
    request,
    async (sql) => {
      const handled = await route.handle(call(sql));
      afterCommit = handled.afterCommit;
      return storedAnswer(version, route, shown(handled));
    },
    (refused) => storedRefusal(refused, context.get('requestId')),
  );
  await afterCommit?.();
  return answered;
}

function readKey(context: ApiContext, { idempotency }: Route): string | null {
  if (idempotency === undefined) return null;
  const key = readIdempotencyKey(context.req.header('idempotency-key'));
  // Only its digest is kept, from which a number of so few digits can be found again.
  refuseCardData('api_header', { 'idempotency-key': key });
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

function inQuery(route: Route, context: ApiContext, opened: <T>(given: T) => T): unknown {
  refuseControlCharacters(context.req.query());
  refuseCardData('api_query', context.req.query());
  const given = context.req.queries();
  const repeated = Object.entries(given).find(([, values]) => values.length > 1);
  if (repeated !== undefined)
    throw refusal('field_invalid', [{ field: repeated[0], problem: 'may be given only once' }]);
  if (route.query !== undefined) {
    refuseOddNumbers(route.query, context.req.query());
    return inShape(route.query, opened(context.req.query()));
  }
  const [unknown] = Object.keys(given);
  if (unknown === undefined) return undefined;
  throw refusal('field_invalid', [{ field: unknown, problem: 'is not a parameter of this request' }]);
}

/** In digits alone: `1e1`, `0x10`, `+5`, ` 5` and `005` are numbers to a library, and a slip or a probe to everybody else. */
function refuseOddNumbers(query: NonNullable<Route['query']>, given: Readonly<Record<string, string>>): void {
  const { shape = {} } = query as { shape?: Readonly<Record<string, z.core.$ZodType>> };
  for (const [field, text] of Object.entries(given))
    if (Object.hasOwn(shape, field) && isNumber(shape[field]) && !/^(?:0|-?[1-9]\d{0,15})$/.test(text))
      throw refusal('field_invalid', [{ field, problem: 'must be a whole number in digits' }]);
}

function isNumber(schema: z.core.$ZodType | undefined): boolean {
  if (schema === undefined) return false;
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return innerType === undefined ? schema._zod.def.type === 'number' : isNumber(innerType);
}

/** What many clients send where there is nothing to say. */
const nothing = z.strictObject({});

function bodyIn({ body }: Route, value: unknown): unknown {
  if (body !== undefined) {
    if (value === undefined) throw refusal('body_malformed');
    return inShape(body, value);
  }
  if (value !== undefined) inShape(nothing, value);
  return undefined;
}

function textIn(version: ApiVersion, { name }: Route, body: object): string {
  return toJson(version.downgrade(name, body));
}

/** The driver has just made objects of many rows, and text is made of them next: others' calls come in between. */
async function pageText(version: ApiVersion, { name }: Route, body: object): Promise<string> {
  await nextRound();
  return await toJsonInSteps(version.downgrade(name, body) as object, createSteps());
}

function storedAnswer(version: ApiVersion, route: Route, { body }: RouteAnswer): StoredAnswer {
  return {
    status: route.answers.status,
    body: Buffer.from(body === undefined ? '' : textIn(version, route, body)),
    headers: { ...headersOf(version), 'content-type': mediaType(version) },
  };
}

function storedRefusal(refused: Refusal, requestId: string): StoredAnswer {
  return {
    status: refused.status,
    body: Buffer.from(JSON.stringify(problemBody(refused, requestId))),
    headers: { 'content-type': 'application/problem+json' },
  };
}
