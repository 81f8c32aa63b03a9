// Money in another currency than the card's, told before the card's profile: its shop's merchant was owed it by a person's
// word, and was paid, before somebody said what it is in the card's currency.

import { beforeEach, expect, test } from 'vitest';
import type { Id } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { doer, guard, sampleEngine, sampleProvider, untilOver } from '../../../scripts/test-settlements.ts';
import { brokenAccruals } from '../../audit/accrual-law.ts';
import { verifyLedger } from '../../ledger/verify.ts';
import { accrue } from '../../merchants/accrual.ts';
import { raiseUnassigned } from '../../merchants/raise-unassigned.ts';
import { raiseWithheld } from '../../merchants/raise-withheld.ts';
import { createSettlement } from '../../payouts/create.ts';
import { SampleCard } from '../../testing/sample-card.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  return () => world.api.close();
});

const shop = { id: 'SHOP-7', name: null, category: null, country: null };

async function accrueAll(): Promise<void> {
  while (await accrue(world.api.database));
  while (await raiseUnassigned(world.api.database, 'open_items'));
  while (await raiseWithheld(world.api.database));
}

const openItems = async () =>
  (await world.api.call('GET', '/open-items?order=oldest&status=open')).body['open_items'] as Record<string, unknown>[];
const act = (item: Record<string, unknown> | undefined, action: string, input: object) =>
  world.api.call('POST', `/open-items/${item?.['open_item_id']}/actions/${action}`, {
    reason: 'as the bank says',
    input,
  });

async function standing(merchant_id: string) {
  const { body } = await world.api.call('GET', `/merchants/${merchant_id}`);
  return { owed: body['owed_minor'], deficit: body['deficit_minor'] };
}

async function payOut(merchant_id: Id<'mrch'>, amount_minor: number): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const { database } = world.api;
  const settlement = { merchant_id, amount_minor, currency: 'EUR' };
  const asked = await database.transaction((sql) => createSettlement(sql, settlement, doer));
  const { client } = await sampleProvider(parts, () => database);
  const engine = sampleEngine({ database, providers: [guard(client())] });
  engine.start();
  expect(await untilOver(database, [asked])).toMatchObject([{ state: 'completed' }]);
  await engine.stop();
}

/** A clearing of 10.00 EUR before the profile, released by a person, paid out to its merchant, and then posted as 11.00 USD. */
async function paidAndPosted(): Promise<string> {
  const made = await world.api.call('POST', '/merchants', {
    ...{ name: 'Shop', currency: 'EUR', network_merchant_ids: ['SHOP-7'] },
    destinations: { simulated: { account: 'acc-1' } },
  });
  const merchant_id = made.body['merchant_id'] as Id<'mrch'>;
  const { sample } = await world.api.newCard();
  const card = new SampleCard(sample.card_token, null);
  world.api.edge.cards.set(card.card_key, card);
  card.receive({
    ...{ kind: 'clearing', message_key: 'm1', currency: 'EUR', authorization_key: null },
    ...{ amount_minor: 1_000, final: true, merchant: shop },
  });
  card.putProfile({ currency: 'USD' });
  await world.api.deliver(card.message());
  await accrueAll();
  const [item, withheld] = await openItems();
  expect(withheld).toMatchObject({ kind: 'clearing_withheld', amount_minor: 1_000, currency: 'EUR', merchant_id });
  expect(await act(withheld, 'release', { of_minor: 1_000 })).toMatchObject({ status: 200 });
  await payOut(merchant_id, 1_000);
  expect(await act(item, 'post_at_rate', { rate: '1.1' })).toMatchObject({ status: 200 });
  await world.api.deliver(card.message());
  await accrueAll();
  return merchant_id;
}

test('F7: a merchant that was paid meanwhile: the item says what happened, and owe_at_rate makes it even', async () => {
  const merchant_id = await paidAndPosted();
  // Nothing failed: what it was paid too much waits to be made good.
  expect(await standing(merchant_id)).toEqual({ owed: 0, deficit: 1_000 });
  const [item, ...others] = await openItems();
  expect(others).toEqual([]);
  expect(item).toMatchObject({ kind: 'clearing_unassigned', amount_minor: 1_100, currency: 'USD' });
  expect(item?.['summary']).toBe(
    `What cleared at shop SHOP-7 (native, USD) is owed to nobody: ${merchant_id} has its id, and is paid in EUR. ` +
      'It was paid 10.00 EUR more than it is owed by now.',
  );
  const { status, body } = await act(item, 'owe_at_rate', { merchant_id, rate: '0.91', of_minor: 1_100 });
  expect([status, body['result']]).toEqual([
    200,
    { merchant_id, moved_minor: 1_100, owed_minor: 1_001, currency: 'EUR' },
  ]);
  await accrueAll();
  expect(await standing(merchant_id)).toEqual({ owed: 1, deficit: 0 });
  // Asked for again: the first answer, and nothing is owed twice.
  const again = await act(item, 'owe_at_rate', { merchant_id, rate: '0.91', of_minor: 1_100 });
  expect(again.body['result']).toEqual(body['result']);
  await accrueAll();
  expect(await standing(merchant_id)).toEqual({ owed: 1, deficit: 0 });
  expect(await openItems()).toEqual([]);
  const { rows } = await world.api.database.sql.query('select * from unassigned_clearings');
  expect(rows).toEqual([]);
  // The sample world owes a merchant this before anything has cleared; of both currencies nothing else is out of the law.
  expect(await brokenAccruals(world.api.database.sql)).toEqual([
    'merchants are owed 2000000 minor units of USD more than cleared',
  ]);
  expect((await verifyLedger(world.api.database.sql)).differences).toEqual([]);
});

test('F7: owe_at_rate refuses what nobody has looked at, and names what is wrong with it', async () => {
  const merchant_id = await paidAndPosted();
  const [item] = await openItems();
  const asked = { merchant_id, amount_minor: 1_000, of_minor: 1_100 };
  const dollars = (await world.api.call('POST', '/merchants', { name: 'Other', currency: 'USD' })).body['merchant_id'];
  const unknown = `mrch_${'0'.repeat(26)}`;
  for (const [wrong, field] of [
    [{ ...asked, of_minor: 1_099 }, 'input.of_minor'],
    [{ ...asked, merchant_id: dollars }, 'input.merchant_id'],
    [{ ...asked, merchant_id: unknown }, 'input.merchant_id'],
    [{ ...asked, rate: '1' }, 'input.amount_minor'],
    [{ merchant_id, of_minor: 1_100 }, 'input.amount_minor'],
    [{ merchant_id, of_minor: 1_100, rate: '0.0001' }, 'input.rate'],
    [{ merchant_id, of_minor: 1_100, rate: '999999999' }, 'input.rate'],
  ] as const) {
    const { status, text } = await act(item, 'owe_at_rate', wrong);
    expect([status, text]).toEqual([422, expect.stringContaining(field)]);
  }
  expect(await standing(merchant_id)).toEqual({ owed: 0, deficit: 1_000 });
  // As much as it was paid for it: it is even, to the cent.
  expect(await act(item, 'owe_at_rate', asked)).toMatchObject({ status: 200 });
  await accrueAll();
  expect(await standing(merchant_id)).toEqual({ owed: 0, deficit: 0 });
});
