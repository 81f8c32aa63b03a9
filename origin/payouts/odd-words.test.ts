// Words of a provider that say something else than what is booked: none of them is taken for a repeat.

import { expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { owedTo } from '../merchants/owed.ts';
import { createActing } from '../open-items/act.ts';
import { actionsOf } from '../open-items/actions/all.ts';
import type { Task } from './claim.ts';

const world = eachWordsWorld(500n);
const doer = { actor: 'akey_test', correlation_id: 'req_test' };

async function paid(): Promise<Task> {
  const task = await world().taken(300);
  expect(await world().tell(task, {})).toBe('applied: completed');
  return task;
}

async function owed() {
  const found = (await owedTo(world().database.sql, [world().merchant])).get(world().merchant);
  return found && [found.available_minor, found.withheld_minor];
}

async function act(name: string) {
  const { database } = world();
  const action = actionsOf('provider_contradiction').find((one) => one.name === name);
  const [item] = await world().query<{ open_item_id: string }>('select open_item_id from open_items');
  if (action === undefined || item === undefined) throw new Error('nothing to act on');
  const perform = createActing({ database } as unknown as Parameters<typeof createActing>[0]);
  return await perform({ open_item_id: item.open_item_id, action, input: {}, reason: 'the bank says so' }, doer);
}

test.each([{ amount_minor: '299' }, { amount_minor: '400', currency: 'USD' }, { currency: 'EUR' }])(
  'P4 kind: a paid settlement is paid with other figures (%o): an open item, and nothing moves',
  async (said) => {
    const task = await paid();
    expect(await world().tell(task, said)).toBe('contradicts: completed');
    expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction', status: 'open' }]);
    expect(await owed()).toEqual([200n, 0n]);
    // The payment is booked already: to book it again would take it from the merchant twice.
    expect(await act('book_payment')).toMatchObject({ outcome: 'refused' });
  },
);

test('P1 kind: rejected after it was paid, under a reference of the rejection itself: an open item that books the return', async () => {
  const task = await paid();
  const word = { outcome: 'rejected', provider_reference: 'rej_1', submission: 1, code: 'account_closed' };
  expect(await world().tell(task, word)).toBe('contradicts: completed');
  expect(await owed()).toEqual([200n, 0n]);
  expect(await act('book_return')).toMatchObject({ outcome: 'closed' });
  expect(await owed()).toEqual([500n, 0n]);
});

test('P4 kind: one return told with two amounts: the first is booked, the second is an open item', async () => {
  const task = await paid();
  const back = { outcome: 'returned', provider_reference: 'R1', currency: 'USD' };
  expect(await world().tell(task, { ...back, amount_minor: '100' })).toBe('returned: completed');
  expect(await world().tell(task, { ...back, amount_minor: '100' })).toBe('repeated: completed');
  expect(await world().tell(task, { ...back, amount_minor: '150' })).toBe('contradicts: completed');
  expect(await owed()).toEqual([300n, 0n]);
});

test('P1 kind: a return whose reference is padded is the same return', async () => {
  const task = await paid();
  const back = { outcome: 'returned', amount_minor: '100', currency: 'USD' };
  await world().tell(task, { ...back, provider_reference: 'R1' });
  expect(await world().tell(task, { ...back, provider_reference: ' R1  ' })).toBe('repeated: completed');
  expect(await owed()).toEqual([300n, 0n]);
});

test.each(['+275000-01-01T00:00:00Z', '-270000-01-01T00:00:00Z'])(
  'F1 kind: a return of the instant %s is booked, and its instant unknown',
  async (at) => {
    const task = await paid();
    const back = { outcome: 'returned', provider_reference: 'R1', amount_minor: '100', currency: 'USD' };
    expect(await world().tell(task, { ...back, occurred_at_ms: Date.parse(at) })).toBe('returned: completed');
    expect(await world().query('select amount_minor, occurred_at from settlement_returns')).toEqual([
      { amount_minor: '100', occurred_at: null },
    ]);
  },
);

test('P3 kind: refused, then paid with another amount: as much as it says is withheld, and booked', async () => {
  const task = await world().taken(300);
  await world().tell(task, { outcome: 'rejected', code: 'RJCT' });
  expect(await world().tell(task, { amount_minor: '250', currency: 'USD' })).toBe('contradicts: failed');
  expect(await owed()).toEqual([500n, 250n]);
  expect(await act('book_payment')).toMatchObject({ outcome: 'closed' });
  expect(await owed()).toEqual([250n, 0n]);
});

test('P3 kind: paid with another amount while it is under way, and then paid as it was sent: booked once', async () => {
  const task = await world().taken(300);
  await world().tell(task, { amount_minor: '299', currency: 'USD' });
  // It is under way: confirm_payment ends it.
  expect(await act('book_payment')).toMatchObject({ outcome: 'refused' });
  expect(await world().tell(task, { amount_minor: '300', currency: 'USD' })).toBe('applied: completed');
  expect(await act('book_payment')).toMatchObject({ outcome: 'refused' });
  expect(await act('dismiss')).toMatchObject({ outcome: 'closed' });
  expect(await owed()).toEqual([200n, 0n]);
});

test('S3 kind: a settlement id with NUL is none of ours: an open item, and the word is taken', async () => {
  const task = await paid();
  for (const outcome of ['paid', 'rejected', 'returned'] as const)
    await world().store(`${task.row.settlement_id}\0`, { outcome, provider_reference: outcome });
  expect(await world().takeWords()).toEqual(['unknown_settlement', 'unknown_settlement', 'unknown_settlement']);
  expect(await world().items()).toHaveLength(3);
});
