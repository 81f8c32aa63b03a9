// What is done with every request before its route: an id of ours, its address, its headers, and how a refusal looks. The caller's own
// X-Request-Id is text of a stranger until a key was shown: it names nothing in our log or trail, and is kept beside our id once
// its caller is known.

import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import { newId } from '../../../contracts/ids.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { isDatabaseAway } from '../../db/away.ts';
import { refusal } from '../../errors.ts';
import type { Callers } from '../identity/caller.ts';
import type { CountRefused } from '../identity/refused-access.ts';
import { answerRefusal } from './answer.ts';
import { cameByHttps, clientAddressOf, hashOfDay } from './client-address.ts';
import type { Variables } from './mount.ts';
import { refuseCardData } from './read-request.ts';

type Bound = { Variables: Variables };
type Middleware = MiddlewareHandler<Bound>;

export interface DoorParts {
  readonly callers: Callers;
  readonly log: Logger;
  readonly countRefused: CountRefused;
  readonly countException: () => void;
  readonly ownProxies: Parameters<typeof clientAddressOf>[1];
  /** Of the service: keys the hash of addresses in logs. */
  readonly secret: string;
}

export function nameRequest({ ownProxies }: DoorParts): Middleware {
  return async (context, next) => {
    const requestId = newId('req');
    context.set('requestId', requestId);
    context.set('clientRequestId', null);
    context.set('address', clientAddressOf(context, ownProxies));
    await next();
    // On the answer that there is: Hono's own `header` makes it anew for each, as a stream, which cost a quarter of a read's time.
    const { headers } = context.res;
    headers.set('x-request-id', requestId);
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    headers.set('x-content-type-options', 'nosniff');
    if (cameByHttps(context, ownProxies))
      headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  };
}

/**
 * Where the process is so late that callers would feel it, they are told at once to come back, and what is in hand gets done. Not before
 * health, and not before what the edge and providers bring: those would only bring it again.
 */
export function shedLoad(isLate: () => boolean): Middleware {
  return async (_, next) => {
    if (isLate()) throw refusal('overloaded');
    await next();
  };
}

/** Everything behind it needs a key, a path that does not exist too. */
export function requireKey({ callers }: DoorParts): Middleware {
  return async (context, next) => {
    // On refusals too: another version may be answered otherwise. And long answers are compressed for who takes them so.
    context.header('vary', 'Accept, Accept-Encoding');
    context.set('caller', await callers.identify(context.req.header('authorization'), context.get('address')));
    const clientRequestId = readClientRequestId(context.req.header('x-request-id'));
    context.set('clientRequestId', clientRequestId);
    if (clientRequestId !== null) context.header('x-client-request-id', clientRequestId);
    await next();
  };
}

/** What is no id is left out; what may be a card number is refused, so that nobody believes that it was kept. */
function readClientRequestId(given: string | undefined): string | null {
  if (given === undefined) return null;
  refuseCardData('api_header', { 'x-request-id': given });
  return /^[\w-]{8,64}$/.test(given) ? given : null;
}

export function answerError({ log, countRefused, countException, secret }: DoorParts) {
  return (error: Error, context: Context<Bound>): Response => {
    const request_id = context.get('requestId');
    const refused = error instanceof Refusal ? error : failureOf(error);
    const { method } = context.req;
    if (refused.error_code === 'internal_error') countException();
    if (refused !== error) {
      const client_request_id = context.get('clientRequestId') ?? undefined;
      log.error({ err: error, request_id, client_request_id, method, status: refused.status }, 'a request failed');
    }
    countRefused(refused, () => ({
      request_id,
      method,
      api_key_id: context.get('caller')?.api_key_id ?? null,
      address_hash: hashOfDay(context.get('address'), secret, Date.now()),
    }));
    return answerRefusal(context, refused, request_id);
  };
}

/** A database that is away comes back: the caller may try again. Anything else is ours to mend. */
function failureOf(error: Error): Refusal {
  return refusal(isDatabaseAway(error) ? 'database_unavailable' : 'internal_error');
}
