// The settlement engine: takes up what is due, no more than it can send; sends it, asks about it, records what came of it.
// Everything it knows is in the database before and after each step; what is only in memory is what is in hand, and a crash
// leaves that to the end of its lease. Any number of engines may run.

import type { Logger } from 'pino';
import { newId } from '../../contracts/ids.ts';
import type { SettlementPolicy } from '../../core/settlement/settlement.ts';
import { Batcher } from '../batcher.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { type Availability, availability } from '../providers/choose-provider.ts';
import type { GuardedProvider } from '../providers/guarded.ts';
import { isRefused } from '../set-aside.ts';
import { inSpan, noteSpan } from '../tracing/spans.ts';
import { BatchSize } from './batch-size.ts';
import { claimDue, type EngineParts, nextDue, oldestDue, type Task, usableOf } from './claim.ts';
import { type Refused, raiseRefused } from './for-a-person.ts';
import { exchangeMsMax, performTask } from './perform-task.ts';
import { postponeFirst } from './postpone.ts';
import { firstWord, nameOf, oldestWord, takeProviderWords } from './provider-words.ts';
import { type Result, recordResults } from './record-results.ts';
import { createRefusalsLoop } from './refusals-over.ts';
import type { SettlementMetrics } from './settlement-metrics.ts';
import { createTransitAccounts } from './transit-accounts.ts';
import { type Unconfigured, UnconfiguredProviders } from './unconfigured-providers.ts';
import { UnstorableWords } from './unstorable-words.ts';

export interface EngineOptions {
  readonly database: Database;
  /** Primary first. */
  readonly providers: readonly GuardedProvider[];
  readonly log: Logger;
  readonly metrics: SettlementMetrics;
  readonly policy?: SettlementPolicy;
  readonly bounds?: Partial<EngineBounds>;
}

export interface EngineBounds {
  /** Settlements in hand at once. */
  readonly inHandMax: number;
  /** Settlements taken up in one commit. */
  readonly claimMax: number;
  /** Results recorded in one commit, and how long the first of them waits for others. */
  readonly recordMax: number;
  readonly recordWaitMs: number;
  /** How long a settlement is one engine's alone. Twice the longest exchange, and more: half of it is for sending. */
  readonly leaseMs: number;
  /** Between looks for something due. */
  readonly idleMs: number;
}

export const settlementPolicy: SettlementPolicy = {
  attemptsMax: 8,
  backoffMsMin: 1_000,
  backoffMsMax: 300_000,
  askAfterMs: 5_000,
  pollAfterMs: 300_000,
  pollsMax: 3,
};

const engineBounds: EngineBounds = {
  inHandMax: 256,
  claimMax: 128,
  recordMax: 128,
  recordWaitMs: 5,
  leaseMs: 120_000,
  idleMs: 50,
};

/** Before the next claim, when this one was not full: what comes in the meantime shares its commit. */
const gatherMs = 10;
const wordsMax = 200;
/** Between looks for payments of providers that are not configured: that changes with a start, or with a provider's word. */
const unconfiguredMs = 30_000;

export interface EngineState extends Availability {
  readonly in_hand: number;
  readonly failures: number;
  /** Providers with payments under way that the configuration does not name. */
  readonly unconfigured: readonly Unconfigured[];
}

export class SettlementEngine {
  readonly #options: EngineOptions;
  readonly #bounds: EngineBounds;
  readonly #parts: EngineParts;
  readonly #results: Batcher<Result>;
  /** `start` and `stop` are for who has no other loops beside them. */
  readonly loops: readonly Loop[];
  readonly #engineId = newId('run').slice(4, 16);
  readonly #inHand = new Set<Promise<void>>();
  #claims = 0;
  readonly #claimSize: BatchSize;
  readonly #wordsSize = new BatchSize(wordsMax);
  readonly #unstorable = new UnstorableWords();
  readonly #unconfigured: UnconfiguredProviders;
  #onRoom: (() => void) | null = null;

  constructor(options: EngineOptions) {
    const { database, providers, log, policy = settlementPolicy } = options;
    this.#options = options;
    this.#bounds = { ...engineBounds, ...options.bounds };
    if (options.bounds?.leaseMs === undefined && this.#bounds.leaseMs / 2 <= exchangeMsMax)
      throw new Error('a lease must outlast what is sent under it');
    this.#claimSize = new BatchSize(this.#bounds.claimMax);
    const configured = providers.map(({ name }) => name);
    this.#unconfigured = new UnconfiguredProviders(configured, log);
    this.#parts = { database, providers, policy, transit: createTransitAccounts(database.sql) };
    const { recordMax, recordWaitMs, idleMs } = this.#bounds;
    this.#results = new Batcher({
      ...{ sizeMax: recordMax, waitMsMax: recordWaitMs, underWayMax: 2 },
      store: (results) => this.#record(results),
    });
    const claims = createLoop({
      ...{ name: 'settlement claims', log, intervalMs: idleMs },
      lagMs: () => ageMs(database.sql, oldestDue),
      atRest: { rest: database.rest, dueInMs: () => dueInMs(database.sql, nextDue) },
      round: (signal) => this.#claim(signal),
    });
    const stopClaims = () => {
      const stopped = claims.stop();
      // Its round may wait for room, which it has no use for any more.
      this.#onRoom?.();
      return stopped;
    };
    this.loops = [
      { ...claims, stop: stopClaims },
      createLoop({
        ...{ name: 'provider words', log, intervalMs: idleMs },
        lagMs: () => ageMs(database.sql, oldestWord),
        atRest: { rest: database.rest },
        round: (signal) => this.#takeWords(signal),
      }),
      createLoop({
        name: 'unconfigured providers',
        log,
        intervalMs: unconfiguredMs,
        round: async () => {
          await this.#unconfigured.look(database.sql);
          options.metrics.showUnconfigured(this.#unconfigured.seen());
          return false;
        },
      }),
      createRefusalsLoop(database, log),
    ];
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  /** Takes up nothing more, and returns when what is in hand is recorded. */
  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await Promise.all(this.#inHand);
  }

  state(): EngineState {
    const failures = Math.max(...this.loops.map((loop) => loop.failures()));
    return {
      ...availability(this.#options.providers),
      in_hand: this.#inHand.size,
      failures,
      unconfigured: this.#unconfigured.seen(),
    };
  }

  async #claim(signal: AbortSignal): Promise<boolean> {
    const { inHandMax, leaseMs } = this.#bounds;
    // A quarter of its places, so that a claim is worth its commit.
    while (
      inHandMax - this.#inHand.size < Math.min(this.#claimSize.current, Math.ceil(inHandMax / 4)) &&
      !signal.aborted
    )
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    if (signal.aborted) return false;
    const limit = Math.min(this.#claimSize.current, inHandMax - this.#inHand.size, this.#halfOpenMax());
    this.#claims += 1;
    const lease = { token: `${this.#engineId}.${this.#claims}`, ms: leaseMs };
    const startedAtMs = Date.now();
    const claimed = await claimDue(this.#parts, limit, lease).catch((error: unknown) =>
      this.#afterRefusedClaim(error, limit),
    );
    if (claimed === null) return true;
    const { found, tasks, changes } = claimed;
    for (const change of changes) this.#options.metrics.countChange(change);
    for (const task of tasks) this.#take(task);
    if (found === 0) return false;
    noteSpan('settlements claim', {
      ...{ parent: null, startedAtMs, links: changes.map(({ before }) => before.trace_parent) },
      attributes: { 'messaging.batch.message_count': found },
    });
    this.#claimSize.grow();
    if (found < limit) await pause(gatherMs);
    return true;
  }

  /** While no breaker is closed, one at a time finds out whether that has changed. */
  #halfOpenMax(): number {
    return this.#options.providers.some((provider) => provider.availability() === 'closed')
      ? Number.POSITIVE_INFINITY
      : 1;
  }

  /** Null: it is tried again at once, with fewer; one that is refused alone waits by itself. */
  async #afterRefusedClaim(error: unknown, size: number): Promise<null> {
    if (!isRefused(error)) throw error;
    if (this.#claimSize.shrink(size)) return null;
    const { database, providers, log, metrics } = this.#options;
    const settlement_id = await postponeFirst(database.sql, usableOf(providers));
    metrics.postponed.inc({ what: 'settlement' });
    log.error({ err: error, settlement_id }, 'a settlement cannot be taken up, and waits');
    if (settlement_id !== null) await this.#raiseRefused({ settlement_id, step: 'take_up' }, error);
    return null;
  }

  #take(task: Task): void {
    const { metrics, log } = this.#options;
    const work = this.#perform(task)
      .catch(async (error: unknown) => {
        const { settlement_id } = task.row;
        metrics.dropped.inc();
        log.error({ err: error, settlement_id }, 'a result was not recorded; it is asked about');
        if (isRefused(error)) await this.#raiseRefused({ settlement_id, step: 'record' }, error);
      })
      .finally(() => {
        this.#inHand.delete(work);
        metrics.inHand.set(this.#inHand.size);
        this.#onRoom?.();
      });
    this.#inHand.add(work);
    metrics.inHand.set(this.#inHand.size);
  }

  /** In front of a person. Where that cannot be written either, the log has it, and the next refusal raises it. */
  async #raiseRefused(refused: Refused, error: unknown): Promise<void> {
    await raiseRefused(this.#options.database.sql, refused, error).catch((second: unknown) =>
      this.#options.log.error({ err: second, refused }, 'an open item was not raised'),
    );
  }

  async #perform(task: Task): Promise<void> {
    const result = await performTask(task);
    if (result === null) this.#options.metrics.dropped.inc();
    else await this.#results.add(result);
  }

  async #record(results: readonly Result[]): Promise<void> {
    const { metrics, log } = this.#options;
    const attributes = { 'messaging.batch.message_count': results.length };
    const recorded = await inSpan('settlements record', { parent: null, attributes }, async (span) => {
      const stored = await recordResults(this.#parts, results);
      span.link(stored.map(({ before }) => before.trace_parent));
      return stored;
    });
    for (const { before, change } of recorded) {
      metrics.countChange({ before, after: change });
      if (!change.overdue) continue;
      metrics.overdue.inc();
      const { settlement_id, provider, polls } = change.progress as typeof before;
      log.warn({ settlement_id, provider, polls }, 'the outcome of a settlement is still not known');
    }
  }

  async #takeWords(signal: AbortSignal): Promise<boolean> {
    const { log, metrics } = this.#options;
    const limit = this.#wordsSize.current;
    const taken = await takeProviderWords(this.#parts, { limit, except: this.#unstorable.now() }, log).catch(
      (error: unknown) => this.#afterRefusedWords(error, limit),
    );
    if (taken === null) return true;
    for (const outcome of taken.outcomes) metrics.words.inc({ outcome });
    for (const change of taken.changes) metrics.countChange(change);
    if (taken.outcomes.length === 0) return false;
    this.#wordsSize.grow();
    if (taken.outcomes.length < limit && !signal.aborted) await pause(gatherMs);
    return true;
  }

  /** As of a claim: the word stays as it is, and comes up again later. */
  async #afterRefusedWords(error: unknown, size: number): Promise<null> {
    if (!isRefused(error)) throw error;
    if (this.#wordsSize.shrink(size)) return null;
    const { database, log, metrics } = this.#options;
    const word = await firstWord(database.sql, this.#unstorable.now());
    metrics.postponed.inc({ what: 'word' });
    log.error({ err: error, word: word && nameOf(word) }, "a provider's word cannot be stored, and waits");
    if (word === null) return null;
    this.#unstorable.add(nameOf(word));
    await this.#raiseRefused({ word }, error);
    return null;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
