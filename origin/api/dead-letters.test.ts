import { beforeEach, describe, expect, test } from 'vitest';
import { type Id, newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { silent } from '../../scripts/test-settlements.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { creditMerchant } from '../settlement/merchants.ts';
import { takeSettlementMessages } from '../settlement/settlement-queue.ts';
import { SampleWorld } from './sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
});

/** Asked for through the queue, before anything is owed to its merchant. */
async function refused(amount_minor = 100): Promise<{ merchant_id: Id<'mrch'>; settlement_id: string; no: unknown }> {
  const body = { name: 'New', currency: 'USD', destinations: { simulated: { account: 'acc-2' } } };
  const merchant_id = (await world.api.call('POST', '/merchants', body)).body['merchant_id'] as Id<'mrch'>;
  const settlement_id = newId('stl');
  const settlement = { merchant_id, amount_minor, currency: 'USD', reference: '' };
  const message = { version: 1, settlement_id, correlation_id: 'run-7', settlement };
  const [taken] = await takeSettlementMessages(world.api.database, [{ id: 'a', body: message }], silent);
  expect(taken?.outcome).toBe('dead_letter');
  const { body: listed } = await world.api.call('GET', '/dead-letters?source=settlement_requests&limit=1');
  return {
    merchant_id,
    settlement_id,
    no: (listed['dead_letters'] as Record<string, unknown>[])[0]?.['dead_letter_no'],
  };
}

async function owe(merchant_id: string, amount_minor: bigint): Promise<void> {
  const { database } = world.api;
  await creditMerchant(database, createHouseAccounts(database.sql), { merchant_id, amount_minor, network: 'native' });
}

const outcomeOf = async (no: unknown) => (await world.api.call('POST', `/dead-letters/${no}/replay`)).body['outcome'];

describe('a request for a settlement that was refused', () => {
  test('is looked at, and created when its reason is over', async () => {
    const { merchant_id, settlement_id, no } = await refused();
    const { body } = await world.api.call('GET', `/dead-letters/${no}`);
    expect(body).toMatchObject({ dead_letter_no: no, reason: 'refused: amount_not_owed', times: 1 });
    expect(JSON.parse(String(body['message']))).toMatchObject({ settlement_id, correlation_id: 'run-7' });
    expect(await outcomeOf(no)).toBe('refused_again');
    expect((await world.api.call('GET', `/dead-letters/${no}`)).body['times']).toBe(2);
    await owe(merchant_id, 100n);
    expect(await outcomeOf(no)).toBe('replayed');
    expect((await world.api.call('GET', `/settlements/${settlement_id}`)).body['state']).toBe('queued');
    // Seen to: nobody finds it any more, and the message that comes again is done.
    expect((await world.api.call('POST', `/dead-letters/${no}/replay`)).status).toBe(404);
    const { body: trail } = await world.api.call('GET', `/audit-events?subject=dead_letter_${no}`);
    expect(trail['audit_events']).toMatchObject([{ action: 'dead_letter.replayed', actor: expect.any(String) }]);
  });

  test('discarded, it stays so however often it comes again, with who and why', async () => {
    const { no } = await refused();
    expect((await world.api.call('POST', `/dead-letters/${no}/discard`, { reason: 'asked for twice' })).status).toBe(
      204,
    );
    expect((await world.api.call('GET', `/dead-letters/${no}`)).status).toBe(404);
    const { body: trail } = await world.api.call('GET', `/audit-events?subject=dead_letter_${no}`);
    expect(trail['audit_events']).toMatchObject([{ action: 'dead_letter.discarded', reason: 'asked for twice' }]);
  });

  test('a group is replayed: each comes to what it comes to', async () => {
    const [first, second, third] = [await refused(), await refused(), await refused()];
    await owe(first.merchant_id, 100n);
    await owe(third.merchant_id, 100n);
    const { body } = await world.api.call('POST', '/dead-letters/replay', { source: 'settlement_requests' });
    expect(body).toEqual({ replayed: 2, refused_again: 1, not_taken: 0, not_replayable: 0, next_after: null });
    const { body: listed } = await world.api.call('GET', '/dead-letters');
    expect(listed['dead_letters']).toMatchObject([{ dead_letter_no: second.no }]);
    const rest = await world.api.call('POST', '/dead-letters/replay', { all: true, after: second.no });
    expect(rest.body).toMatchObject({ replayed: 0, refused_again: 0 });
  });
});

describe('a card event that could not be read', () => {
  test('its message is not shown; whole messages can be handed in again, an event whose card has gone on cannot', async () => {
    await world.api.deliver({ version: 99, card_key: 'native:tok', events: [] });
    const { sample } = await world.api.newCard();
    sample.authorize(1_000);
    const message = sample.message();
    const [event] = message.events as Record<string, unknown>[];
    await world.api.deliver({ ...message, events: [{ ...event, kind: 'of another version' }] });
    const { body } = await world.api.call('GET', '/dead-letters');
    const [placed, whole] = body['dead_letters'] as {
      dead_letter_no: number;
      source: string;
      sequence: number | null;
    }[];
    expect([placed?.sequence, whole?.sequence]).toEqual([event?.['sequence'], null]);
    expect((await world.api.call('GET', `/dead-letters/${whole?.dead_letter_no}`)).body['message']).toBeNull();
    expect(await outcomeOf(whole?.dead_letter_no)).toBe('refused_again');
    expect(await outcomeOf(placed?.dead_letter_no)).toBe('not_replayable');
  });
});
