import { describe, expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { ask, balanceOf, standingOf } from '../../scripts/test-settlements.ts';

const world = eachWordsWorld();

describe("a provider's word", () => {
  test('before its answer: it is final, and the answer that comes later changes nothing', async () => {
    const { database, merchant } = world();
    const task = await world().taken();
    expect(await world().tell(task, {})).toBe('applied: completed');
    await world().found(task, { found: 'unknown' });
    expect(await standingOf(database, [task.row.settlement_id])).toMatchObject([{ state: 'completed' }]);
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('after its answer, paid and rejected', async () => {
    const { database, merchant } = world();
    const paid = await world().taken();
    await world().found(paid, { found: 'accepted', reference: 'r1' });
    expect(await world().tell(paid, {})).toBe('applied: completed');
    const rejected = await world().taken();
    await world().found(rejected, { found: 'accepted', reference: 'r2' });
    const word = { outcome: 'rejected', provider_reference: 'r2', code: 'account_closed' };
    expect(await world().tell(rejected, word)).toBe('applied: failed');
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('again: it changes nothing', async () => {
    const { database, merchant } = world();
    const task = await world().taken();
    await world().tell(task, {});
    expect(await world().tell(task, {})).toBe('repeated: completed');
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
    expect(await world().items()).toEqual([]);
  });

  test('of another provider than the one that has it: a payment is for a person', async () => {
    const task = await world().taken();
    expect(await world().tell(task, { outcome: 'rejected' }, 'stripe')).toBe('outdated: processing');
    expect(await world().tell(task, {}, 'stripe')).toBe('contradicts: processing');
    expect(await world().items()).toMatchObject([{ kind: 'provider_contradiction', amount_minor: '100' }]);
  });

  test('of an earlier submission: the provider is asked about the newest', async () => {
    const first = await world().taken();
    await world().found(first, { found: 'not_taken', code: 'provider_busy' });
    await world().query('update settlements set due_at = now()');
    const second = await world().takenUp();
    await world().found(second, { found: 'accepted', reference: 'r2' });
    expect(await world().tell(second, { outcome: 'rejected', submission: 1 })).toBe('asked: processing');
    expect(await world().takenUp()).toMatchObject({ kind: 'ask' });
    const paid = { submission: 2, provider_reference: 'r2' };
    expect(await world().tell(second, paid)).toBe('applied: completed');
  });

  test('that an earlier submission was paid, while a later one is under way: for a person', async () => {
    const first = await world().taken();
    await world().found(first, { found: 'not_taken', code: 'provider_busy' });
    await world().query('update settlements set due_at = now()');
    const second = await world().takenUp();
    await world().found(second, { found: 'accepted', reference: 'r2' });
    expect(await world().tell(second, { submission: 1, provider_reference: 'r1' })).toBe('contradicts: processing');
    expect(await world().tell(second, { submission: 2, provider_reference: 'r2' })).toBe('applied: completed');
    // And once more after the end: as a second payment.
    expect(await world().tell(second, { submission: 1, provider_reference: 'r1' })).toBe('contradicts: completed');
    expect(await world().items()).toMatchObject([{ status: 'open', times: 2 }]);
  });

  test('that it paid after all what it had not taken: paid, and not sent again', async () => {
    const { database, merchant } = world();
    const task = await world().taken();
    await world().found(task, { found: 'not_taken', code: 'provider_busy' });
    expect(await world().tell(task, { outcome: 'rejected' })).toBe('outdated: retry_pending');
    expect(await world().tell(task, {})).toBe('applied: completed');
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('of what was never sent, and of what is not here', async () => {
    const { database, merchant } = world();
    const settlement_id = await ask(database, merchant, 100);
    const task = { row: { settlement_id } };
    expect(await world().tell(task, {})).toBe('contradicts: queued');
    const nobody = { settlement_id: 'stl_nobody', provider_reference: 'r9' };
    expect(await world().tell(task, nobody)).toBe('unknown_settlement: queued');
    expect(await world().items()).toMatchObject([
      { kind: 'provider_contradiction', amount_minor: '100' },
      { kind: 'provider_contradiction', amount_minor: null },
    ]);
  });

  test('two of one settlement at once: the second waits for what the first made of it', async () => {
    const task = await world().taken();
    const { settlement_id } = task.row;
    const twins = [1, 2, 2].map((n) => world().store(settlement_id, { webhook_id: `twin${n}` }));
    await Promise.all(twins);
    expect(await world().takeWords()).toEqual(['applied', 'repeated']);
  });
});

test('a result whose lease somebody else has by now is not recorded', async () => {
  const task = await world().taken();
  await world().query(`update settlements set due_at = now(), lease_until = now()`);
  expect(await world().takenUp()).toMatchObject({ kind: 'ask' });
  await world().found(task, { found: 'not_taken', code: 'provider_busy' });
  expect(await standingOf(world().database, [task.row.settlement_id])).toMatchObject([{ state: 'processing' }]);
});
