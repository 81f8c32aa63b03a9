// The origin's API: its routes read as a table of contents, errors are rendered once.

import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { newId } from '../../contracts/ids.ts';
import { Refusal } from '../../contracts/problem.ts';
import type { Database } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { Outbox } from '../edge/outbox.ts';
import type { Intake } from '../intake/intake.ts';
import type { SecondHalf } from '../second-half.ts';
import { answerRefusal } from './answer.ts';
import { cardHalfRoutes } from './card-half.ts';
import { deliverCardEvents } from './deliver-card-events.ts';
import { mountDocs } from './docs.ts';
import { refusal } from './errors.ts';
import { type HealthParts, health, livez, readyz } from './health.ts';
import { httpMetrics } from './http-metrics.ts';
import { type ApiApp, mount } from './mount.ts';
import { takeProviderWebhook } from './take-provider-webhook.ts';

export interface AppParts extends Omit<HealthParts, 'database'> {
  /** For the routes that partners and operators call. */
  readonly database: Database;
  /** For what comes from the edge and from providers, and for health: calls of the API cannot take its connections. */
  readonly workDatabase: Database;
  readonly intake: Pick<Intake, 'take'>;
  readonly outbox: Outbox;
  readonly edge: EdgeClient;
  readonly log: Logger;
  readonly registry: Registry;
  readonly secondHalf: Pick<
    SecondHalf,
    'routes' | 'mount' | 'providers' | 'listening' | 'engine' | 'readBankFileAgain'
  >;
  readonly internalSecret: string;
}

export type App = ApiApp;

export function createApp(parts: AppParts): App {
  const { workDatabase, log, registry, intake, internalSecret, secondHalf } = parts;
  const looked = { ...parts, database: workDatabase };
  const { callers } = secondHalf.mount;
  const app: App = new Hono();
  app.use(httpMetrics(registry));
  app.use(async (context, next) => {
    const given = context.req.header('x-request-id') ?? '';
    const requestId = /^[\w-]{8,64}$/.test(given) ? given : newId('req');
    context.set('requestId', requestId);
    await next();
    context.header('x-request-id', requestId);
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
  });

  app.get('/livez', livez);
  app.get('/readyz', readyz(looked));
  app.get('/health', health(looked));
  app.get('/metrics', async (context) =>
    context.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  app.post('/internal/card-events', deliverCardEvents({ intake, secret: internalSecret }));

  app.post(
    '/provider-webhooks/:provider',
    takeProviderWebhook({ database: workDatabase, registry, providers: secondHalf.listening }),
  );
  const routes = [
    ...secondHalf.routes,
    ...cardHalfRoutes({ ...parts, readBankFileAgain: secondHalf.readBankFileAgain }),
  ];
  mountDocs(app, routes);

  // Everything below needs a key, a path that does not exist too.
  app.use(async (context, next) => {
    // On refusals too: another version may be answered otherwise.
    context.header('vary', 'Accept');
    context.set('caller', await callers.identify(context.req.header('authorization')));
    await next();
  });
  mount(app, routes, secondHalf.mount);

  app.notFound((context) => answerRefusal(context, refusal('route_not_found'), context.get('requestId')));
  app.onError((error, context) => {
    const request_id = context.get('requestId');
    const refused = error instanceof Refusal ? error : failureOf(error);
    const { method } = context.req;
    if (refused !== error) log.error({ err: error, request_id, method, status: refused.status }, 'a request failed');
    if (refused.status === 401 || refused.status === 403) {
      const api_key_id = context.get('caller')?.api_key_id ?? null;
      log.warn({ request_id, method, status: refused.status, api_key_id }, 'access was refused');
    }
    return answerRefusal(context, refused, request_id);
  });
  return app;
}

/** A database that is away comes back: the caller may try again. Anything else is ours to mend. */
function failureOf(error: Error): Refusal {
  const text = `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
  const away =
    /timeout exceeded when trying to connect|Connection terminated|ECONNREFUSED|57P0[123]|starting up|shutting down/;
  return refusal(away.test(text) ? 'database_unavailable' : 'internal_error');
}
