// Payouts that come back: booked once, whichever message tells it and in whatever order, and owed again.

import { describe, expect, test } from 'vitest';
import { settlementWebhookSchema } from '../../contracts/settlement.ts';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { balanceOf } from '../../scripts/test-settlements.ts';
import { owedTo } from '../merchants/owed.ts';
import type { Task } from './claim.ts';

const world = eachWordsWorld(500n);

async function completed(amountMinor = 300): Promise<Task> {
  const task = await world().taken(amountMinor);
  await world().tell(task, {});
  return task;
}

const owed = async () => (await owedTo(world().database.sql, [world().merchant])).get(world().merchant)?.payable_minor;
const returns = () =>
  world().query(`select provider_reference, stated_minor, amount_minor, reason_code from settlement_returns
                 order by settlement_return_no`);
const part = (amount_minor: string, provider_reference: string, more = {}) => ({
  ...{ outcome: 'returned', amount_minor, currency: 'USD', provider_reference, code: 'AC04' },
  ...more,
});

test('P1: rejected days after it was paid: booked beside the final row, owed again, audited, told to the partner', async () => {
  const { database, merchant } = world();
  await world().query(
    `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret) values ('whk_1', $1, 'https://x.test', 's')`,
    [merchant],
  );
  const task = await completed();
  const { settlement_id } = task.row;
  const before = await world().query('select * from settlements');
  expect(await owed()).toBe(200n);
  expect(
    await world().tell(task, { outcome: 'rejected', code: 'account_closed', occurred_at_ms: 1_800_000_000_000 }),
  ).toBe('returned: completed');
  expect(await owed()).toBe(500n);
  expect(await world().query('select * from settlements')).toEqual(before);
  expect(await returns()).toEqual([
    { provider_reference: 'r1', stated_minor: null, amount_minor: '300', reason_code: 'provider_account_closed' },
  ]);
  const transfers = await world().query(
    `select d.kind as debit, c.kind as credit, t.amount_minor from ledger_transfers t
     join ledger_accounts d on d.ledger_account_no = debit_account_no
     join ledger_accounts c on c.ledger_account_no = credit_account_no
     where settlement_id = $1 and t.kind = 'direct'`,
    [settlement_id],
  );
  expect(transfers).toEqual([{ debit: 'provider_transit', credit: 'merchant_payable', amount_minor: '300' }]);
  expect(
    await world().query(`select actor, from_state, to_state from audit_events where action = 'settlement.returned'`),
  ).toEqual([{ actor: 'provider:simulated', from_state: 'completed', to_state: 'completed' }]);
  const messages = await world().query<{ event_type: string; subject: string; payload: string }>(
    'select event_type, subject, payload from webhook_messages order by message_no',
  );
  expect(messages.map(({ event_type, subject }) => [event_type, subject])).toEqual([
    ['settlement.completed', settlement_id],
    ['settlement.returned', settlement_id],
  ]);
  expect(settlementWebhookSchema.parse(JSON.parse(messages[1]?.payload ?? ''))).toMatchObject({
    type: 'settlement.returned',
    data: {
      ...{ settlement_id, state: 'completed', amount_minor: 300, returned_minor: 300, returned_total_minor: 300 },
      ...{ reason_code: 'provider_account_closed', occurred_at: '2027-01-15T08:00:00.000Z' },
    },
  });
  expect(await balanceOf(database, merchant)).toBe('800 0 300');
  expect(await world().items()).toEqual([]);
});

describe('P1: the same return told again', () => {
  test('by another message, by status and by booking: one', async () => {
    const task = await completed();
    expect(await world().tell(task, { outcome: 'rejected' })).toBe('returned: completed');
    expect(await world().tell(task, { outcome: 'rejected' })).toBe('repeated: completed');
    expect(await world().tell(task, part('300', 'entry-1'))).toBe('returned: completed');
    expect(await world().tell(task, part('300', 'entry-1'))).toBe('repeated: completed');
    expect(await returns()).toMatchObject([{ amount_minor: '300' }, { amount_minor: '0', stated_minor: '300' }]);
    expect(await owed()).toBe(500n);
    // One transfer, one webhook's worth of audit for money: the second row moved nothing.
    expect(await world().items()).toEqual([]);
  });

  test('by booking first, then by status: one', async () => {
    const task = await completed();
    expect(await world().tell(task, part('300', 'entry-1'))).toBe('returned: completed');
    expect(await world().tell(task, { outcome: 'rejected' })).toBe('repeated: completed');
    expect(await owed()).toBe(500n);
  });

  test('by two bookings of all of it under two references: the second is for a person', async () => {
    const task = await completed();
    const whole = { outcome: 'returned', amount_minor: null, currency: 'USD' };
    expect(await world().tell(task, { ...whole, provider_reference: 'entry-1' })).toBe('returned: completed');
    expect(await world().tell(task, { ...whole, provider_reference: 'entry-1' })).toBe('repeated: completed');
    expect(await world().tell(task, { ...whole, provider_reference: 'entry-2' })).toBe('contradicts: completed');
    expect(await owed()).toBe(500n);
  });

  test('in parts, several times: their sum, and no more than was paid', async () => {
    const task = await completed();
    await world().tell(task, part('100', 'entry-1'));
    await world().tell(task, part('50', 'entry-2'));
    expect(await world().tell(task, part('50', 'entry-2'))).toBe('repeated: completed');
    expect(await owed()).toBe(350n);
    expect(await world().tell(task, part('151', 'entry-3'))).toBe('contradicts: completed');
    expect(await owed()).toBe(350n);
    expect(await world().items()).toMatchObject([
      { kind: 'provider_contradiction', status: 'open', amount_minor: '151' },
    ]);
  });
});

describe('a return before its payment is confirmed', () => {
  test('is kept, and booked when it is: paid and returned end alike in either order', async () => {
    const task = await world().taken(300);
    await world().found(task, { found: 'accepted', reference: 'r1' });
    expect(await world().tell(task, part('300', 'entry-1'))).toBe('early: processing');
    expect(await owed()).toBe(200n);
    expect(await world().takeWords()).toEqual([]);
    expect(await world().tell(task, {})).toBe('applied,returned: completed');
    expect(await owed()).toBe(500n);
    expect(await returns()).toMatchObject([{ provider_reference: 'entry-1', amount_minor: '300' }]);
  });

  test('the same where an answer to a question ends it', async () => {
    const task = await world().taken(300);
    await world().tell(task, part('40', 'entry-1'));
    await world().found(task, { found: 'paid', reference: 'r1' });
    expect(await world().takeWords()).toEqual(['returned']);
    expect(await owed()).toBe(240n);
  });

  test('of one that fails after all: for a person', async () => {
    const task = await world().taken(300);
    await world().tell(task, part('300', 'entry-1'));
    await world().found(task, { found: 'rejected', code: 'provider_rejected' });
    expect(await world().takeWords()).toEqual(['contradicts']);
    expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction', amount_minor: '300' }]);
    expect(await owed()).toBe(500n);
  });
});

test.each([
  ['of a settlement that failed', async (task: Task) => world().found(task, { found: 'rejected', code: 'x' }), {}, ''],
  ['in another currency', paid, { currency: 'EUR' }, ''],
  ['without an amount that can be read', paid, { amount_minor: '12.5' }, ''],
  ['of another submission', paid, { submission: 7 }, ''],
  ['by a provider that never had it', paid, {}, 'stripe'],
])('a return %s is for a person, and moves nothing', async (_, end, more, from) => {
  const task = await world().taken(300);
  await end(task);
  const before = await owed();
  await world().tell(task, part('300', 'entry-1', more), from || undefined);
  expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction', status: 'open' }]);
  expect(await returns()).toEqual([]);
  expect(await owed()).toBe(before);
});

async function paid(task: Task): Promise<void> {
  await world().tell(task, {});
}

test('one reference for two settlements is for a person', async () => {
  const [one, other] = [await completed(100), await completed(100)];
  await world().tell(one, part('100', 'entry-1'));
  expect(await world().tell(other, part('100', 'entry-1'))).toBe('contradicts: completed');
});

test('the database refuses more than was paid, a return of what was not, and every change', async () => {
  const task = await completed(100);
  const insert = (reference: string, amount: number, settlement = task.row.settlement_id) =>
    world().query(
      `insert into settlement_returns (settlement_return_id, settlement_id, merchant_id, provider, provider_reference,
         amount_minor, currency, reason_code, booked_by, evidence)
       values ('srt_' || $1, $2, $3, 'simulated', $1, $4, 'USD', 'x', 'test', '{}')`,
      [reference, settlement, world().merchant, amount],
    );
  await insert('a', 60);
  await expect(insert('b', 41)).rejects.toThrow('would have come back');
  await insert('c', 40);
  await expect(insert('c', 0)).rejects.toThrow('unique');
  const open = await world().taken(10);
  await expect(insert('d', 1, open.row.settlement_id)).rejects.toThrow('only what was paid comes back');
  await expect(world().query(`delete from settlement_returns`)).rejects.toThrow();
});
