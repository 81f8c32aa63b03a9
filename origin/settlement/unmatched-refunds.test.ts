// Refunds of what no purchase had cleared: booked whatever they are; taken from their shop, and counted as funds of a card that its shops may
// be owed for, only within bounds, or when a person says so. The attacker here has a network's credential and a merchant's shop.

import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer } from '../../scripts/test-settlements.ts';
import { SampleShops, shop } from '../../scripts/test-shops.ts';
import { SampleCard } from '../intake/sample-card.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { addNetworkMerchantIds } from './merchants.ts';
import { owedTo } from './owed.ts';
import { withholdUnapproved } from './unapproved.ts';
import { defaultBounds } from './unapproved-bounds.ts';
import { measureWithheld } from './withheld-metrics.ts';

let shops: SampleShops;
let merchant: string;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  merchant = await shops.merchantAt('OURS');
  return () => opened.database.close();
});

let keys = 0;
function said(kind: 'clearing' | 'refund', amount_minor: number, over: object = {}): CardMessage {
  keys += 1;
  const message = { message_key: `unmatched-${keys}`, currency: 'USD', authorization_key: null, amount_minor };
  return { kind, ...message, merchant: shop('OURS'), ...over } as CardMessage;
}
const cleared = (amount_minor: number, over: object = {}) => said('clearing', amount_minor, { final: true, ...over });
const refunded = (amount_minor: number, over: object = {}) => said('refund', amount_minor, over);

async function told(card: SampleCard, ...messages: CardMessage[]): Promise<void> {
  for (const message of messages) card.receive(message);
  await shops.book(card);
  await shops.accrueAll();
}

async function bought(card: SampleCard, amount: number): Promise<string> {
  const key = shops.buy(card, amount, shop('OURS'));
  await told(card);
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

/** Posted is what is owed, unassigned or withheld, less refunds that no shop is charged with and those beyond what it was owed. */
async function lawHolds(): Promise<void> {
  const { posted, owed, unassigned, withheld, unmatched, deficit } = await shops.totals();
  expect(owed + unassigned + withheld - unmatched - deficit).toBe(posted);
  const { rows: sums } = await shops.database.sql.query<{ rows: number; sums: number }>(
    `select (select coalesce(sum(left_minor), 0)::int from unmatched_refunds where state = 'withheld') as rows,
       (select coalesce(sum(left_minor), 0)::int from withheld_refunds) as sums
     union all
     select (select coalesce(sum(left_minor), 0)::int from unapproved_clearings where state = 'withheld'),
       (select coalesce(sum(left_minor), 0)::int from withheld_clearings)`,
  );
  for (const { rows, sums: sum } of sums) expect(sum).toBe(rows);
  expect((await verifyLedger(shops.database.sql)).differences).toEqual([]);
}

describe('a refund of no purchase', () => {
  test('on a card that nobody knows takes nothing from the shop, and is one open item', async () => {
    await bought(await shops.card(), 40_000);
    for (let n = 0; n < 3; n += 1) await told(new SampleCard(`invented-${n}`, null), refunded(33_000_000));
    expect(await shops.owed(merchant)).toBe(40_000);
    expect(await openItems()).toEqual(['refund_withheld 99000000 open']);
    expect(await deficit()).toBe(0);
    await lawHolds();
  });

  test('is taken from the shop up to the bound of a card and day', async () => {
    await bought(await shops.card(), 400_000);
    const card = await shops.card();
    for (let n = 0; n < 4; n += 1) await told(card, refunded(20_000));
    // 500.00 a card and day: two of 200.00 pass.
    expect(await shops.owed(merchant)).toBe(360_000);
    expect(await openItems()).toEqual(['refund_withheld 40000 open']);
    await lawHolds();
  });

  test('is taken from shops on many cards up to the bound of the network and day', async () => {
    shops.bounds = { perCard: new Map(), perNetwork: new Map([['USD', 50_000]]) };
    await bought(await shops.card(), 400_000);
    for (let n = 0; n < 4; n += 1) await told(await shops.card(), refunded(20_000));
    expect(await shops.owed(merchant)).toBe(360_000);
    expect(await openItems()).toEqual(['refund_withheld 40000 open']);
    await lawHolds();
  });

  test.each([
    ['that never was', 'ghost', 300_000, 300_000],
    ['of which less has cleared', 'bought', 300_000, 100_000],
    ['of which that much has cleared', 'bought', 200_000, 0],
  ])('of a purchase %s is withheld as far as nothing cleared', async (_, of, amount, withheld) => {
    const card = await shops.card();
    const key = await bought(card, 200_000);
    await told(card, refunded(amount, { authorization_key: of === 'bought' ? key : of }));
    expect(await shops.owed(merchant)).toBe(200_000 - (amount - withheld));
    expect(await openItems()).toEqual(withheld === 0 ? [] : [`refund_withheld ${withheld} open`]);
    await lawHolds();
  });

  test('that was told before its clearing is made good by it', async () => {
    const card = await shops.card();
    const key = card.authorize(100_000, { merchant: shop('OURS') });
    await told(card, refunded(80_000, { authorization_key: key }));
    expect(await openItems()).toEqual(['refund_withheld 80000 open']);
    await told(card, cleared(100_000, { authorization_key: key }));
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
      await told(one, ...messages('one'));
      for (const message of messages('other')) await told(other, message);
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
        await told(card, cleared(amount, { authorization_key: name }));
      }
      // The network says that both are one purchase: from now on the events of both are booked to one of them.
      await told(card, refunded(80_000, { authorization_key, alias_key }));
      await told(card, refunded(100_000, { authorization_key }));
      expect(await openItems()).toEqual([]);
      expect(await shops.owed(merchant)).toBe(1);
      await told(card, refunded(60_001, { authorization_key }));
      expect(await openItems()).toEqual(['refund_withheld 60000 open']);
      await lawHolds();
    },
  );

  test('at a shop that nobody has is no item, and that of a merchant that gets the shop', async () => {
    await told(new SampleCard('invented', null), refunded(5_000, { merchant: shop('LATER') }));
    expect(await openItems()).toEqual([]);
    const added = { merchant_id: merchant, network_merchant_ids: ['LATER'] };
    await shops.database.transaction((sql) => addNetworkMerchantIds(sql, added, doer));
    await shops.accrueAll();
    expect(await openItems()).toEqual(['refund_withheld 5000 open']);
    expect(await deficit()).toBe(0);
    await lawHolds();
  });

  test('that a person releases is taken from the shop once, and what is beyond what it is owed is its deficit', async () => {
    await bought(await shops.card(), 40_000);
    await told(new SampleCard('invented', null), refunded(70_000));
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
    await told(new SampleCard('invented', null), refunded(70_000));
    expect(await shops.acted('keep_withheld', { of_minor: 70_000 })).toMatchObject({ outcome: 'closed' });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(40_000);
    expect(await openItems()).toEqual(['refund_withheld 70000 resolved']);
    await lawHolds();
  });
});

describe('what a card approves on funds that a refund of no purchase gave it', () => {
  const asked = (card: SampleCard, amount: number) => card.authorize(amount, { merchant: shop('OURS') });

  test('is withheld: its shops are owed no more than its own funds, and what passes of refunds', async () => {
    const card = await shops.card({ funds_minor: 2_000 });
    for (let n = 0; n < 5; n += 1) await told(card, refunded(5_000_000, { merchant: null }));
    const key = asked(card, 9_000_000);
    await told(card, cleared(9_000_000, { authorization_key: key }));
    expect(await shops.owed(merchant)).toBe(2_000);
    expect(await openItems()).toEqual(['clearing_withheld 8998000 open']);
    await lawHolds();
  });

  test('in small parts is owed as far as small refunds pass, and no further', async () => {
    const card = await shops.card({ funds_minor: 0 });
    for (let n = 0; n < 4; n += 1) await told(card, refunded(20_000, { merchant: null }));
    for (let n = 0; n < 4; n += 1) await bought(card, 20_000);
    expect(await shops.owed(merchant)).toBe(40_000);
    expect(await openItems()).toEqual(['clearing_withheld 40000 open']);
    await lawHolds();
  });

  test.each([
    ['one by one', true],
    ['together', false],
  ])('is withheld also where it is refunded and bought again, %s', async (_, isOneByOne) => {
    const card = await shops.card({ funds_minor: 0 });
    await told(card, refunded(100_000, { merchant: null }));
    for (let n = 0; n < 3; n += 1) {
      const key = asked(card, 100_000);
      card.receive(cleared(100_000, { authorization_key: key }));
      if (isOneByOne) await told(card);
      if (n < 2) card.receive(refunded(100_000, { authorization_key: key }));
      if (isOneByOne) await told(card);
    }
    await told(card);
    expect(await shops.owed(merchant)).toBe(0);
    expect(await shops.totals()).toMatchObject({ withheld: 100_000, deficit: 0 });
    await lawHolds();
  });

  test('is judged by what was booked until the round ends: a refund that the shop is not charged with yet counts for nothing', async () => {
    const card = await shops.card({ funds_minor: 0 });
    await told(card, refunded(100_000, { merchant: null }));
    const { sql } = shops.database;
    const seals = async () =>
      (await sql.query<{ seal_no: string }>('select seal_no from ledger_seal_head')).rows[0]?.seal_no ?? '';
    const from = await seals();
    const key = shops.buy(card, 100_000, shop('OURS'));
    await shops.book(card);
    const to = await seals();
    card.receive(refunded(100_000, { authorization_key: key }));
    await shops.book(card);
    const [adjustment] = await shops.database.transaction((inside) =>
      withholdUnapproved(inside, { from, to }, defaultBounds),
    );
    expect(adjustment?.minor).toBe(-100_000n);
  });

  test('is owed as far as the card’s own funds go, and by whoever has none of its own', async () => {
    const [funded, plain] = [await shops.card({ funds_minor: 300_000 }), await shops.card()];
    for (const card of [funded, plain]) {
      await told(card, refunded(90_000, { merchant: null }));
      await bought(card, 200_000);
    }
    expect(await shops.owed(merchant)).toBe(400_000);
    expect(await openItems()).toEqual([]);
    await lawHolds();
  });

  test.each([
    ['before', true],
    ['after', false],
  ])('covers no clearing that the card did not approve, where the refund comes %s it', async (_, isBefore) => {
    const card = await shops.card();
    const refund = refunded(5_000_000, { merchant: null });
    const clearing = cleared(4_900_000);
    for (const message of isBefore ? [refund, clearing] : [clearing, refund]) card.receive(message);
    await told(card);
    expect(await shops.owed(merchant)).toBe(0);
    expect(await openItems()).toEqual(['clearing_withheld 4900000 open']);
    await lawHolds();
  });

  test('is owed once a person releases it', async () => {
    const card = await shops.card({ funds_minor: 0 });
    await told(card, refunded(100_000, { merchant: null }));
    await bought(card, 60_000);
    expect(await shops.acted('release', { of_minor: 60_000 })).toMatchObject({ outcome: 'closed' });
    await bought(card, 40_000);
    expect(await shops.owed(merchant)).toBe(60_000);
    expect(await openItems()).toEqual(['clearing_withheld 40000 open']);
    await lawHolds();
  });
});
