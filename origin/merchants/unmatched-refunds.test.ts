// Refunds of what no purchase had cleared: booked whatever they are, and taken from their shop only within bounds, or when a person says so.
// The attacker here has a network's credential.

import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer } from '../../scripts/test-settlements.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { addNetworkMerchantIds } from './merchants.ts';
import { owedTo } from './owed.ts';
import { measureWithheld } from './withheld-metrics.ts';

let shops: SampleShops;
let merchant: string;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  merchant = await shops.merchantAt('OURS');
  return () => opened.database.close();
});

const cleared = (amount_minor: number, over: object = {}) => saying('clearing', amount_minor, over);
const refunded = (amount_minor: number, over: object = {}) => saying('refund', amount_minor, over);

async function bought(card: SampleCard, amount: number): Promise<string> {
  const key = shops.buy(card, amount, shop('OURS'));
  await shops.told(card);
  return key;
}

const openItems = async () =>
  (await shops.openItems())
    .filter(({ kind }) => kind.endsWith('_withheld'))
    .map(({ kind, amount, status }) => `${kind} ${amount} ${status}`);

const deficit = async () => Number((await owedTo(shops.database.sql, [merchant])).get(merchant)?.deficit_minor);

async function figures() {
  const registry = new Registry();
  measureWithheld(registry, shops.database.sql);
  const read = async (name: string) => {
    const found = await registry.getSingleMetric(name)?.get();
    return found?.values.reduce((sum, { value }) => sum + value, 0);
  };
  return {
    merchants_deficit_minor: await read('merchants_deficit_minor'),
    refunds_withheld_minor: await read('refunds_withheld_minor'),
  };
}

const lawHolds = async () => expect(await shops.broken()).toEqual([]);

describe('a refund of no purchase', () => {
  test('on a card that nobody knows takes nothing from the shop, and is one open item', async () => {
    await bought(await shops.card(), 40_000);
    for (let n = 0; n < 3; n += 1) await shops.told(new SampleCard(`invented-${n}`, null), refunded(33_000_000));
    expect(await shops.owed(merchant)).toBe(40_000);
    expect(await openItems()).toEqual(['refund_withheld 99000000 open']);
    expect(await deficit()).toBe(0);
    await lawHolds();
  });

  test('is taken from the shop up to the bound of a card and day', async () => {
    await bought(await shops.card(), 400_000);
    const card = await shops.card();
    for (let n = 0; n < 4; n += 1) await shops.told(card, refunded(20_000));
    // 500.00 a card and day: two of 200.00 pass.
    expect(await shops.owed(merchant)).toBe(360_000);
    expect(await openItems()).toEqual(['refund_withheld 40000 open']);
    await lawHolds();
  });

  test('is taken from shops on many cards up to the bound of the network and day', async () => {
    shops.bounds = { perCard: new Map(), perNetwork: new Map([['USD', 50_000]]) };
    await bought(await shops.card(), 400_000);
    // At shops that no merchant has, most of the network's day has passed.
    for (let n = 0; n < 3; n += 1)
      await shops.told(await shops.card(), refunded(16_000, { merchant: shop(`far-${n}`) }));
    await shops.told(await shops.card(), refunded(2_000));
    await shops.told(await shops.card(), refunded(2_000));
    expect(await shops.owed(merchant)).toBe(398_000);
    expect(await openItems()).toEqual(['refund_withheld 2000 open']);
    await lawHolds();
  });

  test('is taken from one shop on many cards up to a tenth of that, and from the next one as well', async () => {
    shops.bounds = { perCard: new Map(), perNetwork: new Map([['USD', 500_000]]) };
    const other = await shops.merchantAt('OTHER', 'OTHER TOO');
    await bought(await shops.card(), 400_000);
    for (let n = 0; n < 4; n += 1) await shops.told(await shops.card(), refunded(20_000));
    for (const id of ['OTHER', 'OTHER TOO'])
      await shops.told(await shops.card(), refunded(20_000, { merchant: shop(id) }));
    expect(await shops.owed(merchant)).toBe(360_000);
    expect(await openItems()).toEqual(['refund_withheld 40000 open']);
    expect((await owedTo(shops.database.sql, [other])).get(other)?.deficit_minor).toBe(40_000n);
    await lawHolds();
  });

  test.each([
    ['that never was', 'ghost', 300_000, 300_000],
    ['of which less has cleared', 'bought', 300_000, 100_000],
    ['of which that much has cleared', 'bought', 200_000, 0],
  ])('of a purchase %s is withheld as far as nothing cleared', async (_, of, amount, withheld) => {
    const card = await shops.card();
    const key = await bought(card, 200_000);
    await shops.told(card, refunded(amount, { authorization_key: of === 'bought' ? key : of }));
    expect(await shops.owed(merchant)).toBe(200_000 - (amount - withheld));
    expect(await openItems()).toEqual(withheld === 0 ? [] : [`refund_withheld ${withheld} open`]);
    await lawHolds();
  });

  test('that was told before its clearing is made good by it', async () => {
    const card = await shops.card();
    const key = card.authorize(100_000, { merchant: shop('OURS') });
    await shops.told(card, refunded(80_000, { authorization_key: key }));
    expect(await openItems()).toEqual(['refund_withheld 80000 open']);
    await shops.told(card, cleared(100_000, { authorization_key: key }));
    expect(await shops.owed(merchant)).toBe(20_000);
    expect(await openItems()).toEqual(['refund_withheld 80000 resolved']);
    await lawHolds();
  });

  test('and a clearing that no card approved, of one purchase, owe and take nothing, in any order and batches', async () => {
    for (const [index, order] of [
      ['refund', 'clearing'],
      ['clearing', 'refund'],
    ].entries()) {
      const [one, other] = [await shops.card(), await shops.card()];
      const messages = (of: string) => {
        const over = { authorization_key: `none-${index}-${of}` };
        return order.map((kind) => (kind === 'refund' ? refunded(800_000, over) : cleared(800_000, over)));
      };
      await shops.told(one, ...messages('one'));
      for (const message of messages('other')) await shops.told(other, message);
    }
    expect(await shops.totals()).toMatchObject({ posted: 0, owed: 0, withheld: 0, unmatched: 0, deficit: 0 });
    await lawHolds();
  });

  test.each([
    ['second', 'first'],
    ['first', 'second'],
  ])(
    'of a purchase that cleared under another name of it is no such refund (%s, known as %s)',
    async (authorization_key, alias_key) => {
      const card = await shops.card();
      for (const [index, [name, amount]] of Object.entries({ first: 90_000, second: 90_001 }).entries()) {
        card.authorize(amount, { key: `asked-${index}`, authorization_key: name, merchant: shop('OURS') });
        await shops.told(card, cleared(amount, { authorization_key: name }));
      }
      // The network says that both are one purchase: from now on the events of both are booked to one of them.
      await shops.told(card, refunded(80_000, { authorization_key, alias_key }));
      await shops.told(card, refunded(100_000, { authorization_key }));
      expect(await openItems()).toEqual([]);
      expect(await shops.owed(merchant)).toBe(1);
      await shops.told(card, refunded(60_001, { authorization_key }));
      expect(await openItems()).toEqual(['refund_withheld 60000 open']);
      await lawHolds();
    },
  );

  test('at a shop that nobody has is an item of its hour, and then one of the merchant that gets the shop', async () => {
    await shops.told(new SampleCard('invented', null), refunded(5_000, { merchant: shop('LATER') }));
    expect(await openItems()).toEqual(['refund_withheld 5000 open']);
    const added = { merchant_id: merchant, network_merchant_ids: ['LATER'] };
    await shops.database.transaction((sql) => addNetworkMerchantIds(sql, added, doer));
    await shops.accrueAll();
    expect(await openItems()).toEqual(['refund_withheld 5000 resolved', 'refund_withheld 5000 open']);
    expect(await deficit()).toBe(0);
    await lawHolds();
  });

  test('that a person releases is taken from the shop once, and what is beyond what it is owed is its deficit', async () => {
    await bought(await shops.card(), 40_000);
    await shops.told(new SampleCard('invented', null), refunded(70_000));
    expect(await figures()).toEqual({ merchants_deficit_minor: 0, refunds_withheld_minor: 70_000 });
    expect(await shops.acted('release', { of_minor: 69_999 })).toMatchObject({ outcome: 'refused' });
    expect(await shops.acted('release', { of_minor: 70_000 })).toMatchObject({ outcome: 'closed' });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(0);
    expect(await deficit()).toBe(30_000);
    expect(await figures()).toEqual({ merchants_deficit_minor: 30_000, refunds_withheld_minor: 0 });
    expect(await openItems()).toEqual(['refund_withheld 70000 resolved']);
    await lawHolds();
  });

  test('that a person keeps takes nothing from the shop, for good', async () => {
    await bought(await shops.card(), 40_000);
    await shops.told(new SampleCard('invented', null), refunded(70_000));
    expect(await shops.acted('keep_withheld', { of_minor: 70_000 })).toMatchObject({ outcome: 'closed' });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(40_000);
    expect(await openItems()).toEqual(['refund_withheld 70000 resolved']);
    await lawHolds();
  });
});
