// A person releases a refund of no purchase: its card is told, once, however often the call is lost, and may spend it.

import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import { availableMinor, withheldMinor } from '../../core/card/funds.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, saying, shop } from '../../scripts/test-shops.ts';
import type { CardName } from '../intake/streams.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { tellReleased } from './tell-released.ts';

let shops: SampleShops;
const cards = new Map<string, SampleCard>();
/** Calls that were made; those of the first are lost before or after the card has heard them, where a test says so. */
let calls: RefundRelease[];
let lost: 'before' | 'after' | null;
beforeEach(async () => {
  const opened = new SampleShops(await createTestDatabase());
  shops = opened;
  [calls, lost] = [[], null];
  cards.clear();
  await shops.merchantAt('OURS');
  return () => opened.database.close();
});

const edge = {
  releaseRefund({ card_token }: CardName, release: RefundRelease) {
    calls.push(release);
    const card = cards.get(card_token);
    const lostWhen = calls.length === 1 ? lost : null;
    if (card === undefined || lostWhen === 'before') return Promise.reject(new Error('the edge is away'));
    const answer = card.releaseRefund(release);
    return lostWhen === 'after' ? Promise.reject(new Error('the answer was lost')) : Promise.resolve(answer);
  },
};
const log = pino({ level: 'silent' });
const tell = () => tellReleased({ database: shops.database, edge, log });
/** What waits for its lease is due at once. */
const tellAgain = async () => {
  await shops.database.sql.query('update unmatched_refunds set tell_at = now() where tell_at is not null');
  await tell();
};

async function refundedCard(...amounts: number[]): Promise<SampleCard> {
  const card = await shops.card({ funds_minor: 10_000 });
  cards.set(card.card_token, card);
  for (const amount of amounts) await shops.told(card, saying('refund', amount));
  return card;
}

describe('a released refund', () => {
  test.each(['before', 'after', null] as const)('is told to its card, a call that is lost %s it too', async (when) => {
    const card = await refundedCard(90_000);
    expect([withheldMinor(card.state), availableMinor(card.state)]).toEqual([40_000, 60_000]);
    await tell();
    expect(calls).toEqual([]);
    expect(await shops.acted('release', { of_minor: 90_000 })).toMatchObject({ outcome: 'closed' });
    lost = when;
    await tell();
    await tellAgain();
    expect([withheldMinor(card.state), availableMinor(card.state)]).toEqual([0, 100_000]);
    const { rows } = await shops.database.sql.query<{ key: string }>(
      `select 'open-item:' || open_item_id || ':3' as key from open_items`,
    );
    expect(calls.map(({ message_key, minor }) => [message_key, minor])).toEqual(
      Array.from({ length: when === null ? 1 : 2 }, () => [rows[0]?.key, 90_000]),
    );
    await tellAgain();
    expect(calls).toHaveLength(when === null ? 1 : 2);
    // The card's own event of it is booked, and moves no money.
    await shops.told(card);
    expect(card.events.filter((event) => event.kind === 'message' && event.releases !== undefined)).toHaveLength(1);
    expect(await shops.broken()).toEqual([]);
  });

  test('of which a part was matched meanwhile frees the rest', async () => {
    const card = await refundedCard();
    await shops.told(card, saying('refund', 90_000, { authorization_key: 'a' }));
    await shops.told(card, saying('clearing', 30_000, { authorization_key: 'a' }));
    await shops.told(card, saying('refund', 70_000));
    expect(withheldMinor(card.state)).toBe(80_000);
    await shops.acted('release', { of_minor: 130_000 }, 'refund_withheld');
    await tell();
    expect(calls.map(({ minor }) => minor).toSorted()).toEqual([60_000, 70_000]);
    expect(withheldMinor(card.state)).toBe(0);
  });

  test('is told under the id of what its purchase turned out to be', async () => {
    const card = await refundedCard();
    await shops.told(card, saying('clearing', 100, { authorization_key: 'b' }));
    await shops.told(card, saying('refund', 90_000, { authorization_key: 'a' }));
    await shops.told(card, saying('refund', 0, { authorization_key: 'b', alias_key: 'a' }));
    await shops.acted('release', { of_minor: 90_000 }, 'refund_withheld');
    await tell();
    const [authorization] = card.state.authorizations.values();
    expect(calls.map(({ authorization_id }) => authorization_id)).toEqual([authorization?.authorization_id]);
    expect(withheldMinor(card.state)).toBe(0);
  });

  test('that a person keeps withheld is told to nobody', async () => {
    const card = await refundedCard(90_000);
    await shops.acted('keep_withheld', { of_minor: 90_000 });
    await tell();
    expect([calls, withheldMinor(card.state)]).toEqual([[], 40_000]);
  });

  test('of a token that is no card of ours is told to nobody', async () => {
    const nobodys = new SampleCard('nobodys', null);
    await shops.told(nobodys, saying('refund', 90_000, { merchant: shop('OURS') }));
    await shops.acted('release', { of_minor: 90_000 }, 'refund_withheld');
    await tell();
    expect(calls).toEqual([]);
  });

  test('which its card withholds is one that a person is asked about, whatever the origin’s bounds let pass', async () => {
    shops.bounds = { ...shops.bounds, perCard: new Map([['USD', 10_000_000]]) };
    await refundedCard(40_000, 20_000);
    const items = (await shops.openItems()).filter(({ kind }) => kind === 'refund_withheld');
    expect(items.map(({ amount }) => amount)).toEqual([20_000]);
  });

  test('at shops that no merchant has is one item an hour, with count and sum, and is told to its cards too', async () => {
    const card = await refundedCard();
    for (const at of ['A', 'B', null]) await shops.told(card, saying('refund', 60_000, { merchant: at && shop(at) }));
    expect(withheldMinor(card.state)).toBe(130_000);
    const items = await shops.openItems();
    expect(items).toMatchObject([{ kind: 'refund_withheld', amount: 180_000, status: 'open' }]);
    expect(items[0]?.item_key).toMatch(/^native USD at nobody's shops [0-9-]+T[0-9]{2}:00:00.000Z$/);
    const { rows } = await shops.database.sql.query<{ evidence: object }>('select evidence from open_items');
    expect(rows[0]?.evidence).toMatchObject({ refunds: 3, cards: 1, left_minor: '180000', currency: 'USD' });
    expect(await shops.acted('release', { of_minor: 100 })).toMatchObject({ outcome: 'refused' });
    expect(await shops.acted('release', { of_minor: 180_000 })).toMatchObject({ outcome: 'closed' });
    await tell();
    expect(calls.map(({ minor }) => minor)).toEqual([60_000, 60_000, 60_000]);
    expect(withheldMinor(card.state)).toBe(0);
    await shops.accrueAll();
    expect(await shops.broken()).toEqual([]);
    const kinds = (await shops.openItems()).filter(
      ({ kind, status }) => kind === 'refund_withheld' && status === 'open',
    );
    expect(kinds).toEqual([]);
  });

  test('at a shop that a merchant has taken over leaves the hour for an item of that shop', async () => {
    const card = await refundedCard();
    for (const at of ['A', 'B']) await shops.told(card, saying('refund', 60_000, { merchant: shop(at) }));
    await shops.merchantAt('A');
    await shops.accrueAll();
    const open = (await shops.openItems()).filter(({ kind }) => kind === 'refund_withheld');
    expect(open.map(({ amount, item_key }) => [item_key.slice(0, 12), amount])).toEqual([
      ['native USD a', 60_000],
      ['native USD A', 60_000],
    ]);
    await shops.acted('keep_withheld', { of_minor: 60_000 }, 'refund_withheld');
    await shops.accrueAll();
    expect(await shops.broken()).toEqual([]);
  });
});
