// Clearings that no card approved: booked whatever they are, and owed to their shop only within bounds, or when a person says so. The
// attacker here has a network's credential and a merchant's shop.

import { beforeEach, describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer } from '../../scripts/test-settlements.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { accrue } from './accrual.ts';
import { addNetworkMerchantIds } from './merchants.ts';

let shops: SampleShops;
let merchant: string;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  merchant = await shops.merchantAt('OURS');
  return () => opened.database.close();
});

const cleared = (amount_minor: number, over: object = {}) => saying('clearing', amount_minor, over);
const refunded = (amount_minor: number, authorization_key: string) =>
  saying('refund', amount_minor, { authorization_key });

const items = async () => (await shops.openItems()).map(({ kind, amount, status }) => `${kind} ${amount} ${status}`);

const lawHolds = async () => expect(await shops.broken()).toEqual([]);

describe('what a stolen credential of a network says', () => {
  test('of a card that nobody knows is booked, and owed to nobody until a person says so', async () => {
    await shops.told(new SampleCard('invented', null), cleared(900_000));
    expect(await shops.owed(merchant)).toBe(0);
    expect(await items()).toEqual(['clearing_withheld 900000 open']);
    expect(await shops.totals()).toMatchObject({ posted: 900_000, withheld: 900_000, unassigned: 0 });
    await lawHolds();
  });

  test('of many cards that nobody knows is one item a shop, with their sum', async () => {
    for (let n = 0; n < 5; n += 1) await shops.told(new SampleCard(`invented-${n}`, null), cleared(1_000));
    expect(await items()).toEqual(['clearing_withheld 5000 open']);
    await lawHolds();
  });

  test('far above what the card approved is owed as far as the card approved it', async () => {
    const card = await shops.card();
    const key = card.authorize(10_000, { merchant: shop('OURS') });
    await shops.told(card, cleared(500_000, { authorization_key: key }));
    expect(await shops.owed(merchant)).toBe(10_000);
    expect(await items()).toEqual(['clearing_withheld 490000 open']);
    await lawHolds();
  });

  test.each(['network', 'processor', 'edge'] as const)(
    'as a hold first (an advice, decided by the %s), and then as a clearing of it, is no approval',
    async (decided_by) => {
      const card = await shops.card();
      const advice = {
        kind: 'advice',
        authorization_key: 'told',
        request_key: 'told',
        hold_minor: 700_000,
        decided_by,
      };
      const first = { ...advice, currency: 'USD', message_key: 'first', merchant: shop('OURS') };
      await shops.told(card, first as CardMessage, cleared(700_000, { authorization_key: 'told' }));
      expect(await shops.owed(merchant)).toBe(0);
      expect(await items()).toEqual(['clearing_withheld 700000 open']);
      await lawHolds();
    },
  );

  test('after a hold was reversed or has lapsed is no approval either', async () => {
    const [reversed, lapsed] = [await shops.card(), await shops.card()];
    const first = reversed.authorize(80_000, { merchant: shop('OURS') });
    reversed.reverse(first);
    const second = lapsed.authorize(80_000, { merchant: shop('OURS') });
    lapsed.lapse();
    await shops.told(reversed, cleared(80_000, { authorization_key: first }));
    await shops.told(lapsed, cleared(80_000, { authorization_key: second }));
    expect(await shops.owed(merchant)).toBe(0);
    expect(await items()).toEqual(['clearing_withheld 160000 open']);
  });

  test('in small parts passes up to the bound of a card and day, beyond its funds', async () => {
    const card = await shops.card();
    for (let n = 0; n < 4; n += 1) await shops.told(card, cleared(20_000));
    // 500.00 a card and day: two of 200.00 pass.
    expect(await shops.owed(merchant)).toBe(40_000);
    await shops.told(card, cleared(10_000));
    expect(await shops.owed(merchant)).toBe(50_000);
    await shops.told(await shops.card(), cleared(20_000));
    expect(await shops.owed(merchant)).toBe(70_000);
    expect(await items()).toEqual(['clearing_withheld 40000 open']);
    await lawHolds();
  });

  test('on many cards, or covered by their funds, passes up to the bound of the network and day', async () => {
    shops.bounds = { perCard: new Map(), perNetwork: new Map([['USD', 100_000]]) };
    const rich = await shops.card();
    await shops.fund(rich, 10_000_000);
    await shops.told(rich, cleared(90_000));
    await shops.told(await shops.card(), cleared(9_000));
    expect(await shops.owed(merchant)).toBe(99_000);
    await shops.told(rich, cleared(90_000));
    await shops.told(await shops.card(), cleared(9_000));
    expect(await shops.owed(merchant)).toBe(99_000);
    expect(await items()).toEqual(['clearing_withheld 99000 open']);
    await lawHolds();
  });

  test('at a shop that nobody has is no item, and none’s money when a merchant gets the shop', async () => {
    await shops.told(new SampleCard('invented', null), cleared(5_000, { merchant: shop('LATER') }));
    expect(await items()).toEqual([]);
    const added = { merchant_id: merchant, network_merchant_ids: ['LATER'] };
    await shops.database.transaction((sql) => addNetworkMerchantIds(sql, added, doer));
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(0);
    expect(await items()).toEqual(['clearing_withheld 5000 open']);
    await lawHolds();
  });
});

describe('what networks usually send without a card’s approval', () => {
  test('a tip, a clearing after the hold, and one of no authorization are owed at once, within funds and bounds', async () => {
    const card = await shops.card();
    await shops.fund(card, 100_000);
    const dinner = card.authorize(5_000, { merchant: shop('OURS') });
    const hotel = card.authorize(30_000, { merchant: shop('OURS') });
    card.lapse();
    await shops.told(
      card,
      cleared(6_000, { authorization_key: dinner }),
      cleared(30_000, { authorization_key: hotel }),
    );
    await shops.told(card, cleared(1_200));
    expect(await shops.owed(merchant)).toBe(37_200);
    expect(await items()).toEqual([]);
    await lawHolds();
  });

  test('what the card approved is owed whole, however far its account is overdrawn by others', async () => {
    const card = await shops.card();
    const key = card.authorize(9_000, { merchant: shop('OURS') });
    await shops.told(card, cleared(800_000));
    await shops.told(
      card,
      cleared(4_000, { authorization_key: key, final: false }),
      cleared(5_000, { authorization_key: key }),
    );
    expect(await shops.owed(merchant)).toBe(9_000);
    expect(await items()).toEqual(['clearing_withheld 800000 open']);
  });
});

describe('a person', () => {
  test('releases it: owed once, whoever asks how often', async () => {
    await shops.told(new SampleCard('invented', null), cleared(7_000));
    expect(await shops.acted('release', { of_minor: 6_999 })).toMatchObject({ outcome: 'refused' });
    expect(await shops.acted('release', { of_minor: 7_000 })).toMatchObject({
      ...{ outcome: 'closed', item: { result: { moved_minor: 7_000, rest_minor: 0 } } },
    });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(7_000);
    expect(await items()).toEqual(['clearing_withheld 7000 resolved']);
    await lawHolds();
  });

  test('releases one and keeps the rest; what was kept can be released by its name when the shop is looked at again', async () => {
    const [one, other] = [new SampleCard('one', null), new SampleCard('other', null)];
    await shops.told(one, cleared(7_000));
    await shops.told(other, cleared(90_000));
    const [first, second] = await Promise.all([shops.authorizationOf(one), shops.authorizationOf(other)]);
    await shops.acted('release', { of_minor: 97_000, authorization_id: first });
    await shops.accrueAll();
    expect(await items()).toEqual(['clearing_withheld 90000 open']);
    await shops.acted('keep_withheld', { of_minor: 90_000 });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(7_000);
    expect(await items()).toEqual(['clearing_withheld 90000 resolved']);
    await lawHolds();
    await shops.told(one, cleared(100));
    await shops.acted('release', { of_minor: 100, authorization_id: second });
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(97_000);
    expect(await items()).toEqual(['clearing_withheld 100 open']);
    await lawHolds();
  });

  test('gives it back to the card: the refund takes what is withheld first, and nothing of what the shop is owed', async () => {
    const card = await shops.card();
    const key = card.authorize(10_000, { merchant: shop('OURS') });
    await shops.told(card, cleared(210_000, { authorization_key: key }));
    await shops.told(card, refunded(150_000, key));
    expect(await shops.owed(merchant)).toBe(10_000);
    expect(await items()).toEqual(['clearing_withheld 50000 open']);
    await shops.told(card, refunded(60_000, key));
    expect(await items()).toEqual(['clearing_withheld 50000 resolved']);
    expect(await shops.totals()).toMatchObject({ posted: 0, owed: 0, withheld: 0 });
    await lawHolds();
  });

  test('and accrual, at once and many times over, owe it once', async () => {
    for (let n = 0; n < 6; n += 1) await shops.told(new SampleCard(`invented-${n}`, null), cleared(1_000));
    const rounds = Array.from({ length: 10 }, () => accrue(shops.database));
    await Promise.all([...rounds, ...[1, 2, 3].map(() => shops.acted('release', { of_minor: 6_000 }))]);
    await shops.accrueAll();
    expect(await shops.owed(merchant)).toBe(6_000);
    await lawHolds();
  });
});
