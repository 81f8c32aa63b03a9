// Tries again by itself, whatever a provider does until it works again: each settlement is paid once, or not at all for a reason
// that the script gives. The waits are read off by a witness that the database's owner puts beside the table.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { inquiryFaults, submissionFaults } from '../../scripts/simulated-provider/faults.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  ask,
  balanceOf,
  doer,
  quickPolicy,
  type Standing,
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
import { replaySettlement } from './dead-letters.ts';

type Simulated = Awaited<ReturnType<typeof sampleProvider>>;

let url: string;
let database: Database;
let providers: readonly [Simulated, Simulated];
const names = ['simulated', 'other'] as const;

beforeAll(async () => {
  const parts = new AsyncDisposableStack();
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 12, onIdleError: () => {} });
  parts.defer(() => database.close());
  await asOwner(url, (sql) => sql.query(witness));
  providers = [await sampleProvider(parts, () => database), await sampleProvider(parts, () => database)];
  return () => parts.disposeAsync();
});

/** Each time that a settlement is to be tried again, and each time that it is: as the database saw it. */
const witness = `
  create table witnessed (settlement_id text, to_state text, attempts int, dead bool, wait_ms float8, early_ms float8);
  grant select on witnessed to public;
  create function witness() returns trigger language plpgsql security definer as $$ begin
    insert into witnessed values (new.settlement_id, new.state, new.attempts, new.dead_lettered_at is not null,
      extract(epoch from new.due_at - clock_timestamp()) * 1000, extract(epoch from old.due_at - clock_timestamp()) * 1000);
    return null; end $$;
  create trigger witness after update on settlements for each row
    when (old.state <> new.state and (new.state = 'retry_pending' or old.state = 'retry_pending')) execute function witness();`;

interface Witnessed {
  readonly to_state: string;
  readonly attempts: number;
  readonly dead: boolean;
  readonly wait_ms: number;
  readonly early_ms: number;
}

const script = fc.record({
  submissions: fc.array(fc.constantFrom(...submissionFaults), { maxLength: 12, size: 'max' }),
  inquiries: fc.array(fc.constantFrom(...inquiryFaults), { maxLength: 8, size: 'max' }),
  answers: fc.constantFrom('paid' as const, 'accepted' as const),
  confirmation_lost_rate: fc.constantFrom(0, 0.3, 1),
  confirmation_duplicated_rate: fc.constantFrom(0, 0.5),
  confirmation_late_rate: fc.constantFrom(0, 0.5),
  confirmation_late_ms: fc.constantFrom(10, 100),
  rejected_later_rate: fc.constantFrom(0, 0, 0, 0.3),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;
const plan = fc.record({
  scripts: fc.tuple(script, script),
  /** The primary refuses connections first, until so many tries have failed. */
  downFor: fc.constantFrom(0, 0, 2),
  hasOther: fc.boolean(),
  engines: fc.integer({ min: 1, max: 2 }),
  settlements: fc.integer({ min: 1, max: 5 }),
  attemptsMax: fc.integer({ min: 2, max: 6 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** Waits for a silent provider a moment, not the twenty seconds that production gives it. */
function impatient(provider: Provider, name: string): GuardedProvider {
  const soon = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(60)]);
  return unguarded({
    ...provider,
    name,
    submit: (submission, signal) => provider.submit(submission, soon(signal)),
    ask: (submission, reference, signal) => provider.ask(submission, reference, soon(signal)),
  });
}

/** Works, from here on: what is scripted still comes first. */
async function act(simulated: Simulated, faults: Script, down: boolean): Promise<void> {
  await simulated.setFaults({
    ...faults,
    submissions: [...faults.submissions],
    inquiries: [...faults.inquiries],
    down,
  });
}

/** Runs what is planned to its end: of each settlement, where it stands. */
async function perform({ scripts, downFor, hasOther, engines, settlements, attemptsMax }: Plan) {
  const destinations = { simulated: { account: 'acc-1' }, ...(hasOther ? { other: { account: 'acc-2' } } : {}) };
  const merchant = await sampleMerchant(database, 1_000n, { destinations });
  const ids: string[] = [];
  for (let n = 0; n < settlements; n += 1) ids.push(await ask(database, merchant, 10 + n));
  const [primary, other] = providers;
  await act(primary, scripts[0], downFor > 0);
  await act(other, scripts[1], false);
  const behind = [impatient(primary.client(), 'simulated'), impatient(other.client(), 'other')];
  const policy = { ...retryPolicy, attemptsMax };
  const working = Array.from({ length: engines }, () => sampleEngine({ database, providers: behind, policy }));
  for (const engine of working) engine.start();
  try {
    if (downFor > 0) {
      await until(
        () => attemptsOf(ids),
        // With another one beside it, the second try may be paid already.
        (attempts) => attempts >= (hasOther ? 1 : Math.min(downFor, attemptsMax)),
      );
      await act(primary, scripts[0], false);
    }
    return { merchant, ids, standing: await untilOver(database, ids) };
  } finally {
    await Promise.all(working.map((engine) => engine.stop()));
    await Promise.all(behind.map((provider) => provider.close?.()));
  }
}

const retryPolicy = { ...quickPolicy, backoffMsMin: 4, backoffMsMax: 20, askAfterMs: 5, pollAfterMs: 40 };

async function attemptsOf(ids: readonly string[]): Promise<number> {
  const { rows } = await database.sql.query<{ attempts: number }>(
    'select coalesce(max(attempts), 0) as attempts from settlements where settlement_id = any($1::text[])',
    [ids],
  );
  return rows[0]?.attempts ?? 0;
}

/** Payments and refusals in both providers' books. */
function inBooks(settlementId: string) {
  const entries = providers.flatMap(({ server }, index) =>
    [...server.books.entries()].map((entry) => ({ ...entry, provider: names[index] })),
  );
  const own = entries.filter(({ order }) => order.settlement_id === settlementId);
  return {
    paid: own.filter(({ state }) => state !== 'rejected').map(({ provider }) => provider),
    rejected: own.filter(({ state }) => state === 'rejected').length,
  };
}

/** Paid once, or not at all for a reason that is in the books or in its tries. */
function expectExplained(row: Tried, attemptsMax: number): void {
  const { settlement_id, state, provider, attempts } = row;
  const { paid, rejected } = inBooks(settlement_id);
  expect(attempts).toBeLessThanOrEqual(attemptsMax);
  expect(row.submissions).toBeLessThanOrEqual(attempts + 1);
  expect(paid).toEqual(state === 'completed' ? [provider] : []);
  if (state === 'failed')
    expect([row.failure_code, rejected]).toEqual([expect.stringMatching(/^provider_account_(?:refused|closed)$/), 1]);
  else if (state !== 'completed')
    expect([state, row.dead_lettered, attempts]).toEqual(['retry_pending', true, attemptsMax]);
}
type Tried = Standing & { readonly attempts: number };

async function expectWaits(ids: readonly string[], attemptsMax: number): Promise<void> {
  const { rows } = await database.sql.query<Witnessed>(
    'select * from witnessed where settlement_id = any($1::text[])',
    [ids],
  );
  for (const { to_state, attempts, dead, wait_ms, early_ms } of rows) {
    // Never taken up before it is due.
    if (to_state !== 'retry_pending') expect(early_ms).toBeLessThanOrEqual(0);
    else if (attempts >= attemptsMax) expect(dead).toBe(true);
    else {
      const longest = Math.min(retryPolicy.backoffMsMax, retryPolicy.backoffMsMin * 2 ** (attempts - 1));
      expect(wait_ms).toBeLessThanOrEqual(longest);
      shares.push(wait_ms / longest);
    }
  }
}
/** Of all waits of all runs: how much of the longest each was. */
const shares: number[] = [];

/** The ledger says of each provider what its own books say. */
async function expectMoney(merchant: string, standing: readonly Standing[]): Promise<void> {
  for (const [index, { server }] of providers.entries()) {
    const { rows } = await database.sql.query<{ balance: string }>(
      `select coalesce(sum(credits_posted - debits_posted), 0) as balance from ledger_balances
       join ledger_accounts using (ledger_account_no) where kind = 'provider_transit' and provider = $1`,
      [names[index]],
    );
    expect(rows[0]?.balance).toBe(server.books.totals().paid_minor['USD'] ?? '0');
    expect(server.books.totals().paid_twice).toEqual([]);
  }
  const amounts = standing.map((row, index) => ({ ...row, amount: 10 + index }));
  const sum = (which: (row: Standing) => boolean) => amounts.filter(which).reduce((all, { amount }) => all + amount, 0);
  const [pending, posted] = [sum((row) => row.dead_lettered), sum(({ state }) => state === 'completed')];
  expect(await balanceOf(database, merchant)).toBe(`1000 ${pending} ${posted}`);
}

async function triedOf(standing: readonly Standing[]): Promise<Tried[]> {
  const { rows } = await database.sql.query<{ settlement_id: string; attempts: number }>(
    'select settlement_id, attempts from settlements where settlement_id = any($1::text[])',
    [standing.map(({ settlement_id }) => settlement_id)],
  );
  const attempts = new Map(rows.map((row) => [row.settlement_id, row.attempts]));
  return standing.map((row) => ({ ...row, attempts: attempts.get(row.settlement_id) ?? -1 }));
}

/** What was set aside is replayed while nothing is wrong any more: then it is paid. */
async function replay(standing: readonly Standing[]): Promise<void> {
  const dead = standing.filter(({ dead_lettered }) => dead_lettered).map(({ settlement_id }) => settlement_id);
  if (dead.length === 0) return;
  for (const { setFaults } of providers) await setFaults({ answers: 'paid' });
  const engine = sampleEngine({
    database,
    providers: [impatient(providers[0].client(), 'simulated')],
    policy: retryPolicy,
  });
  for (const id of dead) await database.transaction((sql) => replaySettlement(sql, id, doer));
  engine.start();
  const over = await untilOver(database, dead);
  await engine.stop();
  for (const { settlement_id, state, provider } of over)
    expect([state, inBooks(settlement_id).paid]).toEqual(['completed', [provider]]);
}

test('automatic retry: once a provider works again each settlement is paid once, or not at all for a reason, within its tries', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const { merchant, ids, standing } = await perform(planned);
      for (const row of await triedOf(standing)) expectExplained(row, planned.attemptsMax);
      await expectWaits(ids, planned.attemptsMax);
      await expectMoney(merchant, standing);
      await replay(standing);
    }),
    // Not made smaller: what is drawn of the providers' timing does not come again.
    { numRuns: 25, endOnFailure: true },
  );
  expect((await verifyLedger(database.sql)).differences).toEqual([]);
  // Full jitter: short waits and long ones, of dozens.
  expect(shares.length).toBeGreaterThan(20);
  expect(Math.min(...shares)).toBeLessThan(0.4);
  expect(Math.max(...shares)).toBeGreaterThan(0.6);
});
