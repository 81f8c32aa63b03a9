// Refunds of no purchase at a card's object, in workerd: what is withheld is durable, and the operator's setting is the card's.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { refund } from '../../core/testing/samples.ts';
import { cardAt, eventsOf, newCard } from '../testing/sample-card.ts';
import { CardObject } from './card-object.ts';
import { unmatchedMaxOf } from './card-parts.ts';

const refunds = [
  refund({ message_key: 'm1', authorization_key: null, amount_minor: 60_000 }),
  refund({ message_key: 'm2', authorization_key: 'a2', amount_minor: 5_000 }),
];

describe('what a card withholds of its refunds', () => {
  test('is there after it has left memory, and goes with what a person releases, once', async () => {
    const key = await newCard({ funds_minor: 1_000 });
    for (const message of refunds) await cardAt(key).receive(message);
    expect(await cardAt(key).read()).toMatchObject({ withheld_minor: 15_000, available_minor: 51_000 });
    await abortAllDurableObjects();
    expect(await cardAt(key).read()).toMatchObject({ withheld_minor: 15_000, available_minor: 51_000 });
    const [, first] = await eventsOf(key);
    if (first?.kind !== 'message') throw new Error('the second event is the first refund');
    const { authorization_id, at_ms: refunded_at_ms } = first;
    const release = { message_key: 'item', authorization_id, currency: 'USD', minor: 60_000, refunded_at_ms };
    expect(await cardAt(key).releaseRefund(release)).toMatchObject({ outcome: 'stored' });
    expect(await cardAt(key).releaseRefund(release)).toMatchObject({ outcome: 'repeated' });
    expect(await cardAt(key).read()).toMatchObject({
      withheld_minor: 0,
      available_minor: 66_000,
      posted_minor: -65_000,
    });
  });

  test('is beyond the bound that its settings name', async () => {
    const key = await newCard({ funds_minor: 1_000 });
    for (const message of refunds) await cardAt(key).receive(message);
    await runInDurableObject(cardAt(key), (_, state) => {
      const card = new CardObject(state, { ...env, UNMATCHED_PER_CARD_MAX: 'USD 20.00' });
      expect(card.read()).toMatchObject({ withheld_minor: 63_000, available_minor: 3_000 });
    });
    expect(unmatchedMaxOf({ UNMATCHED_PER_CARD_MAX: 'USD 20.00 EUR 5.00' })).toEqual(
      new Map([
        ['USD', 2_000],
        ['EUR', 500],
      ]),
    );
    expect(unmatchedMaxOf({}).size).toBe(0);
  });
});
