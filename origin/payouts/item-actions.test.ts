// What people do with the open items of payouts: a return booked, a payment booked after all, a settlement tried again or given up.

import { describe, expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { owedTo } from '../merchants/owed.ts';
import { createActing } from '../open-items/act.ts';
import { actionsOf } from '../open-items/actions/all.ts';
import type { OpenItemKind } from '../open-items/kinds.ts';
import type { Task } from './claim.ts';

const world = eachWordsWorld(500n);
const doer = { actor: 'akey_operator', correlation_id: 'req_1' };

async function act(name: string, input: object = {}) {
  const [item] = await world().query<{ open_item_id: string; kind: OpenItemKind }>(
    `select open_item_id, kind from open_items order by open_item_no desc limit 1`,
  );
  const action = item && actionsOf(item.kind).find((one) => one.name === name);
  if (action === undefined || item === undefined) throw new Error(`no action ${name}, or no item`);
  const acting = createActing({ database: world().database } as Parameters<typeof createActing>[0]);
  const { open_item_id } = item;
  return await acting({ open_item_id, action, input: action.input.parse(input), reason: 'asked the bank' }, doer);
}

const owed = async () => {
  const found = (await owedTo(world().database.sql, [world().merchant])).get(world().merchant);
  return found && [found.available_minor, found.withheld_minor];
};

async function paid(): Promise<Task> {
  const task = await world().taken(300);
  await world().tell(task, {});
  return task;
}

const part = {
  ...{ outcome: 'unclear', kind: 'return_short', summary: 'A part was reversed.', provider_reference: 'trr_1' },
  ...{ amount_minor: '40', currency: 'USD' },
};

describe('book_return', () => {
  test('P4: a part is booked once, and the same told again is a repeat', async () => {
    const task = await paid();
    await world().tell(task, part);
    expect(await act('book_return', { amount_minor: 40 })).toMatchObject({
      outcome: 'closed',
      item: { status: 'resolved', resolution: 'book_return', result: { amount_minor: '40' } },
    });
    expect(await act('book_return', { amount_minor: 40 })).toMatchObject({ outcome: 'closed' });
    expect(await owed()).toEqual([240n, 0n]);
    expect(await world().tell(task, { ...part, outcome: 'returned' })).toBe('repeated: completed');
    expect(await owed()).toEqual([240n, 0n]);
    // The whole transfer reversed later: the rest.
    expect(await world().tell(task, { outcome: 'rejected' })).toBe('returned: completed');
    expect(await owed()).toEqual([500n, 0n]);
    const actions = await world().query(
      `select actor, action from audit_events where action like '%return%' order by audit_no`,
    );
    expect(actions).toEqual([
      { actor: 'akey_operator', action: 'settlement.returned' },
      { actor: 'akey_operator', action: 'open_item.book_return' },
      { actor: 'provider:simulated', action: 'settlement.returned' },
    ]);
  });

  test('without an amount all that is not back yet; never more than was paid, never of what was not', async () => {
    const task = await paid();
    await world().tell(task, part);
    expect(await act('book_return', { amount_minor: 301 })).toMatchObject({
      outcome: 'refused',
      field: 'amount_minor',
    });
    expect(await act('book_return', {})).toMatchObject({ outcome: 'closed' });
    expect(await owed()).toEqual([500n, 0n]);
    const failed = await world().taken(100);
    await world().tell(failed, { outcome: 'rejected' });
    await world().tell(failed, { outcome: 'returned', provider_reference: 'entry-1', amount_minor: '100' });
    expect(await act('book_return', {})).toMatchObject({
      outcome: 'refused',
      problem: expect.stringContaining('failed'),
    });
  });
});

describe('book_payment', () => {
  test('P3: it was paid after all: owed that much less, withheld no longer, and the settlement as it was', async () => {
    const task = await world().taken(300);
    await world().tell(task, { outcome: 'rejected' });
    await world().tell(task, {});
    expect(await owed()).toEqual([500n, 300n]);
    expect(await act('book_payment')).toMatchObject({ outcome: 'closed', item: { result: { amount_minor: '300' } } });
    expect(await owed()).toEqual([200n, 0n]);
    expect(await world().query(`select state from settlements`)).toEqual([{ state: 'failed' }]);
    expect(
      await world().query(`select subject, from_state from audit_events where action = 'settlement.paid_after_all'`),
    ).toEqual([{ subject: task.row.settlement_id, from_state: 'failed' }]);
    expect(await verifyLedger(world().database.sql)).toMatchObject({ differences: [] });
  });

  test('dismissed instead: it was not paid, and is payable again', async () => {
    const task = await world().taken(300);
    await world().tell(task, { outcome: 'rejected' });
    await world().tell(task, {});
    expect(await act('dismiss')).toMatchObject({ outcome: 'closed' });
    expect(await owed()).toEqual([500n, 0n]);
  });

  test('of what was paid again meanwhile: when as much is owed again', async () => {
    const task = await world().taken(300);
    await world().tell(task, { outcome: 'rejected', provider_reference: 'r1' });
    const again = await world().taken(300);
    await world().tell(again, { provider_reference: 'r2' });
    await world().tell(task, { provider_reference: 'r1' });
    expect(await owed()).toEqual([200n, 300n]);
    expect(await act('book_payment')).toMatchObject({ outcome: 'not_now' });
    expect(await world().items()).toMatchObject([{ status: 'open' }]);
  });
});

describe('a settlement that used up its tries', () => {
  async function setAside(): Promise<Task> {
    let task = await world().taken(300);
    for (let tries = 1; tries < world().parts.policy.attemptsMax; tries += 1) {
      await world().found(task, { found: 'not_taken', code: 'provider_busy' });
      await world().query('update settlements set due_at = now()');
      task = await world().takenUp();
    }
    await world().found(task, { found: 'not_taken', code: 'provider_busy' });
    return task;
  }

  test('is an open item, tried again with all its tries, and closed when it is paid', async () => {
    await setAside();
    expect(await world().items()).toMatchObject([
      { kind: 'settlement_set_aside', status: 'open', amount_minor: '300' },
    ]);
    expect(await act('try_again')).toMatchObject({ outcome: 'closed', item: { resolution: 'try_again' } });
    const task = await world().takenUp();
    expect(task).toMatchObject({ kind: 'submit', row: { attempts: 0 } });
    await world().found(task, { found: 'paid', reference: 'r1' });
    expect(await owed()).toEqual([200n, 0n]);
    expect(await act('discard')).toMatchObject({ outcome: 'closed_otherwise' });
  });

  test('or given up: it fails, and is owed again', async () => {
    await setAside();
    expect(await act('discard')).toMatchObject({
      outcome: 'closed',
      item: { status: 'resolved', resolution: 'discard' },
    });
    expect(await world().query('select state, failure_code from settlements')).toEqual([
      { state: 'failed', failure_code: 'discarded' },
    ]);
    expect(await owed()).toEqual([500n, 0n]);
  });

  test('paid after all by what had not taken it: the item is gone', async () => {
    const task = await setAside();
    expect(await world().tell(task, {})).toBe('applied: completed');
    expect(await world().items()).toMatchObject([{ kind: 'settlement_set_aside', resolution: 'gone' }]);
  });
});

test('a settlement of which its provider does not say what came of it: an open item until it does', async () => {
  const task = await world().taken(300);
  for (let polls = 0; polls <= world().parts.policy.pollsMax; polls += 1) {
    await world().query(`update settlements set lease_owner = 'test.1', lease_until = now() + interval '1 minute'`);
    await world().found({ ...task, token: 'test.1' }, { found: 'unknown' });
  }
  expect(await world().items()).toMatchObject([{ kind: 'settlement_overdue', status: 'open', amount_minor: '300' }]);
  await world().tell(task, {});
  expect(await world().items()).toMatchObject([{ kind: 'settlement_overdue', resolution: 'gone' }]);
});
