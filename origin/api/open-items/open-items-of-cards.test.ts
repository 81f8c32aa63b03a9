// Facts of card networks that need a person: raised by intake, acted on through the card's object, so that edge and ledger agree.

import { beforeEach, describe, expect, test } from 'vitest';
import type { KeptFact } from '../../../contracts/kept-fact.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleCard } from '../../testing/sample-card.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
});

type Item = Record<string, unknown>;

async function listed(query = ''): Promise<Item[]> {
  return (await world.api.call('GET', `/open-items?${query}`)).body['open_items'] as Item[];
}
const act = (item: Item | undefined, action: string, input: object = {}) =>
  world.api.call('POST', `/open-items/${item?.['open_item_id']}/actions/${action}`, {
    reason: 'as the bank says',
    input,
  });

/** A card that takes messages at the stand-in edge. */
async function newCard(): Promise<SampleCard> {
  const { sample } = await world.api.newCard();
  world.api.edge.cards.set(sample.card_key, sample);
  return sample;
}

/** What the ledger says of the card's account, beside what the card says. */
async function bothSides({ card_token, state }: SampleCard) {
  const { rows } = await world.api.database.sql.query<{ held: number; posted: number }>(
    `select b.debits_pending::int as held, (b.debits_posted - b.credits_posted)::int as posted
     from cards c join ledger_accounts a using (account_id) join ledger_balances b using (ledger_account_no)
     where c.card_token = $1`,
    [card_token],
  );
  return { ledger: rows[0], card: { held: state.held_minor, posted: state.posted_minor } };
}

describe('F6: a clearing of 9.00 EUR of a hold of 10.00 USD', () => {
  let card: SampleCard;
  beforeEach(async () => {
    card = await newCard();
    const key = card.authorize(1_000);
    card.clear(key, 900, true, { currency: 'EUR' });
    await world.api.deliver(card.message());
  });

  test('F6: is an open item; posted at a rate, the hold is gone and edge and ledger agree', async () => {
    expect(await bothSides(card)).toMatchObject({ ledger: { held: 1_000 }, card: { held: 1_000, posted: 0 } });
    const [item] = await listed('kind=currency_mismatch');
    expect(item).toMatchObject({
      ...{ amount_minor: 900, currency: 'EUR', card_key: card.card_key, times: 1 },
      authorization_id: expect.stringMatching(/^auth_/),
      summary: 'A clearing of 9.00 EUR on a card in USD. It moved nothing.',
    });
    const timeline = await world.api.call('GET', `/authorizations/${item?.['authorization_id']}/timeline`);
    expect(timeline.body['open_items']).toMatchObject([{ open_item_id: item?.['open_item_id'], status: 'open' }]);
    const { status, body } = await act(item, 'post_at_rate', { rate: '1.0945' });
    expect([status, body]).toMatchObject([200, { status: 'resolved', result: { card: 'stored' } }]);
    await world.api.deliver(card.message());
    const sides = { held: 0, posted: 985 };
    expect(await bothSides(card)).toEqual({ ledger: sides, card: sides });
    // Once more: the first answer, and nothing more at the card.
    const eventsBefore = card.events.length;
    expect(await act(item, 'post_at_rate', { rate: '1.0945' })).toMatchObject({ status: 200 });
    expect(await act(item, 'post_at_rate', { rate: '1.2' })).toMatchObject({ status: 409 });
    expect(await act(item, 'release_hold')).toMatchObject({ status: 409 });
    expect(card.events).toHaveLength(eventsBefore);
    expect(await listed()).toEqual([]);
  });

  test('F6: is posted as an amount in the card’s currency, or its hold is released', async () => {
    const [item] = await listed();
    const wrong = [{}, { rate: '1.1', amount_minor: 1 }, { rate: '0' }, { rate: 1.1 }, { amount_minor: -1 }];
    // 9.00 EUR booked as nothing would be lost, and the hold with it.
    const nothing = [{ amount_minor: 0 }, { rate: '0.000001' }];
    for (const input of [...wrong, ...nothing])
      expect(await act(item, 'post_at_rate', input)).toMatchObject({ status: 422 });
    expect(await listed()).toHaveLength(1);
    expect(await act(item, 'post_at_rate', { amount_minor: 980 })).toMatchObject({ status: 200 });
    const other = await newCard();
    other.clear(other.authorize(500), 500, true, { currency: 'GBP' });
    await world.api.deliver(other.message());
    const [second] = await listed();
    expect(await act(second, 'release_hold')).toMatchObject({ status: 200 });
    for (const [one, posted] of [
      [card, 980],
      [other, 0],
    ] as const) {
      await world.api.deliver(one.message());
      expect(await bothSides(one)).toEqual({ ledger: { held: 0, posted }, card: { held: 0, posted } });
    }
  });

  test('F6: with the edge away it stays open, and only the same action can then be finished', async () => {
    const [item] = await listed();
    world.api.edge.away = true;
    const answer = await act(item, 'post_at_rate', { rate: '1.1' });
    expect(answer).toMatchObject({ status: 503, body: { error_code: 'open_item_action_unavailable' } });
    expect(answer.text).toContain('was not taken by the card: ');
    expect(answer.text).toContain('; it is tried again by itself each minute');
    expect(answer.headers.get('retry-after')).toBe('1');
    world.api.edge.away = false;
    const other = await act(item, 'dismiss');
    expect(other).toMatchObject({ status: 409, body: { error_code: 'open_item_under_way' } });
    expect(other.text).toContain('must wait: akey_root has begun post_at_rate with ');
    expect(await listed()).toMatchObject([{ under_way: { name: 'post_at_rate', input: { rate: '1.1' } } }]);
    expect(await act(item, 'post_at_rate', { rate: '1.1' })).toMatchObject({ status: 200 });
  });
});

test('W5: a refund above what its purchase had cleared is booked, and an open item that a clearing can correct', async () => {
  const card = await newCard();
  const key = card.authorize(9_000);
  card.clear(key, 9_000);
  card.refund(key, 50_000);
  await world.api.deliver(card.message());
  const sides = { held: 0, posted: -41_000 };
  expect(await bothSides(card)).toEqual({ ledger: sides, card: sides });
  const [item, ...others] = await listed();
  expect(others).toEqual([]);
  expect(item).toMatchObject({ kind: 'refund_above_cleared', amount_minor: 50_000, currency: 'USD', times: 1 });
  const message = { kind: 'clearing', currency: 'USD', authorization_key: null, amount_minor: 41_000, final: true };
  expect(await act(item, 'book_correction', { message })).toMatchObject({ status: 200 });
  await world.api.deliver(card.message());
  expect(await bothSides(card)).toEqual({ ledger: { held: 0, posted: 0 }, card: { held: 0, posted: 0 } });
});

test.each<[by: string, happens: (card: SampleCard, key: string) => void, posted: number]>([
  ['A clearing of 30.00 USD', (card, key) => card.clear(key, 3_000), -7_000],
  ['A reversal in USD', (card, key) => card.reverse(key), -10_000],
  ['The end of a hold', (card) => card.lapse(), -10_000],
])('W5 kind: a refund told before what its purchase came to: %s makes it an open item', async (by, happens, posted) => {
  const card = await newCard();
  const key = card.authorize(10_000);
  card.refund(key, 10_000);
  await world.api.deliver(card.message());
  // All of the hold may still be cleared.
  expect(await listed()).toEqual([]);
  happens(card, key);
  await world.api.deliver(card.message());
  const sides = { held: 0, posted };
  expect(await bothSides(card)).toEqual({ ledger: sides, card: sides });
  const [item, ...others] = await listed();
  expect(others).toEqual([]);
  expect(item).toMatchObject({ kind: 'refund_above_cleared', times: 1 });
  expect(item?.['summary']).toBe(
    `${by}: more had been refunded of its purchase than it has cleared and may still clear.`,
  );
  const message = { kind: 'clearing', currency: 'USD', authorization_key: null, amount_minor: -posted, final: true };
  expect(await act(item, 'book_correction', { message })).toMatchObject({ status: 200 });
  await world.api.deliver(card.message());
  expect(await bothSides(card)).toEqual({ ledger: { held: 0, posted: 0 }, card: { held: 0, posted: 0 } });
});

describe('F7: messages before the card has a profile', () => {
  test('F7: are booked in their own currency; those of another than the profile’s are open items', async () => {
    const card = await newCard();
    // The same card as the edge would have it without its profile: told of money first.
    const early = new SampleCard(card.card_token, null);
    early.clear(null, 50_000, true, { currency: 'JPY' });
    early.clear(null, 100, true, { currency: 'EUR' });
    early.clear(null, 250);
    early.putProfile({ currency: 'USD' });
    for (const { sequence } of early.events) await world.api.deliver(early.message(sequence));
    const { rows } = await world.api.database.sql.query(
      `select currency, sum(amount_minor)::int as posted from ledger_transfers group by currency order by currency`,
    );
    expect(rows).toMatchObject([
      { currency: 'EUR', posted: 100 },
      { currency: 'JPY', posted: 50_000 },
      { currency: 'USD', posted: expect.any(Number) },
    ]);
    const items = await listed('kind=currency_mismatch&order=oldest');
    expect(items).toMatchObject([
      { amount_minor: 50_000, currency: 'JPY', card_key: early.card_key },
      { amount_minor: 100, currency: 'EUR' },
    ]);
    expect(items[0]?.['summary']).toBe(
      'A clearing of 50000 JPY on a card in USD. It is booked in JPY, beside what the card counts.',
    );
  });

  test('F7: of a card that was not made here yet, they are found when its profile comes', async () => {
    const early = new SampleCard('made-later', null);
    early.clear(null, 50_000, true, { currency: 'JPY' });
    await world.api.deliver(early.message());
    expect(await listed('kind=currency_mismatch')).toEqual([]);
    early.putProfile({ currency: 'USD' });
    await world.api.deliver(early.message());
    await world.api.deliver(early.message());
    expect(await listed('kind=currency_mismatch')).toMatchObject([{ amount_minor: 50_000, currency: 'JPY', times: 1 }]);
  });
});

function keptFact(over: Partial<KeptFact> = {}): KeptFact {
  return {
    ...{ version: 1, kind: 'kept_fact', fact_key: 'a'.repeat(64), network: 'marqeta', card_key: null },
    ...{ reason: 'out_of_contract', field: 'transactions[0].amount', problem: 'is missing' },
    ...{ fact: '{"type":"authorization.clearing","amount":10.10}', received_at_ms: 1 },
    ...over,
  };
}

describe('a fact that the edge could not book', () => {
  test('F4: under a key that was used, it is an open item, once, and its message stays to the letter', async () => {
    const card = await newCard();
    const fact = keptFact({ card_key: card.card_key, reason: 'key_reused', field: 'amount_minor', problem: 'differs' });
    for (let n = 0; n < 2; n += 1)
      expect((await world.api.deliver(fact)).body).toMatchObject({ results: [{ outcome: 'done' }] });
    const [item, ...others] = await listed();
    expect(others).toEqual([]);
    expect(item).toMatchObject({ kind: 'key_reused', card_key: card.card_key, times: 2, source: 'marqeta' });
    const { body } = await world.api.call('GET', `/open-items/${item?.['open_item_id']}`);
    expect(body['evidence']).toEqual(fact);
  });

  test('is booked as a person writes it, to the card that it was of; the network’s own key is kept for its repeat', async () => {
    const card = await newCard();
    const key = card.authorize(1_000);
    await world.api.deliver(card.message());
    await world.api.deliver(keptFact());
    const [item] = await listed();
    const message = { kind: 'clearing', message_key: 'K', currency: 'USD', authorization_key: key, amount_minor: 900 };
    const whole = { ...message, final: true };
    for (const [input, field] of [
      [{ message: whole }, 'input.card_key'],
      [{ message, card_key: card.card_key }, 'input.message.final'],
      [{ message: { ...whole, currency: 'XXX' }, card_key: card.card_key }, 'input.message.currency'],
      [{ card_key: card.card_key }, 'input.message'],
    ] as const)
      expect(await act(item, 'book_correction', input)).toMatchObject({ status: 422, body: { details: [{ field }] } });
    expect(await act(item, 'book_correction', { message: whole, card_key: card.card_key })).toMatchObject({
      status: 200,
    });
    // What the network itself sends under that key later is a repeat.
    expect(card.receive({ ...whole, merchant: null } as never).outcome).toBe('repeated');
    await world.api.deliver(card.message());
    expect(await bothSides(card)).toEqual({ ledger: { held: 0, posted: 900 }, card: { held: 0, posted: 900 } });
  });

  test('is tried again, when a newer edge can read it', async () => {
    await world.api.deliver(keptFact());
    const [item] = await listed();
    expect(await act(item, 'try_again')).toMatchObject({
      status: 422,
      body: { error_code: 'open_item_action_refused' },
    });
    world.api.edge.facts.add(keptFact().fact);
    expect(await act(item, 'try_again')).toMatchObject({ status: 200, body: { resolution: 'try_again' } });
  });

  test('that is none in shape is a dead letter', async () => {
    const { body } = await world.api.deliver({ ...keptFact(), fact_key: 'short' });
    expect(body).toMatchObject({ results: [{ outcome: 'dead_letter' }] });
    expect(await listed()).toMatchObject([{ kind: 'dead_letter', source: 'card_events' }]);
  });
});
