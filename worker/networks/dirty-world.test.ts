// Inputs of the real world that came out wrong, through the worker's door: booked or decided all the same, or kept for a person.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Control } from '../../contracts/control.ts';
import { clearing, profile, refund } from '../../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { callHearing, cardAt, nativeSignature, newToken } from '../testing/calls.ts';
import { cardMaker, type Fields } from '../testing/sample-marqeta-card.ts';

const newCard = cardMaker({ profile, gatewayMessage, webhookMessage });

let logged: string[];
beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const unreadable: readonly (readonly [string, Fields, counted: string | null])[] = [
  ['mcc ""', { mcc: '' }, 'merchant.category'],
  ['mid ""', { mid: '' }, 'merchant.id'],
  ['mid "CAFÉ1"', { mid: 'CAFÉ1' }, 'merchant.id'],
  ['mcc 5411', { mcc: 5411 }, null],
  ['a mid that is too long', { mid: '9'.repeat(300) }, 'merchant.id'],
  ['a name that is a list', { name: ['EXAMPLE'] }, 'merchant.name'],
  ['a country of Atlantis', { country_code: 'ATL' }, 'merchant.country'],
];

describe('F1: a decoration that cannot be read refuses no clearing', () => {
  test.each(unreadable)('%s', async (_, told, counted) => {
    const card = await newCard();
    await card.ask();
    const answer = await card.notify(card.linked({ final: true }, card.acceptor(told)));
    expect(answer).toMatchObject({ status: 200, kept: [] });
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 1_000 });
    const count = logged.filter((line) => line.includes('attributes_unread'));
    expect(count).toEqual(counted === null ? [] : [expect.stringContaining(`"attributes":"${counted}"`)]);
  });

  test('multi_clearing_sequence_number "1" of "1" is the last one; of none it is one of several', async () => {
    const card = await newCard();
    await card.ask();
    const told = { is_final_clearing: null, multi_clearing_sequence_number: '1' };
    expect(await card.notify(card.linked({ amount: '4' }, told))).toMatchObject({ status: 200, kept: [] });
    expect(await card.read()).toMatchObject({ held_minor: 600, posted_minor: 400 });
    const last = { ...told, multi_clearing_sequence_count: '1' };
    expect(await card.notify(card.linked({ amount: '1' }, last))).toMatchObject({ status: 200, kept: [] });
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 500 });
  });
});

describe('F2: a decoration that cannot be read refuses no purchase', () => {
  test.each(unreadable)('%s', async (_, told) => {
    const card = await newCard();
    expect(await card.ask(card.acceptor(told))).toMatchObject({ status: 200 });
    expect(await card.read()).toMatchObject({ held_minor: 1_000 });
  });

  test('a control that needs the attribute takes it for unknown: what is allowed only where it is known is declined', async () => {
    const control = {
      control_id: 'grocers',
      mode: 'enforce',
      does: 'allow_only',
      applies_to: { category: { any_of: ['5411'] } },
    } satisfies Control;
    const card = await newCard({ controls: [control] });
    const answer = await card.ask(card.acceptor({ mcc: 'grocer' }));
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      402,
      { jit_funding: { decline_reason: 'INVALID_MERCHANT' } },
    ]);
  });
});

describe('F3: digits that may be a card number are masked, and nothing is refused for them', () => {
  const name = 'SINGAPORE AI6184898801929';
  const masked = 'SINGAPORE AI*************';

  test('a purchase is decided, its clearing booked', async () => {
    const card = await newCard();
    expect(await card.ask(card.acceptor({ name }))).toMatchObject({ status: 200 });
    expect(await card.notify(card.linked({ final: true }, card.acceptor({ name })))).toMatchObject({ status: 200 });
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 1_000 });
    expect((await card.events()).slice(1)).toMatchObject([
      { request: { merchant: { name: masked } } },
      { message: { merchant: { name: masked } } },
    ]);
    expect(JSON.stringify(await card.events()) + logged.join()).not.toContain('6184898801929');
  });

  test('a fact that is kept is masked too, and its identifiers stay', async () => {
    const card = await newCard();
    const { kept } = await card.notify(
      card.linked({ amount: '1' }, { amount: '1', ...card.acceptor({ name, mid: '4111111111111111' }) }),
    );
    const fact = JSON.parse(kept[0]?.fact ?? '') as { card_acceptor: Fields };
    expect(fact.card_acceptor).toMatchObject({ name: masked, mid: '4111111111111111' });
  });

  test('a field made for card data is refused by its name; the fact it came with is booked without it, and others too', async () => {
    const card = await newCard();
    expect(await card.ask({ pan: '4111111111111111' })).toMatchObject({ status: 422 });
    await card.ask();
    const answer = await card.notify(
      card.linked({ final: true }, { cvv: '123' }),
      card.linked({ type: 'refund', amount: '1' }),
    );
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      422,
      { error_code: 'card_data_refused', details: [{ field: 'transactions[0].cvv' }] },
    ]);
    expect(await card.read()).toMatchObject({ held_minor: 0, posted_minor: 900 });
    expect(JSON.stringify(await card.events()) + logged.join()).not.toMatch(/cvv|4111111111111111/);
  });
});

describe('F4: the same token with another content', () => {
  test('is acknowledged, changes nothing, and lies in front of a person, once', async () => {
    const card = await newCard();
    await card.notify(card.linked({ token: 'K', amount: '20' }));
    const second = card.linked({ token: 'K', amount: '2' });
    const first = await card.notify(second);
    expect(first).toMatchObject({
      status: 200,
      kept: [
        {
          reason: 'key_reused',
          network: 'marqeta',
          card_key: `marqeta:${card.cardToken}`,
          field: 'transactions[0].amount',
        },
      ],
    });
    expect(await card.read()).toMatchObject({ posted_minor: 2_000 });
    const again = await card.notify(second);
    expect(again.kept.map(({ fact_key }) => fact_key)).toEqual(first.kept.map(({ fact_key }) => fact_key));
  });

  test('stamped anew it is a repeat', async () => {
    const card = await newCard();
    const told = card.linked({ token: 'K' });
    await card.notify(told);
    const later = { ...told, created_time: '2026-03-05T00:00:00Z', ...card.acceptor({ name: 'ANOTHER NAME' }) };
    expect(await card.notify(later)).toMatchObject({ status: 200, kept: [] });
  });

  test('of the native network it is 409 and names the field; the rest of the batch is stored', async () => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    const tell = (...messages: unknown[]) => {
      const body = JSON.stringify({ messages: messages.map((message) => ({ card_token, message })) });
      return callHearing('/networks/native/messages', { method: 'POST', body, headers: nativeSignature(body) });
    };
    await tell(clearing());
    const answer = await tell(clearing({ amount_minor: 200 }), refund({ message_key: 'm2', amount_minor: 100 }));
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      409,
      { error_code: 'message_key_reused', details: [{ field: 'messages[0].message.amount_minor' }] },
    ]);
    expect(answer.kept).toMatchObject([{ reason: 'key_reused', field: 'messages[0].message.amount_minor' }]);
    expect(await cardAt('native', card_token).read()).toMatchObject({ posted_minor: 400 });
  });
});

describe('F5: the bound of a batch is one of its own', () => {
  test('ten clearings of 7.2 KB are stored', async () => {
    const card = await newCard();
    const padding = { metadata: { note: 'x'.repeat(6_500) } };
    const batch = Array.from({ length: 10 }, (_, index) => card.linked({ token: `K${index}`, amount: '1' }, padding));
    expect(JSON.stringify({ transactions: batch }).length).toBeGreaterThan(71_850);
    expect(await card.notify(...batch)).toMatchObject({ status: 200, kept: [] });
    expect(await card.read()).toMatchObject({ posted_minor: 1_000 });
  });

  test('one element that is out of all measure and cannot be booked is kept, cut, beside the others', async () => {
    const card = await newCard();
    const odd = card.linked(
      { token: 'odd' },
      { amount: null, notes: Array.from({ length: 500 }, () => 'x'.repeat(1_500)) },
    );
    const answer = await card.notify(odd, card.linked({ amount: '3' }));
    expect(answer).toMatchObject({
      status: 200,
      kept: [{ field: 'transactions[0].amount', reason: 'out_of_contract' }],
    });
    expect(answer.kept[0]?.fact.length).toBeLessThan(31_000);
    expect(await card.read()).toMatchObject({ posted_minor: 300 });
  });

  test('above 1 MiB a batch is refused, and a single request above 64 KiB', async () => {
    const card = await newCard();
    const filler = (length: number) => ({ filler: 'x'.repeat(length) });
    expect(await card.notify(card.linked({}, filler(1_048_576)))).toMatchObject({ status: 413 });
    expect(await card.ask(filler(65_536))).toMatchObject({ status: 413 });
  });
});
