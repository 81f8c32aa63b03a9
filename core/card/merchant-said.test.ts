// What a message leaves unsaid of the shop, or said so that it could not be read, is the authorization's own.

import { expect, test } from 'vitest';
import type { Merchant } from '../../contracts/authorization-request.ts';
import type { Control } from '../../contracts/control.ts';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, hourMs, noonMs, profile, request } from '../testing/samples.ts';
import { merchantSaid } from './subject.ts';

const hotel: Merchant = { id: 'H1', name: 'HOTEL', category: '7011', country: 'US' };
const unread = { id: null, name: null, category: null, country: null };

test.each<[Merchant | null, Merchant | null, Merchant | null]>([
  [null, null, null],
  [null, hotel, hotel],
  [hotel, null, hotel],
  [{ ...unread, name: 'HOTEL LOBBY' }, hotel, { ...hotel, name: 'HOTEL LOBBY' }],
  [{ ...hotel, category: null }, hotel, hotel],
  [{ ...unread, id: 'h1', category: '7012' }, hotel, { ...hotel, id: 'h1', category: '7012' }],
  [
    { ...unread, country: 'CA' },
    { ...hotel, id: null },
    { ...hotel, id: null, country: 'CA' },
  ],
  // Another shop.
  [{ ...unread, id: 'H2' }, hotel, { ...unread, id: 'H2' }],
])('of %j and %j it is %j', (told, known, said) => {
  expect(merchantSaid(told, known)).toEqual(said);
});

test('F1: an advice whose category could not be read keeps the hotel’s longer hold', () => {
  const { card } = new SampleCard(profile());
  card.authorize(request({ merchant: hotel }), noonMs);
  card.receive(advice({ hold_minor: 900, merchant: { ...hotel, category: null } }), noonMs + hourMs);
  const { expires_at_ms } = card.state.authorizations.get('authorization-1') ?? {};
  expect(expires_at_ms).toBe(noonMs + hourMs + limits.holdDaysLongStay * 24 * hourMs);
});

test('M1: an id in small letters is the same shop: a hotel’s advice without a category keeps the longer hold', () => {
  const { card } = new SampleCard(profile());
  card.authorize(request({ merchant: hotel }), noonMs);
  card.receive(advice({ hold_minor: 900, merchant: { ...unread, id: 'h1' } }), noonMs + hourMs);
  const { expires_at_ms } = card.state.authorizations.get('authorization-1') ?? {};
  expect(expires_at_ms).toBe(noonMs + hourMs + limits.holdDaysLongStay * 24 * hourMs);
});

test('F1: what the rules would have said of it is judged by the authorization’s own shop', () => {
  const block = {
    control_id: 'no-hotels',
    mode: 'enforce',
    does: 'block',
    applies_to: { category: { any_of: ['7011'] } },
  } satisfies Control;
  const { card, log } = new SampleCard(profile());
  card.authorize(request({ merchant: hotel }), noonMs);
  card.putProfile(profile({ version: 2, controls: [block] }), noonMs);
  card.receive(advice({ hold_minor: 900, merchant: { ...hotel, category: null } }), noonMs + hourMs);
  expect(log.at(-1)?.body).toMatchObject({ against: 'category_not_allowed' });
});
