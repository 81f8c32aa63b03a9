// A route of the API as data: what it takes, answers and needs. The router, the document and the tests are made of the same
// table, so that none can miss what another has.

import type * as z from 'zod';
import type { Refusal } from '../../../contracts/problem.ts';
import type { Doer } from '../../audit/audit-event.ts';
import type { Sql } from '../../db/client.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Caller, Scope } from '../identity/caller.ts';
import type { Cost } from './cost.ts';

type Schema = z.core.$ZodType;
type Output<S extends Schema | undefined> = S extends Schema ? z.output<S> : undefined;

export interface Call<
  P extends Schema | undefined = Schema | undefined,
  Q extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
> {
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
  readonly caller: Caller;
  /** Names this request in logs, audit events and answers. */
  readonly requestId: string;
  /** Of the idempotency key, within its owner and route; null: it came without one. */
  readonly keyDigest: Uint8Array | null;
  /** The request's own span, as a `traceparent`; null: it is not traced. */
  readonly traceParent: string | null;
  /** One transaction, with the idempotency key's row in it, for what changes anything; the pool for the rest. */
  readonly sql: Sql;
}

/** Who does it, as the audit trail names them. */
export function doerOf({ caller, requestId }: Pick<Call, 'caller' | 'requestId'>): Doer {
  return { actor: caller.api_key_id, correlation_id: requestId };
}

export interface RouteAnswer {
  readonly body?: object;
  /**
   * What can be done only once the change is committed, before it is answered. What it returns is answered instead, unless an
   * idempotency key has the answer stored already: a repeat gets the same bytes.
   */
  readonly afterCommit?: () => Promise<object | null>;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/settlements/{settlement_id}`. */
  readonly path: string;
  /** What it is called in the document and the SDK: `createSettlement`. */
  readonly name: string;
  /** What one call costs at most: see cost.ts. */
  readonly cost: Cost;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly scope: Scope;
  /** Whether a merchant's own key may call it; without it the route is the operator's. */
  readonly forMerchants: boolean;
  /**
   * Takes an Idempotency-Key; `required`: does not do without. Never where the answer shows a secret: what a repeat gets is
   * stored, and secrets are not.
   */
  readonly idempotency?: 'required' | 'optional';
  /** Changes nothing, or commits by itself in several steps: the call's `sql` is the pool. */
  readonly commitsItself?: true;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  readonly answers: { readonly status: 200 | 201 | 202 | 204; readonly schema?: Schema; readonly description: string };
  /** Errors of its own, beside those that every route has. */
  readonly errors: readonly ErrorCode[];
  readonly handle: (call: never) => Promise<RouteAnswer>;
  /**
   * Many calls with a key in one transaction, each with an answer or a refusal of its own: for a route that is so busy, and
   * whose effect locks what all need, that a commit each would be too many. Needs `idempotency: 'required'`.
   */
  readonly handleTogether?: (sql: Sql, calls: never) => Promise<readonly (RouteAnswer | Refusal)[]>;
}

/** Ties the handler's types to the schemas; changes nothing. */
export function route<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(
  definition: Omit<Route, 'params' | 'query' | 'body' | 'handle' | 'handleTogether'> & {
    params?: P;
    query?: Q;
    body?: B;
    handle: (call: Call<P, Q, B>) => Promise<RouteAnswer>;
    handleTogether?: (sql: Sql, calls: readonly Call<P, Q, B>[]) => Promise<readonly (RouteAnswer | Refusal)[]>;
  },
): Route {
  return definition as unknown as Route;
}

/** The router's spelling of a path. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
