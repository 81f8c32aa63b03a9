// The same message key with another content: another fact, which changes nothing and is named; the same fact told anew is a repeat.

import { expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, merchant, noonMs, profile, refund } from '../testing/samples.ts';

const cardWith = () => new SampleCard(profile());

test.each<[field: string, message: CardMessage]>([
  ['amount_minor', clearing({ amount_minor: 900 })],
  ['currency', clearing({ currency: 'EUR' })],
  ['final', clearing({ final: false })],
  ['authorization_key', clearing({ authorization_key: 'authorization-2' })],
  ['authorization_key', clearing({ authorization_key: null })],
  ['alias_key', clearing({ alias_key: 'alias-1' })],
  ['kind', refund()],
])('F4: with a known key and another %s changes nothing, and says so', (field, message) => {
  const { card, log } = cardWith();
  card.receive(clearing(), noonMs);
  expect(card.receive(message, noonMs)).toEqual({ outcome: 'conflict', field });
  expect(card.state.posted_minor).toBe(500);
  expect(log.length).toBe(2);
});

test('F4: stamped anew, or with another shop, it is the same fact', () => {
  const { card, log } = cardWith();
  card.receive(clearing({ occurred_at_ms: noonMs }), noonMs);
  for (const changes of [{}, { occurred_at_ms: noonMs + 1 }, { merchant: merchant('5411') }])
    expect(card.receive(clearing(changes), noonMs)).toMatchObject({ outcome: 'repeated' });
  expect(log.length).toBe(2);
});

test('F4: an advice of another hold, or for another request, is another fact', () => {
  const { card } = cardWith();
  card.receive(advice(), noonMs);
  expect(card.receive(advice({ hold_minor: 700 }), noonMs)).toEqual({ outcome: 'conflict', field: 'hold_minor' });
  expect(card.receive(advice({ request_key: 'r1' }), noonMs)).toEqual({ outcome: 'conflict', field: 'request_key' });
  expect(card.receive(advice({ decided_by: 'processor' }), noonMs)).toMatchObject({ outcome: 'repeated' });
});
