// What cards withhold of their refunds, as the origin tells it: of each card, and in all.

import { Registry } from 'prom-client';
import { beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import { readCardViews } from '../api/cards/card-view.ts';
import type { SampleCard } from '../testing/sample-card.ts';
import { measureWithholding, withheldAfter } from './withholding-cards.ts';

let shops: SampleShops;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  await shops.merchantAt('OURS');
  return () => opened.database.close();
});

const refunded = (amount_minor: number, over: object = {}) => saying('refund', amount_minor, over);

/** Said, so that its profile is written. */
const usual = { partial_approval: false };

const shown = async () => {
  const cards = await readCardViews(shops.database.sql, {
    account_id: undefined,
    tokens: undefined,
    after: '',
    limit: 9,
  });
  return cards.map(({ withheld_minor }) => Number(withheld_minor)).toSorted((one, other) => one - other);
};

async function figures(): Promise<Record<string, number>> {
  const registry = new Registry();
  measureWithholding(registry, shops.database.sql);
  const found = await Promise.all(
    registry.getMetricsAsArray().map(({ name }) => registry.getSingleMetric(name)?.get()),
  );
  return Object.fromEntries(
    found.flatMap(
      (metric) => metric?.values.map(({ value, labels }) => [`${metric.name} ${labels['currency']}`, value]) ?? [],
    ),
  );
}

test('a card shows what it withholds until the clearing comes, and all of them are counted', async () => {
  const cards: SampleCard[] = [await shops.card(usual), await shops.card(usual), await shops.card(usual)];
  const [one, other] = cards as [SampleCard, SampleCard];
  expect([await shown(), await figures()]).toEqual([[0, 0, 0], {}]);
  const key = shops.buy(one, 40_000, shop('OURS'));
  await shops.told(one);
  await shops.told(one, refunded(110_000, { authorization_key: key }));
  await shops.told(other, refunded(80_000));
  expect(await shown()).toEqual([0, 20_000, 30_000]);
  expect(await figures()).toEqual({
    ...{ 'cards_withholding USD': 2, 'cards_withheld_minor USD': 50_000, 'cards_withheld_bounds USD': 1 },
  });
  await shops.told(one, saying('clearing', 40_000, { authorization_key: key }));
  expect(await shown()).toEqual([0, 0, 30_000]);
  // An event that says nothing of it changes nothing, and a purchase on the card's own funds says how it stands.
  shops.buy(other, 100, shop('OURS'));
  await shops.told(other);
  expect(await figures()).toMatchObject({ 'cards_withholding USD': 1, 'cards_withheld_minor USD': 30_000 });
});

test('of several events the newest that says it counts; one of an edge of before says nothing', () => {
  const message = (withheld_after_minor?: number) => ({
    event: { kind: 'message', ...(withheld_after_minor === undefined ? {} : { withheld_after_minor }) } as never,
  });
  const decided = (decision: object) => ({ event: { kind: 'authorization', decision } as never });
  expect(withheldAfter([])).toBe(null);
  expect(withheldAfter([message(), { event: null }])).toBe(null);
  expect(withheldAfter([message(5), message(0), message()])).toBe(0);
  expect(withheldAfter([message(5), decided({ available_minor: 1 })])).toBe(0);
  expect(withheldAfter([message(5), decided({ available_minor: null })])).toBe(5);
  expect(withheldAfter([decided({ available_minor: 1, withheld_minor: 7 })])).toBe(7);
});
