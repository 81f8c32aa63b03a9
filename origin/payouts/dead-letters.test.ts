import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  askMany,
  balanceOf,
  doer,
  quickPolicy,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  unguarded,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import {
  discardSettlement,
  inspectDeadSettlement,
  listDeadSettlements,
  replaySettlement,
  replaySettlements,
} from './dead-letters.ts';

let database: Database;
let parts: AsyncDisposableStack;
let ids: string[];
let merchant: string;
let revive: () => Promise<void>;

/** Three settlements whose provider took none of their tries. */
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  database = openDatabase({ url: await createTestDatabase(), poolMax: 10, onIdleError: () => {} });
  const opened = database;
  parts.defer(() => opened.close());
  const { client, setFaults } = await sampleProvider(parts, () => opened, { too_many_rate: 1 });
  const merchant_id = await sampleMerchant(database, 100n);
  merchant = merchant_id;
  ids = await askMany(database, merchant_id, 3);
  const policy = { ...quickPolicy, attemptsMax: 2 };
  const engine = sampleEngine({ database, providers: [unguarded(client())], policy });
  parts.defer(() => engine.stop());
  engine.start();
  await untilOver(database, ids);
  revive = () => setFaults({ answers: 'paid' });
  return () => parts.disposeAsync();
});

async function audited(): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', action, actor, reason) as line from audit_events
     where action in ('settlement.replayed', 'settlement.discarded') order by audit_no`,
  );
  return rows.map(({ line }) => line);
}

describe('dead settlements', () => {
  test('are listed page by page, and inspected with every word exchanged', async () => {
    const first = await listDeadSettlements(database.sql, { limit: 2 });
    const rest = await listDeadSettlements(database.sql, { limit: 2, before: first.at(-1) ?? null });
    expect([...first, ...rest].map(({ settlement_id }) => settlement_id).toSorted()).toEqual(ids.toSorted());
    const { exchanges, failure_code } = await inspectDeadSettlement(database.sql, ids[0] ?? '');
    expect(failure_code).toBe('provider_too_many_requests');
    expect(exchanges.map(({ outcome, submission }) => `${outcome} ${submission}`)).toEqual([
      ...['sending 1', 'not_taken 1', 'sending 2', 'not_taken 2'],
    ]);
  });

  test('one replayed is paid; the others stay', async () => {
    await revive();
    const [one = '', ...others] = ids;
    await database.transaction((sql) => replaySettlement(sql, one, doer));
    expect(await untilOver(database, [one])).toMatchObject([{ state: 'completed', submissions: 3 }]);
    expect(await standingOf(database, others)).toMatchObject([{ dead_lettered: true }, { dead_lettered: true }]);
    expect(await audited()).toEqual(['settlement.replayed akey_test had failed: provider_too_many_requests']);
  });

  test.each([
    ['a failure code', { failure_code: 'provider_too_many_requests' }, 3],
    ['another failure code', { failure_code: 'provider_no_connection' }, 0],
    ['a provider', { provider: 'simulated' }, 3],
    ['another provider', { provider: 'stripe' }, 0],
    ['no condition: all', {}, 3],
  ])('a group by %s is replayed', async (_, group, count) => {
    await revive();
    expect(await database.transaction((sql) => replaySettlements(sql, group, doer))).toBe(count);
    expect(await audited()).toHaveLength(count);
    const over = await untilOver(database, ids);
    expect(over.filter(({ state }) => state === 'completed')).toHaveLength(count);
  });

  test('one discarded failed for good, and its amount is owed again', async () => {
    const [one = ''] = ids;
    expect(await balanceOf(database, merchant)).toBe('100 3 0');
    await database.transaction((sql) => discardSettlement(sql, one, { ...doer, reason: 'paid by hand' }));
    expect(await standingOf(database, [one])).toMatchObject([
      { state: 'failed', failure_code: 'discarded', dead_lettered: false },
    ]);
    expect(await balanceOf(database, merchant)).toBe('100 2 0');
    expect(await audited()).toEqual(['settlement.discarded akey_test paid by hand']);
  });

  test('what is not among them is neither replayed nor discarded', async () => {
    const [one = ''] = ids;
    await database.transaction((sql) => discardSettlement(sql, one, { ...doer, reason: 'x' }));
    await expect(replaySettlement(database.sql, one, doer)).rejects.toThrow('no dead letter');
    await expect(discardSettlement(database.sql, one, { ...doer, reason: 'x' })).rejects.toThrow('no dead letter');
    await expect(inspectDeadSettlement(database.sql, one)).rejects.toThrow('no dead letter');
  });
});
