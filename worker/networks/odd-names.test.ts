// How a shop is written: its name is kept as far as it can be, and what is blocked stays blocked.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Profile } from '../../contracts/profile.ts';
import { profile } from '../../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { basic, callHearing } from '../testing/calls.ts';
import { cardMaker, type Fields } from '../testing/sample-marqeta-card.ts';

const newCard = cardMaker({ profile, gatewayMessage, webhookMessage });

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('names are kept without half a character', () => {
  test.each([
    ['S1: cut at an emoji', `${'A'.repeat(119)}😀 and more`, `${'A'.repeat(119)}😀`],
    ['S2: a lone surrogate', 'A\ud83dB', 'AB'],
    ['S2: NUL', 'A\u0000B', 'AB'],
  ])('%s', async (_, name, kept) => {
    const card = await newCard();
    expect(await card.ask(card.acceptor({ name }))).toMatchObject({ status: 200 });
    expect(await card.notify(card.linked({ final: true }, card.acceptor({ name })))).toMatchObject({ status: 200 });
    const names = (await card.events()).slice(1).map((event) => {
      if (event.kind === 'authorization') return event.request.merchant.name;
      return event.kind === 'message' && 'merchant' in event.message ? event.message.merchant?.name : null;
    });
    expect(names).toEqual([kept, kept]);
  });

  test('in Latin-1, which is no UTF-8, a name is read as far as it can be', async () => {
    const card = await newCard();
    const text = JSON.stringify({ transactions: [card.linked({ amount: '3' }, card.acceptor({ name: 'CAF@' }))] });
    const bytes = new TextEncoder().encode(text).map((byte) => (byte === 0x40 ? 0xc9 : byte));
    const answer = await callHearing('/networks/marqeta/webhook', { method: 'POST', body: bytes, headers: basic() });
    expect(answer).toMatchObject({ status: 200, kept: [] });
    expect((await card.events()).at(-1)).toMatchObject({ message: { merchant: { name: 'CAF\ufffd' } } });
  });
});

describe('what is blocked stays blocked, however a network writes it', () => {
  const blocked = (applies_to: Fields) =>
    newCard({ controls: [{ control_id: 'blocked', mode: 'enforce', does: 'block', applies_to }] } as Partial<Profile>);

  test.each([
    ['M1: padding', { merchant: { any_of: ['BADSHOP'] } }, { mid: 'BADSHOP        ' }],
    ['M1: padding on the other side', { merchant: { any_of: ['BADSHOP  '] } }, { mid: 'BADSHOP' }],
    ['M1: full width', { merchant: { any_of: ['BADSHOP'] } }, { mid: 'ＢＡＤＳＨＯＰ' }],
    ['M1: case', { merchant: { any_of: ['BADSHOP'] } }, { mid: 'BadShop' }],
    ['M1: a name of repeated spaces', { merchant_name: { any_of: ['BAD SHOP*'] } }, { name: '  Bad    Shop 24' }],
    ['M1: a name with signs unseen', { merchant_name: { any_of: ['BADSHOP'] } }, { name: 'BAD\u200bSHOP' }],
    ['M1: sharp s', { merchant_name: { any_of: ['*STRASSE*'] } }, { name: 'Hauptstraße 1' }],
    ['M2: QZZ is Kosovo', { country: { any_of: ['XK'] } }, { country_code: 'QZZ' }],
    ['M2: XKX', { country: { any_of: ['XK'] } }, { country_code: 'XKX' }],
    ['M2: small letters, padded', { country: { any_of: ['GB'] } }, { country_code: 'gb ' }],
    ['M2: a number', { country: { any_of: ['GB'] } }, { country_code: '826' }],
    ['a category as a number', { category: { any_of: ['0742'] } }, { mcc: 742 }],
  ])('%s', async (_, applies_to, told) => {
    const card = await blocked(applies_to);
    expect(await card.ask(card.acceptor(told))).toMatchObject({ status: 402 });
    expect(
      await card.ask({ ...card.acceptor({ mid: 'GOOD', name: 'GOOD', country_code: 'USA', mcc: '5411' }) }),
    ).toMatchObject({
      status: expect.toSatisfy((status) => status === 409 || status === 200),
    });
  });
});
