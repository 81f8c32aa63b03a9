// Accrual and the texts of shops: no name, and no id, holds up what is owed at the others.

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, shop } from '../../scripts/test-shops.ts';
import { verifyLedger } from '../ledger/verify.ts';

let shops: SampleShops;

beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  return () => opened.database.close();
});

describe('odd texts', () => {
  test.each([
    ['S1: a name that was cut through an emoji', `${'A'.repeat(119)}\ud83d`],
    ['S2: a name with half of a surrogate pair', 'A\ud83dB'],
    ['a name with NUL', 'A\u0000B'],
    ['a name that looks like JSON', '","id":"other'],
    ['a name of line breaks', '\n\r\n'],
  ])('%s: what cleared there and at every other shop is owed', async (_, name) => {
    const [odd, one, two] = [
      await shops.merchantAt('OTHER'),
      await shops.merchantAt('one'),
      await shops.merchantAt('two'),
    ];
    const card = await shops.card();
    shops.buy(card, 100, shop('OTHER', name));
    shops.buy(card, 2_000, shop('one'));
    shops.buy(card, 3_000, shop('two'));
    await shops.book(card);
    await shops.accrueAll();
    expect([await shops.owed(odd), await shops.owed(one), await shops.owed(two)]).toEqual([100, 2_000, 3_000]);
    expect((await verifyLedger(shops.database.sql)).differences).toEqual([]);
  });

  test('any texts in any shop: each clearing is owed to its merchant, or to nobody, and the sum is right', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            name: fc.string({ unit: 'binary', maxLength: 130 }),
            id: fc.oneof(fc.constant('one'), fc.constant(' one  '), fc.string({ unit: 'binary', maxLength: 30 })),
            cut: fc.nat(130),
            amount: fc.integer({ min: 1, max: 10_000 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (purchases) => {
          const before = await shops.totals();
          const card = await shops.card();
          for (const { name, id, cut, amount } of purchases) {
            // As an edge before this release could have said it: cut in the middle of anything.
            const key = card.authorize(amount, { merchant: shop('x', 'x') });
            card.clear(key, amount);
            const event = card.events.findLast(({ kind }) => kind === 'authorization');
            if (event?.kind === 'authorization')
              Object.assign(event.request.merchant, { id, name: name.slice(0, cut) });
          }
          const results = await shops.book(card);
          // An id that the contract does not allow is a dead letter of today's intake: the event's place is kept, the card goes on.
          expect(['done', 'dead_letter']).toContain(results[0]);
          await shops.accrueAll();
          const after = await shops.totals();
          expect(after.owed - before.owed + (after.unassigned - before.unassigned)).toBe(after.posted - before.posted);
        },
      ),
      { numRuns: 25 },
    );
  });
});
