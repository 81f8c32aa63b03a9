// What a provider says under the id of an earlier message, and different things that it says of one payment: each is seen by somebody.

import { expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';

const world = eachWordsWorld();

async function paid() {
  const task = await world().taken();
  expect(await world().tell(task, {})).toBe('applied: completed');
  return task;
}

const back = { outcome: 'returned', provider_reference: 'R1', amount_minor: '10', currency: 'USD' };
const returns = () => world().query('select amount_minor from settlement_returns');

test('F4 kind: a provider reuses the id of a message for other content: the first is booked, the second an open item with all it says', async () => {
  const task = await paid();
  expect(await world().tell(task, { ...back, webhook_id: 'w1' })).toBe('returned: completed');
  const other = { ...back, webhook_id: 'w1', provider_reference: 'R2', amount_minor: '20' };
  expect(await world().tell(task, other)).toBe('unclear: completed');
  expect(await world().tell(task, other)).toBe(': completed');
  expect(await returns()).toEqual([{ amount_minor: '10' }]);
  const summary = 'simulated says "returned" under the id of an earlier message that said something else (w1).';
  expect(await world().items()).toMatchObject([
    { kind: 'provider_contradiction', status: 'open', amount_minor: '20', currency: 'USD', times: 1, summary },
  ]);
  const [item] = await world().query<{ evidence: object; settlement_id: string }>(
    'select evidence, settlement_id from open_items',
  );
  expect(item).toMatchObject({
    settlement_id: task.row.settlement_id,
    evidence: { word: { said: { provider_reference: 'R2', amount_minor: '20' } } },
  });
});

test('F4 kind: the id of a message about one settlement is reused for another: both are seen', async () => {
  const [one, two] = [await paid(), await paid()];
  await world().tell(one, { ...back, webhook_id: 'w1' });
  expect(await world().tell(two, { ...back, webhook_id: 'w1' })).toBe('unclear: completed');
  expect(await world().query('select settlement_id from open_items')).toEqual([
    { settlement_id: two.row.settlement_id },
  ]);
});

test('F4 kind: two contents under one id that come at once: one is booked, the other is an open item', async () => {
  const task = await paid();
  const { settlement_id } = task.row;
  await Promise.all(
    ['10', '20'].map((amount_minor) => world().store(settlement_id, { ...back, webhook_id: 'w1', amount_minor })),
  );
  expect((await world().takeWords()).toSorted()).toEqual(['returned', 'unclear']);
  expect([await returns(), await world().items()]).toMatchObject([[{}], [{}]]);
});

test('F4 kind: a repeat that is stamped anew, or in other words, is a repeat', async () => {
  const task = await paid();
  await world().tell(task, { ...back, webhook_id: 'w1', occurred_at_ms: 1_700_000_000_000 });
  const again = { ...back, webhook_id: 'w1', occurred_at_ms: 1_700_000_009_000, code: 'provider_other', note: 'again' };
  expect(await world().tell(task, again)).toBe(': completed');
  expect(await world().items()).toEqual([]);
});

const unclear = { outcome: 'unclear', kind: 'provider_contradiction', summary: 'It says what we do not know.' };

test('P4 kind: two things that a provider says of one payment are two open items, and a dismissed one hides no other', async () => {
  const task = await paid();
  await world().tell(task, { ...unclear, code: 'provider_disputed' });
  await world().query(`update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss'`);
  await world().tell(task, { ...unclear, code: 'provider_frozen' });
  await world().tell(task, { ...unclear, code: 'provider_frozen' });
  await world().tell(task, { ...unclear, code: 'provider_frozen', amount_minor: '7', currency: 'USD' });
  expect(await world().items()).toMatchObject([
    { status: 'dismissed', times: 1 },
    { status: 'open', times: 2, amount_minor: '100' },
    { status: 'open', times: 1, amount_minor: '7' },
  ]);
});

test('P4 kind: more came back than was paid, told with two amounts: two open items, each with its amount', async () => {
  const task = await paid();
  for (const amount_minor of ['150', '190', '190']) await world().tell(task, { ...back, amount_minor });
  expect(await world().items()).toMatchObject([
    { amount_minor: '150', times: 1 },
    { amount_minor: '190', times: 2 },
  ]);
});
