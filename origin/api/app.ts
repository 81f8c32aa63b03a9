// The origin's API: its routes read as a table of contents, errors are rendered once. It has two doors: the outer one for partners,
// operators and providers, the inner one for what only our own halves and our monitoring ask. Where no port is set for
// the inner one, both are answered at one port.

import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { AccessRecords } from '../access/access-records.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/client.ts';
import type { Intake } from '../intake/intake.ts';
import { asksForOpenMetrics, openMetricsOf } from '../open-metrics.ts';
import type { Provider } from '../providers/provider.ts';
import { isTracing } from '../tracing/spans.ts';
import { deliverCardEvents } from './cards/deliver-card-events.ts';
import { type Docs, makeDocs, mountDocs } from './http/docs.ts';
import { answerError, type DoorParts, nameRequest, requireKey, shedLoad } from './http/door.ts';
import { exceptionMetrics, httpMetrics } from './http/http-metrics.ts';
import { type ApiApp, type MountParts, mount } from './http/mount.ts';
import { mountOtherMethods, otherMethods } from './http/other-methods.ts';
import { requirePlainHead } from './http/plain-head.ts';
import { mountRoot } from './http/root.ts';
import type { Route } from './http/route.ts';
import { mountSecurityContact } from './http/security-contact.ts';
import { traceRequests } from './http/trace-requests.ts';
import { cached } from './idempotency/cached-answer.ts';
import { createRefusedAccess } from './identity/refused-access.ts';
import { watchAccess } from './identity/watch-access.ts';
import { type HealthParts, health, livez, readyz } from './operations/health.ts';
import { takeProviderWebhook } from './settlements/take-provider-webhook.ts';

export interface AppParts extends Omit<HealthParts, 'database'> {
  /** What partners and operators call, of every feature, and what it is mounted with. */
  readonly routes: readonly Route[];
  readonly mount: MountParts;
  /** For what comes from the edge and from providers, and for health: calls of the API cannot take its connections. */
  readonly workDatabase: Database;
  readonly access: AccessRecords;
  readonly intake: Pick<Intake, 'take'>;
  /** Providers whose webhooks are taken. */
  readonly listening: readonly Provider[];
  readonly log: Logger;
  readonly registry: Registry;
  readonly internalSecret: string;
  readonly gate: Pick<Config, 'TRUSTED_PROXIES' | 'INNER_PORT' | 'DOCS' | 'SECURITY_CONTACT'>;
  /** Whether the event loop is later than it may be. */
  readonly isLate: () => boolean;
  /** For tests. */
  readonly timing?: {
    /** How long refusals of one kind are gathered for one line of the log. */
    readonly refusedSampleMs: number;
    /** Health and metrics are made once in so long, however often they are asked for. */
    readonly looksTtlMs: number;
  };
}

export type App = ApiApp;

export interface Apps {
  readonly outer: App;
  /** Null: the outer one answers for both. */
  readonly inner: App | null;
}

const timingDefault: NonNullable<AppParts['timing']> = { refusedSampleMs: 10_000, looksTtlMs: 1_000 };

export function createApps(parts: AppParts): Apps {
  const { log, registry, routes, gate, internalSecret: secret, timing = timingDefault } = parts;
  const door: DoorParts = {
    ...{ callers: parts.mount.callers, log, ownProxies: gate.TRUSTED_PROXIES, secret },
    countRefused: createRefusedAccess(registry, log, timing.refusedSampleMs),
    countException: exceptionMetrics(registry),
  };
  const docs = makeDocs(routes);
  const measured = httpMetrics(registry);
  const looks = createLooks(parts, timing.looksTtlMs);
  const begin = (): App => {
    const app: App = new Hono();
    if (isTracing()) app.use(traceRequests());
    app.use(measured, nameRequest(door), requirePlainHead(), watchAccess(parts.access));
    app.get('/livez', livez);
    app.get('/readyz', looks.readyz);
    return app;
  };
  const end = (app: App): App => {
    app.notFound(otherMethods(app));
    app.onError(answerError(door));
    return app;
  };

  const outer = begin();
  mountSecurityContact(outer, gate.SECURITY_CONTACT);
  const inner = gate.INNER_PORT === undefined ? null : begin();
  mountInner(inner ?? outer, parts, looks);
  if (inner !== null || gate.DOCS === 'inner') mountDocs(inner ?? outer, docs);
  mountOuter(outer, parts, { docs: gate.DOCS === 'public' ? docs : null, door });
  return { outer: end(outer), inner: inner === null ? null : end(inner) };
}

/** Plain text, or OpenMetrics for who asks for it, each made once in a while. */
function looksOfMetrics(registry: Registry, ttlMs: number) {
  const plain = cached(
    async (context) => context.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
    { ttlMs },
  );
  const open = cached(
    async (context) => {
      const { text, type } = await openMetricsOf(registry);
      return context.text(text, 200, { 'content-type': type });
    },
    { ttlMs },
  );
  return (context: Context) => (asksForOpenMetrics(context.req.header('accept')) ? open(context) : plain(context));
}

function createLooks(parts: AppParts, ttlMs: number) {
  const looked = { ...parts, database: parts.workDatabase };
  const { registry, isStopping } = parts;
  return {
    readyz: cached(readyz(looked), { ttlMs, isOver: isStopping }),
    health: cached(health(looked), { ttlMs, isOver: isStopping }),
    metrics: looksOfMetrics(registry, ttlMs),
  };
}

function mountInner(app: App, parts: AppParts, looks: ReturnType<typeof createLooks>): void {
  app.get('/health', looks.health);
  app.get('/metrics', looks.metrics);
  // Where the origin pulls, nobody pushes: there is no such path.
  if (parts.pulls.length === 0)
    app.post('/internal/card-events', deliverCardEvents({ intake: parts.intake, secret: parts.internalSecret }));
}

interface Outer {
  readonly docs: Docs | null;
  readonly door: DoorParts;
}

function mountOuter(
  app: App,
  { workDatabase, registry, listening, routes, mount: mounted, isLate }: AppParts,
  { docs, door }: Outer,
): void {
  app.post(
    '/provider-webhooks/:provider',
    takeProviderWebhook({ database: workDatabase, registry, providers: listening }),
  );
  if (docs !== null) mountDocs(app, docs);
  mountRoot(app, { hasDocs: docs !== null });
  mountOtherMethods(app);
  app.use(shedLoad(isLate), requireKey(door));
  mount(app, routes, mounted);
}
