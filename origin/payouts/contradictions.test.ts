// What a provider says and cannot be: kept in front of a person, and what it may have paid is not paid again meanwhile.

import { describe, expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { ask, silent } from '../../scripts/test-settlements.ts';
import { owedTo } from '../merchants/owed.ts';
import { claimDue, type Task } from './claim.ts';
import { createSettlement } from './create.ts';
import { endRuns } from './end-runs.ts';

const world = eachWordsWorld(500n);
const doer = { actor: 'akey_test', correlation_id: 'req_test' };

async function refused(): Promise<Task> {
  const task = await world().taken(300);
  await world().tell(task, { outcome: 'rejected', code: 'RJCT' });
  return task;
}

const owed = async () => {
  const found = (await owedTo(world().database.sql, [world().merchant])).get(world().merchant);
  return found && [found.available_minor, found.withheld_minor, found.payable_minor];
};

const asked = (amount_minor: number) =>
  world().database.transaction((sql) =>
    createSettlement(sql, { merchant_id: world().merchant, amount_minor, currency: 'USD' }, doer),
  );

describe('P3: refused, owed again, and then it says that it paid', () => {
  test('is an open item, and that amount is not payable until a person has closed it', async () => {
    const task = await refused();
    expect(await owed()).toEqual([500n, 0n, 500n]);
    expect(await world().tell(task, {})).toBe('contradicts: failed');
    expect(await world().items()).toMatchObject([
      { kind: 'provider_contradiction', status: 'open', amount_minor: '300', currency: 'USD' },
    ]);
    expect(await owed()).toEqual([500n, 300n, 200n]);
    await expect(asked(201)).rejects.toMatchObject({ error_code: 'amount_not_owed' });
    // The bank's next statement says it again: still one item, and not withheld twice.
    expect(await world().tell(task, {})).toBe('contradicts: failed');
    expect(await owed()).toEqual([500n, 300n, 200n]);
    await world().query(`update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss'`);
    expect(await owed()).toEqual([500n, 0n, 500n]);
    await asked(500);
  });

  test('a scheduled run pays the rest alone', async () => {
    const task = await refused();
    await world().tell(task, {});
    await world().query(
      `insert into settlement_runs (run_id, merchant_id, local_date) values ('run_1', $1, '2026-11-26')`,
      [world().merchant],
    );
    const { database } = world();
    await endRuns({ database, providers: [], log: silent });
    expect(await world().query(`select amount_minor from settlements where run_id = 'run_1'`)).toEqual([
      { amount_minor: '200' },
    ]);
  });

  test('what was asked for before fails at its reservation, whichever engines take it up at once', async () => {
    const task = await refused();
    const { database, merchant, parts } = world();
    for (const amount of [200, 200, 100]) await ask(database, merchant, amount);
    await world().tell(task, {});
    await Promise.all([1, 2, 3].map((n) => claimDue(parts, 1, { token: `at-once.${n}`, ms: 60_000 })));
    const states = await world().query(
      `select state, sum(amount_minor) as sum from settlements where settlement_id <> $1 group by state order by state`,
      [task.row.settlement_id],
    );
    const reserved = states.find(({ state }) => state === 'processing');
    expect(Number(reserved?.['sum'])).toBeLessThanOrEqual(200);
  });
});

test('Stripe: a payment told after the failure that came of it contradicts nothing', async () => {
  const task = await world().taken(300);
  await world().tell(task, { outcome: 'rejected' });
  expect(await world().tell(task, { rejection_outlasts: true })).toBe('outdated: failed');
  expect(await world().items()).toEqual([]);
});

test('of another amount than was sent: not believed, asked about, and for a person', async () => {
  const task = await world().taken(300);
  await world().found(task, { found: 'accepted', reference: 'r1' });
  expect(await world().tell(task, { amount_minor: '299', currency: 'USD' })).toBe('contradicts: processing');
  expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction' }]);
  expect(await world().takenUp()).toMatchObject({ kind: 'ask' });
});

test('P4: less came back than was paid, by somebody of ours: for a person, with the amount', async () => {
  const task = await world().taken(300);
  await world().tell(task, {});
  const part = {
    outcome: 'unclear',
    kind: 'return_short',
    summary: 'A part was reversed.',
    provider_reference: 'trr_1',
  };
  expect(await world().tell(task, { ...part, amount_minor: '40', currency: 'USD' })).toBe('unclear: completed');
  expect(await world().items()).toMatchObject([{ kind: 'return_short', amount_minor: '40', currency: 'USD' }]);
  // The ledger is changed by the person who knows why.
  expect(await owed()).toEqual([200n, 0n, 200n]);
});

test('a rejection of another payment than the one that is booked: an earlier submission says nothing, an unknown one is for a person', async () => {
  const task = await world().taken(300);
  await world().tell(task, { submission: 1, provider_reference: 'r1' });
  const rejected = { outcome: 'rejected', provider_reference: 'r9' };
  expect(await world().tell(task, { ...rejected, submission: 7 })).toBe('outdated: completed');
  expect(await world().items()).toEqual([]);
  expect(await world().tell(task, { ...rejected, submission: 1 })).toBe('contradicts: completed');
  expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction', status: 'open' }]);
  expect(await owed()).toEqual([200n, 0n, 200n]);
});
