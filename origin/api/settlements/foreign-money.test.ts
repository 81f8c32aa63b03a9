// Money in another currency than the card's, from its message to what a person makes of it and what is said of it afterwards.

import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { verifyLedger } from '../../ledger/verify.ts';
import { accrue } from '../../merchants/accrual.ts';
import { raiseWithheld } from '../../merchants/raise-withheld.ts';
import { SampleCard } from '../../testing/sample-card.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  return () => world.api.close();
});

type Item = Record<string, unknown>;

const items = async (query = 'order=oldest') =>
  (await world.api.call('GET', `/open-items?${query}`)).body['open_items'] as Item[];
const act = (item: Item | undefined, action: string, input: object = {}) =>
  world.api.call('POST', `/open-items/${item?.['open_item_id']}/actions/${action}`, {
    reason: 'as the bank says',
    input,
  });

async function remarks(authorization_id: unknown): Promise<unknown[]> {
  const { body } = await world.api.call('GET', `/authorizations/${authorization_id}/explanation`);
  return (body['remarks'] as { sentence: string }[]).map(({ sentence }) => sentence);
}

/** What is in suspense and at the network, by currency: debits less credits. */
async function books() {
  const { rows } = await world.api.database.sql.query<{ account: string; posted: number }>(
    `select a.kind || ' ' || a.currency as account, (b.debits_posted - b.credits_posted)::int as posted
     from ledger_accounts a join ledger_balances b using (ledger_account_no)
     where a.kind in ('suspense', 'network_clearing', 'cardholder') order by account`,
  );
  return Object.fromEntries(rows.map(({ account, posted }) => [account, posted]));
}

/** A card that was told of money before it had its profile, as its object would have it. */
async function early(tell: (card: SampleCard) => void): Promise<SampleCard> {
  const made = await world.api.newCard();
  const card = new SampleCard(made.sample.card_token, null);
  world.api.edge.cards.set(card.card_key, card);
  tell(card);
  card.putProfile({ currency: 'USD' });
  await world.api.deliver(card.message());
  return card;
}

const shop = { id: 'SHOP-7', name: null, category: null, country: null };

describe('F7: told before the profile, in another currency', () => {
  test('F7: is posted at a rate: suspense is even again, the card has it, and everything says so', async () => {
    const card = await early((one) => {
      one.receive({
        ...{ kind: 'clearing', message_key: 'm1', currency: 'EUR', authorization_key: null },
        ...{ amount_minor: 1_000, final: true, merchant: shop },
      });
    });
    const before = await books();
    expect(before).toMatchObject({ 'suspense EUR': 1_000, 'network_clearing EUR': -1_000, 'cardholder USD': 0 });
    const [item] = await items();
    expect(item).toMatchObject({ kind: 'currency_mismatch', amount_minor: 1_000, currency: 'EUR' });
    expect(await remarks(item?.['authorization_id'])).toEqual([
      'A clearing of 10.00 EUR came before it was known that the card is in USD, and was booked in EUR: it waits for a person.',
    ]);
    // It holds nothing of what the card counts.
    expect(await act(item, 'release_hold')).toMatchObject({ status: 422 });

    const { status, body } = await act(item, 'post_at_rate', { rate: '1.1' });
    expect([status, body['result']]).toMatchObject([
      200,
      {
        ...{ card: 'stored', authorization_id: expect.stringMatching(/^auth_/), amount_minor: 1_100, currency: 'USD' },
        booked_back: { amount_minor: 1_000, currency: 'EUR' },
      },
    ]);
    await world.api.deliver(card.message());
    expect(await books()).toMatchObject({
      ...{ 'suspense EUR': 0, 'network_clearing EUR': 0, 'cardholder USD': 1_100 },
      'network_clearing USD': (before['network_clearing USD'] ?? 0) - 1_100,
    });
    expect(card.state).toMatchObject({ posted_minor: 1_100 });
    const first = await world.api.call('GET', `/authorizations/${item?.['authorization_id']}/timeline`);
    expect(first.body['authorization']).toMatchObject({ posted_minor: 0, currency: 'EUR', status: 'released' });
    const { authorization_id } = body['result'] as { authorization_id: string };
    const second = await world.api.call('GET', `/authorizations/${authorization_id}/timeline`);
    expect(second.body['authorization']).toMatchObject({ posted_minor: 1_100, currency: 'USD', merchant: shop });
    expect(await remarks(item?.['authorization_id'])).toEqual([
      'A clearing of 10.00 EUR came before it was known that the card is in USD, and was booked in EUR. ' +
        `A person has posted it as 11.00 USD (${authorization_id}).`,
    ]);
    // Asked for again: the first answer, and nothing is moved twice.
    const after = await books();
    expect((await act(item, 'post_at_rate', { rate: '1.1' })).body['result']).toEqual(body['result']);
    expect(await books()).toEqual(after);
    expect((await verifyLedger(world.api.database.sql)).differences).toEqual([]);
  });

  test('F7: a refund and a clearing out of a hold are booked back whole; the hold that is left is not touched', async () => {
    await early((one) => {
      one.advise('k', 900, { currency: 'EUR' });
      one.clear('k', 500, false, { currency: 'EUR' });
      one.receive({
        ...{ kind: 'refund', message_key: 'r1', currency: 'EUR', authorization_key: null },
        ...{ amount_minor: 300, merchant: shop },
      });
    });
    expect(await books()).toMatchObject({ 'suspense EUR': 200 });
    const [advice, clearing, refund] = await items();
    expect((await act(refund, 'post_at_rate', { amount_minor: 310 })).body['result']).toMatchObject({
      booked_back: { amount_minor: -300, currency: 'EUR' },
    });
    expect((await act(clearing, 'post_at_rate', { amount_minor: 520 })).body['result']).toMatchObject({
      booked_back: { amount_minor: 500, currency: 'EUR' },
    });
    // Nothing of it is posted.
    expect((await act(advice, 'post_at_rate', { amount_minor: 930 })).body['result']).not.toHaveProperty('booked_back');
    expect(await books()).toMatchObject({ 'suspense EUR': 0, 'network_clearing EUR': 0 });
    const { rows } = await world.api.database.sql.query(
      `select held_minor::int as held, posted_minor::int as posted from authorizations where currency = 'EUR' order by held_minor`,
    );
    expect(rows).toEqual([
      { held: 0, posted: 0 },
      { held: 400, posted: 0 },
    ]);
    expect((await verifyLedger(world.api.database.sql)).differences).toEqual([]);
  });

  test('F7: what was owed for it in its own currency is owed no more, and is owed in the card’s', async () => {
    const merchant = await world.api.call('POST', '/merchants', {
      ...{ name: 'Shop', currency: 'EUR', network_merchant_ids: ['SHOP-7'] },
    });
    const owed = async () =>
      (await world.api.call('GET', `/merchants/${merchant.body['merchant_id']}`)).body['owed_minor'];
    const card = await early((one) => {
      one.receive({
        ...{ kind: 'clearing', message_key: 'm1', currency: 'EUR', authorization_key: null },
        ...{ amount_minor: 1_000, final: true, merchant: shop },
      });
    });
    while (await accrue(world.api.database));
    while (await raiseWithheld(world.api.database));
    const [withheld] = await items('kind=clearing_withheld');
    await act(withheld, 'release', { of_minor: 1_000 });
    expect(await owed()).toBe(1_000);
    const [item] = await items('kind=currency_mismatch');
    await act(item, 'post_at_rate', { rate: '1.1' });
    await world.api.deliver(card.message());
    while (await accrue(world.api.database));
    expect(await owed()).toBe(0);
    const { rows } = await world.api.database.sql.query(
      `select a.currency, u.net_minor::int as net from unassigned_clearings u
       join ledger_accounts a on a.ledger_account_no = u.clearing_no where u.network_merchant_id = 'SHOP-7'`,
    );
    expect(rows).toEqual([{ currency: 'USD', net: 1_100 }]);
  });
});

describe('a newcomer’s findings', () => {
  test('F6: the result names the authorization, and the explanation says what a person has done', async () => {
    const { sample: card } = await world.api.newCard();
    world.api.edge.cards.set(card.card_key, card);
    const told = [1, 2, 3, 4].map(() => {
      const key = card.authorize(1_000);
      card.clear(key, 900, true, { currency: 'EUR' });
      return key;
    });
    await world.api.deliver(card.message());
    const found = await items();
    expect(found).toHaveLength(told.length);
    const kept = 'A clearing of 9.00 EUR was kept for a person, because the card is in USD.';
    expect(await remarks(found[0]?.['authorization_id'])).toEqual([kept]);
    const correction = { kind: 'clearing', currency: 'USD', authorization_key: told[2], amount_minor: 1, final: true };
    const done = [
      ['post_at_rate', { rate: '1.0945' }, 'A person has posted it as 9.85 USD.'],
      ['release_hold', {}, 'A person has released what was held.'],
      ['book_correction', { message: correction }, 'A person has booked a correction of it.'],
      ['dismiss', {}, 'A person has looked at it, and nothing was to be done.'],
    ] as const;
    for (const [n, [action, input, says]] of done.entries()) {
      const of = found[n]?.['authorization_id'];
      const { body } = await act(found[n], action, input);
      if (action !== 'dismiss') expect(body['result']).toMatchObject({ authorization_id: of });
      const [sentence] = await remarks(of);
      expect(sentence).toBe(`${kept} ${says}`);
    }
  });

  test('a correction without a shop is at the shop that the evidence names, and null says that there is none', async () => {
    const { sample: card } = await world.api.newCard();
    world.api.edge.cards.set(card.card_key, card);
    const fact = (n: number) => ({
      ...{ version: 1, kind: 'kept_fact', fact_key: String(n).repeat(64), network: 'native', card_key: card.card_key },
      ...{
        reason: 'out_of_contract',
        field: 'amount',
        problem: 'is missing',
        fact: '{}',
        received_at_ms: 1,
        merchant: shop,
      },
    });
    for (const n of [1, 2, 3]) await world.api.deliver(fact(n));
    // What a network may send as a shop by then is no reason to lose a fact.
    await world.api.deliver({ ...fact(4), merchant: { id: 7, planet: 'Mars' } });
    const found = await items('kind=fact_out_of_contract&order=oldest');
    expect(found).toHaveLength(4);
    const message = { kind: 'clearing', currency: 'USD', authorization_key: null, amount_minor: 100, final: true };
    const said = [message, { ...message, merchant: null }, { ...message, merchant: { ...shop, id: 'OTHER' } }, message];
    for (const [n, one] of said.entries())
      expect(await act(found[n], 'book_correction', { message: one })).toMatchObject({ status: 200 });
    const shops = card.events.flatMap((event) =>
      event.kind === 'message' && 'merchant' in event.message ? [event.message.merchant?.id ?? null] : [],
    );
    expect(shops).toEqual(['SHOP-7', null, 'OTHER', null]);
  });

  test('a correction of a refund above what was cleared is at the shop of its purchase', async () => {
    const { sample: card } = await world.api.newCard();
    world.api.edge.cards.set(card.card_key, card);
    const key = card.authorize(9_000);
    card.clear(key, 9_000);
    card.refund(key, 50_000);
    await world.api.deliver(card.message());
    const [item] = await items('kind=refund_above_cleared');
    const message = { kind: 'clearing', currency: 'USD', authorization_key: null, amount_minor: 41_000, final: true };
    expect(await act(item, 'book_correction', { message })).toMatchObject({ status: 200 });
    expect(card.events.at(-1)).toMatchObject({ message: { amount_minor: 41_000, merchant: { id: 'mer-1' } } });
  });
});
