import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  ask,
  askMany,
  balanceOf,
  guard,
  quickPolicy,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  unguarded,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { verifyLedger } from '../ledger/verify.ts';
import type { GuardedProvider } from '../providers/guarded.ts';
import type { Provider } from '../providers/provider.ts';
import { claimDue } from './claim.ts';
import { createTransitAccounts } from './transit-accounts.ts';

let url: string;
let database: Database;
let parts: AsyncDisposableStack;

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  const opened = database;
  parts.defer(() => opened.close());
  return () => parts.disposeAsync();
});

function run(providers: readonly GuardedProvider[], over: Partial<Parameters<typeof sampleEngine>[0]> = {}) {
  const engine = sampleEngine({ database, providers, ...over });
  parts.defer(() => engine.stop());
  engine.start();
  return engine;
}

async function transitionsOf(id: string): Promise<string[]> {
  const { rows } = await database.sql.query<{ step: string }>(
    `select concat_ws(' ', from_state, to_state, actor) as step from audit_events where subject = $1 order by audit_no`,
    [id],
  );
  return rows.map(({ step }) => step);
}

/** A provider of another name, whose destination the merchant has too. */
function named(name: string, provider: Provider): Provider {
  return { ...provider, name, problemOfDestination: () => null };
}

describe('from asked for to paid', () => {
  test('reserved, sent, confirmed by webhook, posted: each transition audited, the ledger proved', async () => {
    const { client, server } = await sampleProvider(parts, () => database);
    const merchant = await sampleMerchant(database, 1_000n);
    const id = await ask(database, merchant, 300);
    run([guard(client())]);
    expect(await untilOver(database, [id])).toMatchObject([
      { state: 'completed', submissions: 1, provider: 'simulated' },
    ]);
    expect(await transitionsOf(id)).toEqual([
      'queued akey_test',
      'queued processing engine',
      'processing completed provider:simulated',
    ]);
    expect(await balanceOf(database, merchant)).toBe('1000 0 300');
    expect(server.books.totals()).toMatchObject({ paid_twice: [] });
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test('a provider that answers at once needs no webhook', async () => {
    const { client } = await sampleProvider(parts, () => database, { answers: 'paid' });
    const merchant = await sampleMerchant(database, 1_000n);
    const ids = await askMany(database, merchant, 200);
    run([guard(client())]);
    const over = await untilOver(database, ids);
    expect(over.every(({ state }) => state === 'completed')).toBe(true);
    expect(await balanceOf(database, merchant)).toBe('1000 0 200');
  });

  test('goes where the merchant wanted it when it was asked for, whatever the merchant says since', async () => {
    const { client, server } = await sampleProvider(parts, () => database);
    const merchant = await sampleMerchant(database, 100n);
    const id = await ask(database, merchant);
    // By the database's owner: the service cannot.
    await asOwner(url, (sql) => sql.query(`update merchants set destinations = '{"simulated": {"account": "acc-2"}}'`));
    run([guard(client())]);
    await untilOver(database, [id]);
    expect([...server.books.entries()]).toMatchObject([{ order: { account: 'acc-1' } }]);
    const change = database.sql.query(`update settlements set destinations = '{}' where settlement_id = $1`, [id]);
    await expect(change).rejects.toThrow('is final');
  });

  test('a confirmation that never comes is asked for', async () => {
    const { client } = await sampleProvider(parts, () => database, { confirmation_lost_rate: 1 });
    const id = await ask(database, await sampleMerchant(database, 100n));
    run([guard(client())]);
    expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed' }]);
  });

  test('confirmations told twice, late and of nobody change nothing twice', async () => {
    const faults = { confirmation_duplicated_rate: 1 };
    const { client, server } = await sampleProvider(parts, () => database, faults);
    const merchant = await sampleMerchant(database, 100n);
    const ids = await askMany(database, merchant, 20);
    const word = { outcome: 'paid', settlement_id: 'stl_of_nobody', provider_reference: 'x', code: null };
    await database.sql.query(
      `insert into provider_webhooks (provider, webhook_id, body, word) values ('simulated', 'w1', '', $1)`,
      [JSON.stringify({ ...word, webhook_id: 'w1' })],
    );
    run([guard(client())]);
    await untilOver(database, ids);
    await until(
      async () => (await database.sql.query('select from provider_webhooks where processed_at is null')).rows.length,
      (waiting) => waiting === 0 && server.confirmations.duplicated === 20,
    );
    expect(await balanceOf(database, merchant)).toBe('100 0 20');
    const { rows } = await database.sql.query<{ outcome: string }>('select distinct outcome from provider_webhooks');
    expect(rows.map(({ outcome }) => outcome)).toContain('unknown_settlement');
  });
});

describe('what goes wrong', () => {
  test('rejected: failed for good, and what was reserved is given back', async () => {
    const { client } = await sampleProvider(parts, () => database, { rejected_rate: 1 });
    const merchant = await sampleMerchant(database, 100n);
    const id = await ask(database, merchant);
    run([guard(client())]);
    const [over] = await untilOver(database, [id]);
    expect(over).toMatchObject({ state: 'failed', failure_code: expect.stringMatching(/^provider_/) });
    expect(await balanceOf(database, merchant)).toBe('100 0 0');
  });

  test('more than is owed by the time it is taken up: failed, and nothing was reserved', async () => {
    const { client } = await sampleProvider(parts, () => database);
    const merchant = await sampleMerchant(database, 100n);
    const ids = [await ask(database, merchant, 60), await ask(database, merchant, 60)];
    run([guard(client())]);
    expect(await untilOver(database, ids)).toMatchObject([{ state: 'completed' }, { failure_code: 'amount_not_owed' }]);
    expect(await balanceOf(database, merchant)).toBe('100 0 60');
  });

  test('taken, but the answer lost: asked about, and paid once', async () => {
    const { client, server } = await sampleProvider(parts, () => database, {
      submissions: Array.from({ length: 10 }, (_, n): 'reset_after' | 'error_after' =>
        n % 2 ? 'reset_after' : 'error_after',
      ),
      confirmation_lost_rate: 1,
    });
    const ids = await askMany(database, await sampleMerchant(database, 10n), 10);
    run([unguarded(client())]);
    const over = await untilOver(database, ids);
    expect(over.every(({ state, submissions }) => state === 'completed' && submissions === 1)).toBe(true);
    expect(server.books.totals()).toMatchObject({ paid_twice: [] });
  });

  test('not taken for certain: tried again elsewhere, under another key', async () => {
    const primary = await sampleProvider(parts, () => database, { too_many_rate: 1 });
    const secondary = await sampleProvider(parts, () => database, { answers: 'paid' });
    const destinations = { simulated: { account: 'acc-1' }, other: { account: 'acc-2' } };
    const merchant = await sampleMerchant(database, 100n, { destinations });
    const id = await ask(database, merchant);
    run([guard(primary.client()), guard(named('other', secondary.client()))]);
    expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed', provider: 'other', submissions: 2 }]);
    const { rows } = await database.sql.query<{ balance: string }>(
      `select a.provider || ' ' || (b.credits_posted - b.debits_posted) as balance from ledger_balances b
       join ledger_accounts a using (ledger_account_no) where a.kind = 'provider_transit' order by a.provider`,
    );
    expect(rows.map(({ balance }) => balance)).toEqual(['other 100', 'simulated 0']);
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });

  test('an outcome that stays unknown is never sent elsewhere, however often it is asked about', async () => {
    const primary = await sampleProvider(parts, () => database, {
      submissions: ['reset_after'],
      inquiry_error_rate: 1,
      confirmation_lost_rate: 1,
    });
    const secondary = await sampleProvider(parts, () => database);
    const destinations = { simulated: { account: 'acc-1' }, other: { account: 'acc-2' } };
    const id = await ask(database, await sampleMerchant(database, 100n, { destinations }));
    run([unguarded(primary.client()), guard(named('other', secondary.client()))]);
    const asked = `select from provider_exchanges where settlement_id = $1 and kind = 'ask'`;
    await until(
      async () => (await database.sql.query(asked, [id])).rows.length,
      (times) => times >= 4,
    );
    expect(await standingOf(database, [id])).toMatchObject([{ state: 'processing', provider: 'simulated' }]);
    expect([...secondary.server.books.entries()]).toEqual([]);
    await primary.setFaults({});
    expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed', submissions: 1 }]);
  });

  test('tries exhausted: set aside, reserved still, due to nobody', async () => {
    const { client } = await sampleProvider(parts, () => database, { too_many_rate: 1 });
    const merchant = await sampleMerchant(database, 100n);
    const id = await ask(database, merchant);
    run([unguarded(client())], { policy: { ...quickPolicy, attemptsMax: 3 } });
    expect(await untilOver(database, [id])).toMatchObject([
      { state: 'retry_pending', dead_lettered: true, submissions: 3 },
    ]);
    expect(await balanceOf(database, merchant)).toBe('100 100 0');
  });

  test('a merchant without a destination that can be paid to: failed', async () => {
    const { client } = await sampleProvider(parts, () => database);
    const merchant = await sampleMerchant(database, 100n, { destinations: { elsewhere: {} } });
    const id = await ask(database, merchant);
    run([guard(client())]);
    expect(await untilOver(database, [id])).toMatchObject([{ failure_code: 'destination_missing' }]);
  });
});

describe('all providers down', () => {
  test('nothing is begun, what is asked for is kept, and it goes on when one is back', async () => {
    const { client } = await sampleProvider(parts, () => database);
    let state: 'open' | 'closed' = 'open';
    const engine = run([{ ...guard(client()), availability: () => state }]);
    const id = await ask(database, await sampleMerchant(database, 100n));
    expect(engine.state()).toMatchObject({ mode: 'read_only', in_hand: 0 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await standingOf(database, [id])).toMatchObject([{ state: 'queued' }]);
    state = 'closed';
    expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed' }]);
  });
});

describe('many engines', () => {
  test('50 at once never take the same settlement, and none is left', async () => {
    const { client } = await sampleProvider(parts, () => database);
    const merchant = await sampleMerchant(database, 1_000n);
    const ids = await askMany(database, merchant, 500);
    const providers = [guard(client())];
    const transit = createTransitAccounts(database.sql);
    await transit.ensure(['simulated'], ['USD']);
    const shared = { database, providers, policy: quickPolicy, transit };
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, n) => claimDue(shared, 20, { token: `engine${n}`, ms: 60_000 })),
    );
    const taken = claims.flatMap(({ tasks }) => tasks.map(({ row }) => row.settlement_id));
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken.toSorted()).toEqual(ids.toSorted());
    expect(await balanceOf(database, merchant)).toBe('1000 500 0');
  });

  test('three at work on one table pay each settlement once', async () => {
    const { client, server } = await sampleProvider(parts, () => database, {
      error_after_rate: 0.05,
      too_many_rate: 0.05,
    });
    const merchant = await sampleMerchant(database, 1_000n);
    for (let n = 0; n < 3; n += 1) run([unguarded(client())]);
    const ids = await askMany(database, merchant, 300);
    const over = await untilOver(database, ids, 15_000);
    expect(over.filter(({ state }) => state !== 'completed')).toEqual([]);
    expect(server.books.totals()).toMatchObject({ paid_twice: [] });
    expect(await balanceOf(database, merchant)).toBe('1000 0 300');
    expect((await verifyLedger(database.sql)).differences).toEqual([]);
  });
});

test('a stop finishes what is in hand, and the next engine has nothing to ask about', async () => {
  const { client } = await sampleProvider(parts, () => database, {
    answers: 'paid',
    latency_ms_min: 100,
    latency_ms_max: 100,
  });
  const ids = await askMany(database, await sampleMerchant(database, 100n), 50);
  const engine = run([guard(client())]);
  await until(
    () => engine.state().in_hand,
    (inHand) => inHand > 0,
  );
  await engine.stop();
  const standing = await standingOf(database, ids);
  expect(standing.filter(({ state }) => state === 'processing')).toEqual([]);
  expect(standing.filter(({ state }) => state === 'completed').length).toBeGreaterThan(0);
});
