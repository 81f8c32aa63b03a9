// A network's credential in bad hands sends money in another currency by the thousand: a person gets a few items with count and sums, each
// event is kept with its currency and shop, and what is posted of them is exact.

import { beforeEach, describe, expect, test } from 'vitest';
import type { CardEvent } from '../../contracts/card-event.ts';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { SampleWorld } from '../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  return () => world.api.close();
});

const sql = () => world.api.database.sql;

interface Item {
  readonly open_item_id: string;
  readonly kind: string;
  readonly item_key: string;
  readonly status: string;
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly card_key: string | null;
  readonly evidence: { readonly sums: object[]; readonly first: object[] };
}
const items = async () => (await sql().query<Item>('select * from open_items order by open_item_no')).rows;
const together = async () => (await items()).filter(({ kind }) => kind === 'events_kept_together');
const act = (item: Item | undefined, action: string, input: object = {}) =>
  world.api.call('POST', `/open-items/${item?.open_item_id}/actions/${action}`, { reason: 'as the bank says', input });

async function cardInUsd(): Promise<SampleCard> {
  const { sample } = await world.api.newCard();
  world.api.edge.cards.set(sample.card_key, sample);
  return sample;
}

let messages = 0;
function force(card: SampleCard, amount_minor: number, currency: string, shop = 'SHOP-1') {
  messages += 1;
  const merchant = { id: shop, name: null, category: null, country: null };
  const said = { message_key: `forced-${messages}`, authorization_key: null, currency, amount_minor, merchant };
  card.receive({ kind: 'clearing', ...said, final: true });
}

/** As the queue brings them, a hundred at once at most, and the last ones again. */
async function deliver(card: SampleCard): Promise<void> {
  const sequences = card.events.map(({ sequence }) => sequence);
  for (let at = 0; at < sequences.length; at += 100)
    await world.api.deliver(card.message(...sequences.slice(at, at + 100)));
  await world.api.deliver(card.message(...sequences.slice(-10)));
}

const dayNow = async () =>
  (await sql().query<{ day: string }>(`select to_char(now() at time zone 'UTC', 'YYYY-MM-DD') as day`)).rows[0]?.day;

test('two thousand forced clearings of 0.01 in other currencies are twenty items and one, with every cent, currency and shop', async () => {
  const card = await cardInUsd();
  for (let n = 0; n < 2_000; n += 1) force(card, 1 + (n % 3), n % 2 === 0 ? 'GBP' : 'EUR', `SHOP-${n}`);
  await deliver(card);
  const found = await items();
  expect(found.map(({ kind }) => kind)).toEqual([...Array(20).fill('currency_mismatch'), 'events_kept_together']);
  const many = found[20];
  expect(many).toMatchObject({
    ...{
      item_key: `${card.card_key} currency_mismatch ${await dayNow()}`,
      card_key: card.card_key,
      amount_minor: null,
    },
    evidence: {
      sums: [
        { currency: 'EUR', card_currency: 'USD', events: '990', left_events: '990', left_minor: '1980' },
        { currency: 'GBP', card_currency: 'USD', events: '990', left_events: '990', left_minor: '1980' },
      ],
    },
  });
  expect(many?.evidence.first).toHaveLength(20);
  const alone = found.slice(0, 20).reduce((sum, { amount_minor }) => sum + Number(amount_minor), 0);
  const { rows } = await sql().query<{ events: number; sum: number; shops: number }>(
    `select count(*)::int as events, sum(amount_minor)::int as sum, count(distinct network_merchant_id)::int as shops
     from events_kept_together where currency in ('GBP', 'EUR') and card_currency = 'USD'`,
  );
  expect(rows).toEqual([{ events: 1_980, sum: 3_999 - alone, shops: 1_980 }]);
});

test('of a network and day two hundred are items of their own, whatever the cards: those of fifteen more share one', async () => {
  const cards = await Promise.all(Array.from({ length: 15 }, () => cardInUsd()));
  for (const card of cards) {
    for (let n = 0; n < 18; n += 1) force(card, 1, 'GBP');
    await deliver(card);
  }
  // Seen to, they make no room for more on the same day.
  await sql().query(
    `update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss' where kind = 'currency_mismatch'`,
  );
  for (const card of cards) {
    force(card, 1, 'GBP');
    card.expire('unknown');
    await deliver(card);
  }
  const found = await items();
  expect(found.filter(({ kind }) => kind === 'currency_mismatch')).toHaveLength(200);
  expect(await together()).toMatchObject([
    {
      item_key: `native currency_mismatch ${await dayNow()}`,
      amount_minor: String(15 * 19 - 200),
      currency: 'GBP',
      card_key: null,
    },
  ]);
});

test('refunds above what cleared are twenty items and one', async () => {
  const card = await cardInUsd();
  const key = card.authorize(1_000);
  card.clear(key, 1_000);
  for (let n = 0; n < 300; n += 1) card.refund(key, 7);
  await deliver(card);
  const found = await items();
  const [many, ...others] = await together();
  expect(others).toEqual([]);
  // 142 refunds of 0.07 are within the 10.00 that cleared.
  expect(found.filter(({ kind }) => kind === 'refund_above_cleared')).toHaveLength(20);
  expect(many).toMatchObject({ amount_minor: String((300 - 142 - 20) * 7), currency: 'USD' });
  expect(await act(many, 'post_at_rate', { rates: { 'USD/USD': '1' } })).toMatchObject({ status: 422 });
});

test('money that is told again after months is twenty items and one', async () => {
  const card = await cardInUsd();
  for (let n = 0; n < 60; n += 1) force(card, 5, 'USD');
  const told = card.events.filter(({ kind }) => kind === 'message');
  // As a card records it that has forgotten the keys: other events, 40 days later.
  for (const event of told)
    card.events.push({
      ...event,
      ...{ event_id: newId('evt'), sequence: card.events.length + 1, at_ms: event.at_ms + 40 * 86_400_000 },
    } as CardEvent);
  await deliver(card);
  const again = (await items()).filter(({ kind }) => kind === 'money_told_again');
  expect([again.length, (await together())[0]?.amount_minor]).toEqual([20, '200']);
});

describe('post_at_rate of many', () => {
  async function flood(count: number): Promise<{ card: SampleCard; many: Item | undefined }> {
    const card = await cardInUsd();
    for (let n = 0; n < 20 + count; n += 1) force(card, 100, n % 2 === 0 ? 'GBP' : 'EUR');
    await deliver(card);
    return { card, many: (await together())[0] };
  }
  const posted = async (card: SampleCard) => {
    await world.api.deliver(card.message());
    return card.state.posted_minor;
  };

  test('books each at its currency’s rate, once, and closes; asked for again, it is what it was', async () => {
    const { card, many } = await flood(30);
    expect(await act(many, 'post_at_rate', { rate: '1.2' })).toMatchObject({ status: 422 });
    const lacking = await act(many, 'post_at_rate', { rates: { 'GBP/USD': '1.25' } });
    expect([lacking.status, lacking.text]).toEqual([
      422,
      expect.stringContaining('15 were posted now. Left are 15: there is no rate for EUR/USD'),
    ]);
    expect(await posted(card)).toBe(15 * 125);
    expect((await together())[0]).toMatchObject({
      status: 'open',
      evidence: {
        sums: [
          { left_events: '15', left_minor: '1500' },
          { left_events: '0', left_minor: '0' },
        ],
      },
    });
    const done = await act(many, 'post_at_rate', { rates: { 'EUR/USD': '1.1' } });
    expect([done.status, done.body['result']]).toEqual([200, { posted: 15 }]);
    expect(await posted(card)).toBe(15 * 125 + 15 * 110);
    expect((await act(many, 'post_at_rate', { rates: { 'EUR/USD': '1.1' } })).body['result']).toEqual({ posted: 15 });
    expect(await posted(card)).toBe(15 * 125 + 15 * 110);
    expect((await verifyLedger(sql())).differences).toEqual([]);
  });

  test('leaves what it would make nothing, and says so', async () => {
    const { card, many } = await flood(4);
    const small = await act(many, 'post_at_rate', { rates: { 'GBP/USD': '0.001', 'EUR/USD': '1' } });
    expect([small.status, small.text]).toEqual([
      422,
      expect.stringContaining('Left are 2: the rate of GBP/USD makes it nothing'),
    ]);
    expect(await posted(card)).toBe(200);
  });

  test('one more after it was dismissed opens it again, with all that nobody has booked', async () => {
    const { card, many } = await flood(2);
    expect(await act(many, 'dismiss')).toMatchObject({ status: 200 });
    force(card, 100, 'GBP');
    await deliver(card);
    expect((await together())[0]).toMatchObject({
      status: 'open',
      evidence: { sums: [{ left_events: '1' }, { left_events: '2' }] },
    });
  });

  test('what came before the profile is booked back, each in the commit that notes it', async () => {
    const made = await world.api.newCard();
    const card = new SampleCard(made.sample.card_token, null);
    world.api.edge.cards.set(card.card_key, card);
    for (let n = 0; n < 25; n += 1) force(card, 100, 'EUR');
    card.putProfile({ currency: 'USD' });
    await deliver(card);
    const suspense = async () =>
      (
        await sql().query<{ minor: number }>(
          `select (debits_posted - credits_posted)::int as minor from ledger_balances join ledger_accounts a using (ledger_account_no)
           where a.kind = 'suspense' and a.currency = 'EUR'`,
        )
      ).rows[0]?.minor;
    expect(await suspense()).toBe(2_500);
    const [many] = await together();
    expect(await act(many, 'post_at_rate', { rates: { 'EUR/USD': '1.1' } })).toMatchObject({ status: 200 });
    expect(await suspense()).toBe(2_000);
    expect(await posted(card)).toBe(5 * 110);
    const { rows } = await sql().query<{ authorization_id: string }>(
      'select authorization_id from events_kept_together limit 1',
    );
    const { body } = await world.api.call('GET', `/authorizations/${rows[0]?.authorization_id}/explanation`);
    expect(JSON.stringify(body['remarks'])).toContain('A person has posted it as 1.10 USD');
    expect((await verifyLedger(sql())).differences).toEqual([]);
  });
});
