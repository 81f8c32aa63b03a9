// The origin put together and started: migrate, listen, work in the background; and stopped without losing anything.

import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Counter, Registry } from 'prom-client';
import { type Apps, createApps } from './api/app.ts';
import { type Certificates, peersOf, watchCertificates } from './certificates.ts';
import type { Config } from './config.ts';
import { connectionMetrics } from './connection-bounds.ts';
import { type Database, openDatabase } from './db/client.ts';
import { databaseMetrics } from './db/database-metrics.ts';
import { migratesBy, prepareDatabase } from './db/prepare.ts';
import { createEdgeClient } from './edge/edge-client.ts';
import { measureEdge } from './edge/edge-metrics.ts';
import { watchEventLoop } from './event-loop.ts';
import { createAudit } from './features/audit.ts';
import { createCardEvents } from './features/card-events.ts';
import { createCards } from './features/cards.ts';
import type { Feature } from './features/feature.ts';
import { createIdentity } from './features/identity.ts';
import { createLedger } from './features/ledger.ts';
import { createOpenItems } from './features/open-items.ts';
import { createPayouts } from './features/payouts.ts';
import { createProviders } from './features/providers.ts';
import { createWebhooks, type WebhookParts } from './features/webhooks.ts';
import { listen } from './listen.ts';
import { measureLoops } from './loops.ts';
import { measure } from './metrics.ts';
import { isThisMachine } from './outside.ts';
import { queuesWatchedBy } from './queue-config.ts';
import { createKeyWatch } from './secrets/shown-key.ts';
import { startTracing } from './tracing/start-tracing.ts';

export interface Origin {
  readonly url: string;
  /** Where health, metrics and the edge's pushes are answered: a port of its own, or the same. */
  readonly innerUrl: string;
  /** Finishes what is in hand and takes nothing more. */
  stop(): Promise<void>;
}

export async function startOrigin(given: Config, log: Logger): Promise<Origin> {
  const { config, registry, keyWatch, tracing } = await begin(given, log);
  await prepareDatabase(config, log);

  const watched = watchProcess(registry, config);
  const { database, apiDatabase } = openPools(config, registry, { log, certificates: watched.certificates });
  const { EDGE_URL, INTERNAL_SECRET, EDGE_BUNDLE_SHA256: bundle } = config;
  const edge = createEdgeClient({ url: EDGE_URL, secret: INTERNAL_SECRET, bundle });
  measure(registry, { work: database, api: apiDatabase }, edge);
  measureEdge(registry, edge);
  const features = createFeatures({ config, database, apiDatabase, edge, registry, keyWatch, log });
  const list = Object.values(features);
  const loops = list.flatMap((feature) => feature.loops);
  measureLoops(registry, loops);
  for (const gauge of list.flatMap((feature) => feature.gauges)) gauge(registry);

  let stopping = false;
  const { outer, inner } = createApps({
    ...partsOfApi(features),
    ...{ workDatabase: database, edge, log, registry, loops, gate: config },
    internalSecret: config.INTERNAL_SECRET,
    isLate: () => watched.delayMs() > config.EVENT_LOOP_DELAY_MS_MAX,
    openItemAgeMsMax: config.OPEN_ITEM_AGE_HOURS_MAX * 3_600_000,
    suspenseMax: config.SUSPENSE_MAX,
    isStopping: () => stopping,
  });
  const doors = await openDoors({ outer, inner }, config, registry);
  for (const { beforeLoops, loops: own } of list) {
    await beforeLoops?.();
    for (const loop of own) loop.start();
  }
  const { url, innerUrl } = doors;
  // Nothing waits for it: an edge of another release goes on deciding, and /health says so as long as it does.
  edge.checkBundle().catch((error: unknown) => log.error({ err: error }, 'the edge runs another bundle'));
  log.info(innerUrl === url ? { url } : { url, inner_url: innerUrl }, 'listening');

  return {
    url,
    innerUrl,
    async stop() {
      stopping = true;
      // Whoever balances looks at /readyz, and sends no more before anything is closed.
      await setTimeout(config.STOP_UNREADY_SECONDS * 1_000);
      const stopped = { doors, features, closing: [apiDatabase, database], tracing };
      await inOrder(config.STOP_SECONDS_MAX * 1_000, stepsOf(stopped));
      watched.close();
      log.info('stopped');
    },
  };
}

/**
 * All that the service does. Each stands on those before it: their loops start in this order, and they are closed in the reverse of it.
 */
export function createFeatures(ground: WebhookParts) {
  const identity = createIdentity(ground);
  const audit = createAudit(ground);
  const cardEvents = createCardEvents(ground);
  const cards = createCards({ ...ground, cardEvents });
  const ledger = createLedger(ground);
  const providers = createProviders(ground);
  const webhooks = createWebhooks(ground);
  const payouts = createPayouts({ ...ground, audit, cardEvents, providers });
  const openItems = createOpenItems({ ...ground, cardEvents, providers, payouts });
  return { identity, audit, cardEvents, cards, ledger, providers, webhooks, payouts, openItems } satisfies Record<
    string,
    Feature
  >;
}
type Features = ReturnType<typeof createFeatures>;

/** What the API is made of, as far as features make it. */
export function partsOfApi(features: Features) {
  const { identity, cardEvents, providers, payouts } = features;
  return {
    routes: Object.values(features).flatMap((feature) => feature.routes),
    ...{ mount: identity.mount, access: identity.access, intake: cardEvents.intake, pulls: cardEvents.pulls },
    ...{ listening: providers.listening, engine: payouts.engine },
  };
}

interface Stopped {
  readonly doors: { close(): Promise<unknown> };
  readonly features: Features;
  readonly closing: readonly Database[];
  readonly tracing: { stop(): Promise<unknown> };
}

/**
 * Requests first: each may hold messages that intake must still book to answer for them. Then what works by itself, then each feature
 * before what it stands on, and the database when nobody needs it any more.
 */
function stepsOf({ doors, features, closing, tracing }: Stopped) {
  const loops = Object.values(features).flatMap((feature) => feature.loops);
  return [
    ['requests', () => doors.close()],
    ['loops', () => Promise.all(loops.map((loop) => loop.stop()))],
    ...Object.entries(features)
      .toReversed()
      .map(([name, feature]) => [name, () => feature.close()] as const),
    ['database and traces', () => Promise.all([...closing.map((pool) => pool.close()), tracing.stop()])],
  ] as const;
}

/** One after the other, within a time for all of them; throws what was not over by then. */
async function inOrder(msMax: number, steps: readonly (readonly [string, () => Promise<unknown>])[]): Promise<void> {
  const late = new AbortController();
  const end = setTimeout(msMax, 'late' as const, { signal: late.signal, ref: false });
  // Aborted below, once nobody listens to it.
  end.catch(() => {});
  for (const [name, step] of steps)
    if ((await Promise.race([step(), end])) === 'late')
      throw new Error(`${name}: not over ${msMax / 1_000} s after it was told to stop`);
  late.abort();
}

/** What is there before anything is connected to. */
async function begin(given: Config, log: Logger) {
  const registry = new Registry();
  const keyWatch = createKeyWatch(registry, log);
  const tracing = await startTracing(given, log, keyWatch);
  return { config: { ...given, ...queuesWatchedBy(keyWatch, given) }, registry, keyWatch, tracing };
}

async function openDoors({ outer, inner }: Apps, config: Config, registry: Registry) {
  const { HOST, PORT, INNER_HOST = HOST, INNER_PORT } = config;
  const refusedAt = connectionMetrics(registry);
  // The inner one first: who watches sees the process from its beginning.
  const innerDoor =
    inner === null
      ? null
      : await listen(inner.fetch, { host: INNER_HOST, port: INNER_PORT ?? 0 }, config, refusedAt('inner'));
  const outerDoor = await listen(outer.fetch, { host: HOST, port: PORT }, config, refusedAt('outer'));
  return {
    url: outerDoor.url,
    innerUrl: (innerDoor ?? outerDoor).url,
    close: () => Promise.all([outerDoor.close(), innerDoor?.close()]),
  };
}

/** Of one statement or transaction behind a call of the API: its caller has a 503 a moment later. */
const apiAnswerMsMax = 5_000;

/** Two pools: what partners and operators call has its own, so that it cannot take the connections of intake and the engine. */
function openPools(
  config: Config,
  registry: Registry,
  { log, certificates }: { readonly log: Logger; readonly certificates: Certificates },
): { database: Database; apiDatabase: Database } {
  const waits = new Counter({
    name: 'waits_in_transaction_total',
    help: 'Calls to something outside that were made while a database transaction was open; 0 always: each is a mistake of ours',
    labelNames: ['for'],
    registers: [registry],
  });
  // From the start, so that an alert on their rise sees the first one; a provider's comes with its first.
  for (const what of ['the edge', 'the queue', 'a partner', 'a name server', 'Redis', 'the object store'])
    waits.inc({ for: what }, 0);
  const onWait = (what: string): void => {
    waits.inc({ for: what });
    log.error({ for: what }, 'a database transaction is open while something outside is waited for');
  };
  const options = {
    url: config.DATABASE_URL,
    formerUrl: config.DATABASE_URL_FORMER,
    onIdleError: (error: Error) => log.warn({ err: error }, 'an idle database connection broke'),
    watch: {
      ...databaseMetrics(registry, log),
      connected: (socket: object) => certificates.connected('database', socket),
    },
    ownLogin: migratesBy(config) === 'check',
    ...(config.ENVIRONMENT === 'production'
      ? { onWait, tls: !isThisMachine(new URL(config.DATABASE_URL).hostname) }
      : {}),
  };
  const database = openDatabase({ ...options, poolMax: config.DATABASE_WORK_POOL_MAX });
  const api = { poolMax: config.DATABASE_POOL_MAX, answerMsMax: apiAnswerMsMax, beside: database };
  return { database, apiDatabase: openDatabase({ ...options, ...api }) };
}

/** What is watched for as long as the process runs. */
function watchProcess(registry: Registry, config: Config) {
  const eventLoop = watchEventLoop(registry);
  const certificates = watchCertificates(registry, peersOf(config));
  return {
    delayMs: () => eventLoop.delayMs(),
    certificates,
    close() {
      eventLoop.close();
      certificates.close();
    },
  };
}
