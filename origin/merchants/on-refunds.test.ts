// What a card approves on funds that only a refund of no purchase gave it: its shops are owed no more than its own funds, and what passes of
// such refunds, or what a person releases. The attacker here has a network's credential and a merchant's shop.

import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import type { SampleCard } from '../testing/sample-card.ts';
import { withholdUnapproved } from './unapproved.ts';
import { defaultBounds } from './unapproved-bounds.ts';

let shops: SampleShops;
let merchant: string;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  // As an edge of before, or one that is set so: what its cards approve is bounded here alone.
  opened.unmatchedMax = new Map([['USD', Number.MAX_SAFE_INTEGER]]);
  merchant = await shops.merchantAt('OURS');
  return () => opened.database.close();
});

const cleared = (amount_minor: number, over: object = {}) => saying('clearing', amount_minor, over);
const refunded = (amount_minor: number, over: object = {}) => saying('refund', amount_minor, over);

async function bought(card: SampleCard, amount: number): Promise<void> {
  shops.buy(card, amount, shop('OURS'));
  await shops.told(card);
}

/** Without those of the refunds themselves at shops that no merchant has (tell-released.test.ts). */
const openItems = async () =>
  (await shops.openItems())
    .filter(({ kind, item_key }) => kind.endsWith('_withheld') && !item_key.includes("nobody's"))
    .map(({ kind, amount, status }) => `${kind} ${amount} ${status}`);

const lawHolds = async () => expect(await shops.broken()).toEqual([]);

describe('what a card approves on funds that a refund of no purchase gave it', () => {
  const asked = (card: SampleCard, amount: number) => card.authorize(amount, { merchant: shop('OURS') });

  test('is withheld: its shops are owed no more than its own funds, and what passes of refunds', async () => {
    const card = await shops.card({ funds_minor: 2_000 });
    for (let n = 0; n < 5; n += 1) await shops.told(card, refunded(5_000_000, { merchant: null }));
    const key = asked(card, 9_000_000);
    await shops.told(card, cleared(9_000_000, { authorization_key: key }));
    expect(await shops.owed(merchant)).toBe(2_000);
    expect(await openItems()).toEqual(['clearing_withheld 8998000 open']);
    const { rows } = await shops.database.sql.query<{ evidence: object }>(
      `select evidence from open_items where kind = 'clearing_withheld'`,
    );
    const refunds = Array.from({ length: 5 }, () => ({
      amount_minor: '5000000',
      network_merchant_id: '',
      state: 'withheld',
    }));
    expect(rows[0]?.evidence).toMatchObject({ reasons: [{ reason: 'on_refunds', left_minor: '8998000' }], refunds });
    await lawHolds();
  });

  test('in small parts is owed as far as small refunds pass, and no further', async () => {
    const card = await shops.card({ funds_minor: 0 });
    for (let n = 0; n < 4; n += 1) await shops.told(card, refunded(20_000, { merchant: null }));
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
    await shops.told(card, refunded(100_000, { merchant: null }));
    for (let n = 0; n < 3; n += 1) {
      const key = asked(card, 100_000);
      card.receive(cleared(100_000, { authorization_key: key }));
      if (isOneByOne) await shops.told(card);
      if (n < 2) card.receive(refunded(100_000, { authorization_key: key }));
      if (isOneByOne) await shops.told(card);
    }
    await shops.told(card);
    expect(await shops.owed(merchant)).toBe(0);
    expect(await shops.totals()).toMatchObject({ withheld: 100_000, deficit: 0 });
    await lawHolds();
  });

  test('is judged by what was booked until the round ends: a refund that the shop is not charged with yet counts for nothing', async () => {
    const card = await shops.card({ funds_minor: 0 });
    await shops.told(card, refunded(100_000, { merchant: null }));
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
      await shops.told(card, refunded(90_000, { merchant: null }));
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
    await shops.told(card);
    expect(await shops.owed(merchant)).toBe(0);
    expect(await openItems()).toEqual(['clearing_withheld 4900000 open']);
    await lawHolds();
  });

  test('is owed once a person releases it', async () => {
    const card = await shops.card({ funds_minor: 0 });
    await shops.told(card, refunded(100_000, { merchant: null }));
    await bought(card, 60_000);
    expect(await shops.acted('release', { of_minor: 60_000 })).toMatchObject({ outcome: 'closed' });
    await bought(card, 40_000);
    expect(await shops.owed(merchant)).toBe(60_000);
    expect(await openItems()).toEqual(['clearing_withheld 40000 open']);
    await lawHolds();
  });
});
