// The second half put together: providers behind their guards, the engine, the schedule, webhooks to partners, and the routes
// that partners call.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { type AccessRecords, createAccessRecords } from './access/access-records.ts';
import { createCursorSeal } from './api/http/cursor-seal.ts';
import type { MountParts } from './api/http/mount.ts';
import { openRedis } from './api/http/open-redis.ts';
import { createLocalRateLimit, createRedisRateLimit, policiesOf } from './api/http/rate-limit.ts';
import { createRedisGuard } from './api/http/redis-guard.ts';
import type { Route } from './api/http/route.ts';
import { createTurns } from './api/http/turns.ts';
import { createAnswerCache } from './api/idempotency/answer-cache.ts';
import { createIdempotency } from './api/idempotency/idempotency.ts';
import { createReaper } from './api/idempotency/reaper.ts';
import { apiKeyRoutes } from './api/identity/api-keys.ts';
import { createCallers } from './api/identity/caller.ts';
import { createGuesses } from './api/identity/guesses.ts';
import { auditRoutes } from './api/operations/audit-events.ts';
import { merchantRoutes } from './api/settlements/merchants.ts';
import { settlementDeadLetterRoutes } from './api/settlements/settlement-dead-letters.ts';
import { settlementTransfers } from './api/settlements/settlement-transfers.ts';
import { settlementRoutes } from './api/settlements/settlements.ts';
import { unassignedClearings } from './api/settlements/unassigned-clearings.ts';
import { webhookEndpointRoutes } from './api/webhooks/webhook-endpoints.ts';
import { webhookMessageRoutes } from './api/webhooks/webhook-messages.ts';
import { newestCheckpoint } from './audit/checkpoint.ts';
import { createCheckpointLoop } from './audit/checkpoint-loop.ts';
import { noteIfSetBack } from './audit/database-set-back.ts';
import { createExportLoop } from './audit/export-loop.ts';
import { readSigningKeys } from './audit/signing-key.ts';
import type { Config } from './config.ts';
import type { Database } from './db/client.ts';
import type { DeadQueueMetrics } from './intake/dead-queue.ts';
import type { QueueMetrics } from './intake/queue-metrics.ts';
import type { Loop } from './loop.ts';
import { createDelivery } from './notify/delivery.ts';
import { createLookAt } from './notify/looks.ts';
import { createNotifyMetrics } from './notify/notify-metrics.ts';
import { createSafeFetch, type Resolve } from './notify/safe-fetch.ts';
import { createSecretBox } from './notify/secret-box.ts';
import { openObjectStore } from './object-store/open-object-store.ts';
import type { ActionParts } from './open-items/action.ts';
import { type GuardedProvider, guarded } from './providers/guarded.ts';
import { createFileAgain, createInboxLoop } from './providers/iso20022/inbox-loop.ts';
import { createIso20022Provider, type Iso20022Provider } from './providers/iso20022/iso20022.ts';
import type { Provider } from './providers/provider.ts';
import { createProviderMetrics } from './providers/provider-metrics.ts';
import { createSimulatedProvider } from './providers/simulated.ts';
import { createStripeProvider } from './providers/stripe.ts';
import { createRetentionLoop } from './retention/remove-old.ts';
import { keysFor, sealingKeys } from './secrets/sealing-keys.ts';
import type { KeyWatch } from './secrets/shown-key.ts';
import { createAccrualLoop } from './settlement/accrual-loop.ts';
import { SettlementEngine } from './settlement/engine.ts';
import { createSchedule } from './settlement/runs.ts';
import { createSettlementMetrics } from './settlement/settlement-metrics.ts';
import { createDeadSettlementQueue, createSettlementQueue } from './settlement/settlement-queue.ts';
import { type ProviderName, providerNames, readDebtors } from './settlement-config.ts';

export interface SecondHalf {
  readonly routes: readonly Route[];
  readonly mount: MountParts;
  readonly access: AccessRecords;
  readonly providers: readonly GuardedProvider[];
  /** Whose messages are read: those that pay, and those that may still have payments under way. */
  readonly listening: readonly Provider[];
  readonly engine: SettlementEngine;
  readonly loops: readonly Loop[];
  /** Looks whether the database was set back, so that nothing is paid before that is known. */
  readonly beforePayouts: () => Promise<void>;
  /** Null: no provider here has bank files. */
  readonly readBankFileAgain: ActionParts['readBankFileAgain'];
  close(): Promise<void>;
}

export interface SecondHalfParts {
  readonly config: Config;
  /** The engine's and the loops'. */
  readonly database: Database;
  /** A pool of its own for what partners and operators call, so that no number of calls leaves the loops without a connection. */
  readonly apiDatabase: Database;
  /** How names are resolved, where it is not by the system's name servers: in tests. */
  readonly resolve?: Resolve;
  readonly registry: Registry;
  /** Of the queues that are pulled; made once for both halves. */
  readonly queues?: QueueMetrics;
  readonly deadQueues?: DeadQueueMetrics;
  /** Of keys that we show, made once for both halves. */
  readonly keyWatch?: KeyWatch;
  readonly log: Logger;
}

export function createSecondHalf(parts: SecondHalfParts): SecondHalf {
  const { config, database, apiDatabase, registry, log, resolve } = parts;
  const { keyWatch } = parts;
  const providerMetrics = createProviderMetrics(registry);
  const behind = config.SETTLEMENT_PROVIDERS.map((name) => createProvider(name, config, keyWatch));
  const providers = behind.map((provider) =>
    guarded(provider, {
      metrics: providerMetrics,
      log,
      // A bank file is one exchange for as many as wait for it.
      ...(provider.name === 'iso20022' ? { submissions: { concurrencyMax: 1_000, queueMax: 1_000 } } : {}),
    }),
  );
  const listening = listenersOf(parts);
  const inboxes = [...behind, ...listening].filter((provider) => 'readInbox' in provider) as Iso20022Provider[];
  const engine = new SettlementEngine({ database, providers, log, metrics: createSettlementMetrics(registry) });
  const fetch = createSafeFetch({
    development: config.WEBHOOK_LOOPBACK === 'allowed',
    ...(resolve === undefined ? {} : { resolve }),
  });
  const box = createSecretBox(sealingKeys(config));
  const delivery = createDelivery({ database, box, fetch, log, metrics: createNotifyMetrics(registry, database) });
  const mount = mountParts(parts);
  const access = createAccessRecords({ database, log });
  const [files] = inboxes;
  const bounds = { perCard: config.UNAPPROVED_PER_CARD_MAX, perNetwork: config.UNAPPROVED_PER_NETWORK_MAX };
  return {
    beforePayouts: () => lookIfSetBack(parts),
    readBankFileAgain: files === undefined ? null : createFileAgain({ provider: files, database }),
    routes: [
      ...settlementRoutes(providers, config.IDEMPOTENCY_HOURS * 3_600_000),
      settlementTransfers,
      ...merchantRoutes((name, destination) => problemOfDestination(providers, name, destination)),
      unassignedClearings,
      ...webhookEndpointRoutes({ database: apiDatabase, box, lookAt: createLookAt(fetch) }),
      ...webhookMessageRoutes,
      ...settlementDeadLetterRoutes,
      ...apiKeyRoutes(mount.callers),
      ...auditRoutes,
    ],
    mount,
    access,
    providers,
    listening: [...providers, ...listening],
    engine,
    loops: [
      createAccrualLoop({ database, log, unassigned: config.UNASSIGNED_CLEARINGS, bounds }),
      createSchedule({ database, log, providers, bounds }),
      createReaper({ sql: database.sql, registry, log }),
      ...checkpointLoops(parts),
      access.loop,
      createRetentionLoop({ database, registry, log }),
      delivery,
      ...inboxes.map((provider) => createInboxLoop({ provider, database, log })),
      ...queueLoops(parts, providers),
    ],
    async close() {
      await access.close();
      await fetch.close();
      await Promise.all([...providers, ...listening].map((provider) => provider.close?.()));
    },
  };
}

/** Requests for settlements, and the dead queue behind them. */
function queueLoops({ config, database, log, ...parts }: SecondHalfParts, providers: readonly Provider[]): Loop[] {
  const { settlementQueue: queue, deadQueues } = config;
  // Before anything of it is counted: without a queue there is no series of one.
  if (queue === null) return [];
  const pull = createSettlementQueue({ queue, database, log, providers, watch: parts.queues?.('settlements') });
  const [dead, metrics] = [deadQueues.settlements, parts.deadQueues];
  if (dead === null || metrics === undefined) return [pull];
  return [pull, createDeadSettlementQueue({ queue: dead, database, log, providers, metrics })];
}

/** None where no place for checkpoints is set, which production does not start without. */
function checkpointsOf({ config, keyWatch }: SecondHalfParts) {
  const { AUDIT_CHECKPOINTS: place, AUDIT_SIGNING_KEY: key } = config;
  if (place === undefined || key === undefined) return null;
  const store = openObjectStore({ setting: 'AUDIT_CHECKPOINTS', place }, config, keyWatch);
  return { store, keys: readSigningKeys('AUDIT_SIGNING_KEY', key) };
}

function checkpointLoops(parts: SecondHalfParts): Loop[] {
  const { database, log } = parts;
  const checkpoints = checkpointsOf(parts);
  if (checkpoints === null) return [];
  const { store, keys } = checkpoints;
  return [createCheckpointLoop({ database, store, keys, log }), createExportLoop({ database, store, log })];
}

/** A place that cannot be reached stops nobody: the loop of checkpoints looks again. */
async function lookIfSetBack(parts: SecondHalfParts): Promise<void> {
  const { database, log } = parts;
  const checkpoints = checkpointsOf(parts);
  if (checkpoints === null) return;
  try {
    const newest = await newestCheckpoint(checkpoints.store, checkpoints.keys);
    if (newest !== null) await noteIfSetBack(database.sql, newest.checkpoint);
  } catch (error) {
    log.error({ err: error }, 'whether the database was set back could not be looked at');
  }
}

function mountParts({ config, apiDatabase: database, registry, log, keyWatch }: SecondHalfParts): MountParts {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config;
  const redis = url && token ? openRedis({ url, token, keyWatch }) : null;
  const guard = createRedisGuard(registry);
  const policies = policiesOf(config.RATE_LIMIT_PER_MINUTE, config.RATE_LIMIT_BURST_PER_SECOND);
  const hits = new Counter({
    name: 'idempotency_cache_hits_total',
    help: 'Repeats answered with the first answer, by who remembered it',
    labelNames: ['where'],
    registers: [registry],
  });
  for (const where of ['cache', 'database']) hits.inc({ where }, 0);
  return {
    database,
    turns: createTurns(registry, { burst: config.RATE_LIMIT_BURST_PER_SECOND }),
    cursors: createCursorSeal(createSecretBox(keysFor('cursors', sealingKeys(config)))),
    callers: createCallers({
      sql: database.sql,
      rootKeys: config.API_KEY,
      guesses: createGuesses({
        perAddressPerMinute: config.WRONG_KEYS_PER_ADDRESS_PER_MINUTE,
        allPerMinute: config.WRONG_KEYS_PER_MINUTE,
      }),
    }),
    rateLimit: redis === null ? createLocalRateLimit(policies) : createRedisRateLimit({ redis, guard, policies, log }),
    idempotency: createIdempotency({
      database,
      cache: redis === null ? null : createAnswerCache(redis, guard, log),
      ttlMs: config.IDEMPOTENCY_HOURS * 3_600_000,
      sealingKeys: keysFor('idempotent answers', sealingKeys(config)),
      onHit: (where) => hits.inc({ where }),
    }),
  };
}

/**
 * Providers that are not in SETTLEMENT_PROVIDERS (any more) and whose settings are still there: nothing is sent to them, and what
 * they say of payments that are under way is kept and taken.
 */
function listenersOf({ config, log, keyWatch }: SecondHalfParts): Provider[] {
  const isLeft = (name: ProviderName) =>
    !config.SETTLEMENT_PROVIDERS.includes(name) && settingsOf[name].every((setting) => isSet(config[setting]));
  return providerNames.filter(isLeft).flatMap((name) => {
    try {
      return [createProvider(name, config, keyWatch)];
    } catch (error) {
      // Settings that are only left over must not keep the service from starting.
      log.error({ psp: name, err: error }, 'the messages of a provider that is not configured cannot be read');
      return [];
    }
  });
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** What each needs to read messages. */
const settingsOf = {
  simulated: ['SIMULATED_PROVIDER_URL', 'SIMULATED_PROVIDER_WEBHOOK_SECRETS'],
  simulated_secondary: ['SIMULATED_SECONDARY_URL', 'SIMULATED_PROVIDER_WEBHOOK_SECRETS'],
  stripe: ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRETS'],
  iso20022: ['ISO20022_DIRECTORY', 'ISO20022_DEBTORS_FILE'],
} as const satisfies Record<ProviderName, readonly (keyof Config)[]>;

function createProvider(name: ProviderName, config: Config, keyWatch: KeyWatch | undefined): Provider {
  switch (name) {
    case 'simulated':
    case 'simulated_secondary':
      return createSimulatedProvider({
        name,
        url: (name === 'simulated' ? config.SIMULATED_PROVIDER_URL : config.SIMULATED_SECONDARY_URL) ?? '',
        apiKey: config.SIMULATED_PROVIDER_KEY ?? '',
        keyWatch,
        webhookSecrets: config.SIMULATED_PROVIDER_WEBHOOK_SECRETS,
      });
    case 'stripe':
      return createStripeProvider({
        apiKey: config.STRIPE_API_KEY ?? '',
        keyWatch,
        webhookSecrets: config.STRIPE_WEBHOOK_SECRETS,
        ...(config.STRIPE_URL === undefined ? {} : { url: config.STRIPE_URL }),
      });
    case 'iso20022':
      return createIso20022Provider({
        store: openObjectStore(
          { setting: 'ISO20022_DIRECTORY', place: config.ISO20022_DIRECTORY ?? '' },
          config,
          keyWatch,
        ),
        initiator: config.ISO20022_INITIATOR,
        debtors: readDebtors(config.ISO20022_DEBTORS_FILE ?? ''),
      });
  }
}

function problemOfDestination(providers: readonly Provider[], name: string, destination: unknown): string | null {
  const provider = providers.find((one) => one.name === name);
  if (provider !== undefined) return provider.problemOfDestination(destination);
  const known = providers.map((one) => one.name).join(', ') || 'none';
  return `names no provider that is set up here (${known})`;
}
