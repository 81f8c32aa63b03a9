// Engines that are stopped at any instant of their work: they come to an end, nothing of theirs is left half done, and whoever
// comes next finds everything in the database.

import fc from 'fast-check';
import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { submissionFaults } from '../../scripts/simulated-provider/faults.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  askMany,
  balanceOf,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  unguarded,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { verifyLedger } from '../ledger/verify.ts';
import type { GuardedProvider } from '../providers/guarded.ts';
import type { Provider } from '../providers/provider.ts';

let url: string;
let database: Database;
let simulated: Awaited<ReturnType<typeof sampleProvider>>;

beforeAll(async () => {
  const parts = new AsyncDisposableStack();
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  parts.defer(() => database.close());
  simulated = await sampleProvider(parts, () => database);
  return () => parts.disposeAsync();
});

/** How long an exchange is waited for here; production waits 25 seconds. */
const exchangeMsMax = 80;
/** The exchanges in hand and their records, on a machine that has other things to do. */
const stopMsMax = 3_000;

const plan = fc.record({
  settlements: fc.integer({ min: 1, max: 60 }),
  answers: fc.constantFrom('paid' as const, 'accepted' as const),
  submissions: fc.array(fc.constantFrom(...submissionFaults), { maxLength: 10 }),
  latency_ms_max: fc.constantFrom(0, 5, 30),
  /** Each is stopped once so many exchanges have begun, and so many milliseconds later. */
  stops: fc.array(fc.record({ begun: fc.nat(50), laterMs: fc.nat(12) }), { minLength: 1, maxLength: 3 }),
  inHandMax: fc.constantFrom(4, 64),
  recordMax: fc.constantFrom(1, 8, 128),
  recordWaitMs: fc.constantFrom(0, 5, 60),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** An engine with a pool of its own, and what it says to the provider. */
class Worker {
  readonly database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  readonly logged: string[] = [];
  begun = 0;
  readonly #engine: ReturnType<typeof sampleEngine>;
  readonly #provider: GuardedProvider;

  constructor(bounds: Partial<NonNullable<Parameters<typeof sampleEngine>[0]['bounds']>> = {}) {
    this.#provider = this.#counted(simulated.client());
    const log = pino({ level: 'error' }, { write: (line: string) => this.logged.push(line) });
    this.#engine = sampleEngine({ database: this.database, providers: [this.#provider], log, bounds });
    this.#engine.start();
  }

  #counted(provider: Provider): GuardedProvider {
    const soon = (signal: AbortSignal) => {
      this.begun += 1;
      return AbortSignal.any([signal, AbortSignal.timeout(exchangeMsMax)]);
    };
    return unguarded({
      ...provider,
      submit: (submission, signal) => provider.submit(submission, soon(signal)),
      ask: (submission, reference, signal) => provider.ask(submission, reference, soon(signal)),
    });
  }

  /** At its instant. What it still has in hand, and what its pool still has, as it returns. */
  async stop() {
    const startMs = performance.now();
    await this.#engine.stop();
    const { open, idle, waiting } = this.database.use();
    const left = { inHand: this.#engine.state().in_hand, connections: open - idle, waiting, begun: this.begun };
    return { ...left, tookMs: performance.now() - startMs };
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    await this.#provider.close?.();
    await this.database.close();
  }
}

async function settlementsInHand(): Promise<unknown[]> {
  return (
    await database.sql.query('select settlement_id, step, lease_owner from settlements where lease_owner is not null')
  ).rows;
}

async function performUntilStopped(workers: readonly Worker[], { stops }: Plan, isOver: () => Promise<boolean>) {
  return await Promise.all(
    workers.map(async (worker, index) => {
      const { begun = 0, laterMs = 0 } = stops[index] ?? {};
      const all = () => workers.reduce((sum, one) => sum + one.begun, 0);
      await until(
        () => isOver(),
        (over) => over || all() >= begun,
      );
      await new Promise((resolve) => setTimeout(resolve, laterMs));
      return await worker.stop();
    }),
  );
}

test('shutdown: stopped at any instant, what is in hand is recorded, nothing is sent after, and the next engine pays the rest once', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const { settlements, answers, submissions, latency_ms_max, stops, ...bounds } = planned;
      await simulated.setFaults({ answers, submissions: [...submissions], latency_ms_min: 0, latency_ms_max });
      const merchant = await sampleMerchant(database, 1_000n);
      const ids = await askMany(database, merchant, settlements);
      const workers = stops.map(() => new Worker(bounds));
      const isOver = async () => {
        const waiting = `select from settlements where merchant_id = $1 and state not in ('completed', 'failed') limit 1`;
        return (await database.sql.query(waiting, [merchant])).rows.length === 0;
      };
      const stopped = await performUntilStopped(workers, planned, isOver);
      for (const { tookMs, begun, ...left } of stopped) {
        expect(left).toEqual({ inHand: 0, connections: 0, waiting: 0 });
        expect(tookMs).toBeLessThan(stopMsMax);
      }
      expect(await settlementsInHand()).toEqual([]);

      await simulated.setFaults({ answers: 'paid' });
      const next = new Worker();
      const over = await untilOver(database, ids);
      await next.close();
      const paid = over.filter(({ state }) => state === 'completed').length;
      for (const { state, failure_code } of over)
        if (state !== 'completed') expect([state, failure_code]).toEqual(['failed', 'provider_account_refused']);
      expect(await balanceOf(database, merchant)).toBe(`1000 0 ${paid}`);
      expect(simulated.server.books.totals().paid_twice).toEqual([]);
      // While the next one was at work, those that had stopped said nothing.
      expect(workers.map(({ begun }) => begun)).toEqual(stopped.map(({ begun }) => begun));
      expect(workers.flatMap(({ logged }) => logged)).toEqual([]);
      await Promise.all(workers.map((worker) => worker.close()));
    }),
    // Not made smaller: an instant does not come again.
    { numRuns: 25, endOnFailure: true },
  );
  expect((await verifyLedger(database.sql)).differences).toEqual([]);
});
