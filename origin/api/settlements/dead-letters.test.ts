// Queue messages that were not taken, as open items: handed in once more when their reason is over, or dismissed.

import { beforeEach, describe, expect, test } from 'vitest';
import { type Id, newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { silent } from '../../../scripts/test-settlements.ts';
import { createHouseAccounts } from '../../ledger/house-accounts.ts';
import { creditMerchant } from '../../merchants/merchants.ts';
import { takeSettlementMessages } from '../../payouts/settlement-queue.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
});

interface Refused {
  readonly merchant_id: Id<'mrch'>;
  readonly settlement_id: string;
  readonly id: unknown;
  readonly take: () => Promise<string | undefined>;
}

/** Asked for through the queue, before anything is owed to its merchant. */
async function refused(amount_minor = 100): Promise<Refused> {
  const body = { name: 'New', currency: 'USD', destinations: { simulated: { account: 'acc-2' } } };
  const merchant_id = (await world.api.call('POST', '/merchants', body)).body['merchant_id'] as Id<'mrch'>;
  const settlement_id = newId('stl');
  const settlement = { merchant_id, amount_minor, currency: 'USD', reference: '' };
  const message = { version: 1, settlement_id, correlation_id: 'run-7', settlement };
  const take = async () =>
    (await takeSettlementMessages(world.api.database, [{ id: 'a', body: message }], silent))[0]?.outcome;
  expect(await take()).toBe('dead_letter');
  const [item] = await listed('source=settlement_requests&limit=1');
  return { merchant_id, settlement_id, id: item?.['open_item_id'], take };
}

async function listed(query = ''): Promise<Record<string, unknown>[]> {
  return (await world.api.call('GET', `/open-items?kind=dead_letter&${query}`)).body['open_items'] as never;
}

async function owe(merchant_id: string, amount_minor: bigint): Promise<void> {
  const { database } = world.api;
  await creditMerchant(database, createHouseAccounts(database.sql), { merchant_id, amount_minor, network: 'native' });
}

const read = async (id: unknown) => (await world.api.call('GET', `/open-items/${id}`)).body;
const act = (id: unknown, action = 'try_again') =>
  world.api.call('POST', `/open-items/${id}/actions/${action}`, { reason: 'its reason is over' });

describe('a request for a settlement that was refused', () => {
  test('is looked at, and created when its reason is over', async () => {
    const { merchant_id, settlement_id, id, take } = await refused();
    const { evidence, times } = await read(id);
    expect([evidence, times]).toMatchObject([{ reason: 'refused: amount_not_owed', message: expect.any(String) }, 1]);
    const { message } = evidence as { message: string };
    expect(JSON.parse(message)).toMatchObject({ settlement_id, correlation_id: 'run-7' });
    expect(await act(id)).toMatchObject({ status: 422, body: { error_code: 'open_item_action_refused' } });
    expect(await read(id)).toMatchObject({ status: 'open', times: 2, under_way: null });
    await owe(merchant_id, 100n);
    expect(await act(id)).toMatchObject({ status: 200, body: { status: 'resolved', resolution: 'try_again' } });
    expect((await world.api.call('GET', `/settlements/${settlement_id}`)).body['state']).toBe('queued');
    // Asked for again it is not handed in again; the message that comes again is done.
    expect(await act(id)).toMatchObject({ status: 200, body: { resolution: 'try_again' } });
    expect(await take()).toBe('done');
    expect(await listed()).toEqual([]);
    const { body: trail } = await world.api.call('GET', `/audit-events?subject=${id}`);
    expect(trail['audit_events']).toMatchObject([{ action: 'open_item.try_again', reason: 'its reason is over' }]);
  });

  test('dismissed, it stays so however often it comes again, though its reason is over', async () => {
    const { merchant_id, settlement_id, id, take } = await refused();
    expect(await act(id, 'dismiss')).toMatchObject({ status: 200, body: { status: 'dismissed' } });
    await owe(merchant_id, 100n);
    expect(await take()).toBe('dead_letter');
    expect(await listed()).toEqual([]);
    expect(await read(id)).toMatchObject({ status: 'dismissed', times: 2 });
    expect((await world.api.call('GET', `/settlements/${settlement_id}`)).status).toBe(404);
  });

  test('is tried again as one of a group: each comes to what it comes to', async () => {
    const [first, second, third] = [await refused(), await refused(), await refused()];
    await owe(first.merchant_id, 100n);
    await owe(third.merchant_id, 100n);
    const body = { kind: 'dead_letter', source: 'settlement_requests', reason: 'they are owed it now' };
    const answer = await world.api.call('POST', '/open-items/actions/try_again', body);
    expect(answer.body).toEqual({ closed: 2, refused: 1, not_now: 0, skipped: 0, next_cursor: null });
    expect(await listed()).toMatchObject([{ open_item_id: second.id }]);
  });
});

describe('a card event that could not be read', () => {
  test('whole messages can be handed in again, an event whose card has gone on cannot', async () => {
    await world.api.deliver({ version: 99, card_key: 'native:tok', events: [] });
    const { sample } = await world.api.newCard();
    sample.authorize(1_000);
    const message = sample.message();
    const [event] = message.events as object[];
    await world.api.deliver({ ...message, events: [{ ...event, kind: 'of another version' }] });
    const [placed, whole] = await listed();
    expect([placed?.['card_key'], whole?.['card_key']]).toEqual([sample.card_key, null]);
    for (const [item, problem] of [
      [whole, 'was refused again'],
      [placed, 'the card has gone on'],
    ] as const) {
      const answer = await act(item?.['open_item_id']);
      expect(answer).toMatchObject({ status: 422, body: { error_code: 'open_item_action_refused' } });
      expect(answer.body['message']).toContain(problem);
    }
    expect(await read(whole?.['open_item_id'])).toMatchObject({ evidence: { place: null }, times: 2 });
  });
});
