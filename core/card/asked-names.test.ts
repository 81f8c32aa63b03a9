// A request that held nothing is kept as fingerprints of its names: what it said of them is not forgotten.

import { describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, limitPerDay, noonMs, profile, refund, request, reversal } from '../testing/samples.ts';

const both = { authorization_key: 'A', alias_key: 'B' };
const declined = { ...both, request_key: 'declined', amount_minor: 10_001 };

function cardWith(...asked: Parameters<typeof request>[0][]) {
  const sample = new SampleCard(profile({ funds_minor: 10_000 }));
  for (const [index, one] of asked.entries()) sample.card.authorize(request(one), noonMs + index);
  expect(sample.card.state.authorizations.size).toBe(0);
  return sample;
}

describe('a name that only a declined first request has given', () => {
  test.each([
    ['the first, then the other', 'A', 'B'],
    ['the other, then the first', 'B', 'A'],
  ])('T4: is of the same authorization: forced through and cleared under %s', (_, advised, cleared) => {
    const sample = cardWith(declined);
    const { card, log } = sample;
    card.receive(advice({ authorization_key: advised, hold_minor: 300, message_key: 'm1' }), noonMs + 10);
    sample.reload(JSON.parse(JSON.stringify(card.snapshot())));
    sample.card.receive(clearing({ authorization_key: cleared, amount_minor: 300, message_key: 'm2' }), noonMs + 20);
    expect(sample.card.state).toMatchObject({ held_minor: 0, posted_minor: 300, uses: 1 });
    expect(sample.card.state.authorizations.size).toBe(1);
    const ids = log.flatMap(({ body }) => (body.kind === 'profile' ? [] : [body.authorization_id]));
    expect(new Set(ids).size).toBe(1);
    // The log alone gives the same card.
    const told = JSON.stringify(sample.card.snapshot());
    sample.reload(null);
    expect(JSON.stringify(sample.card.snapshot())).toBe(told);
  });

  test('T4: a second try under the other name, after a reversal under the first', () => {
    const { card } = cardWith(declined);
    card.receive(reversal({ authorization_key: 'A', occurred_at_ms: noonMs }), noonMs + 10);
    card.authorize(request({ authorization_key: 'B', request_key: 'second', occurred_at_ms: noonMs }), noonMs + 20);
    expect(card.state.held_minor).toBe(500);
  });

  test('joins what is known under another name by then, and through another request that held nothing', () => {
    const { card, log } = cardWith(declined, {
      ...declined,
      authorization_key: 'B',
      alias_key: 'C',
      request_key: 'again',
    });
    card.authorize(request({ authorization_key: 'A', request_key: 'approved' }), noonMs + 10);
    expect(log.at(-1)?.body).toMatchObject({ also_named: ['B', 'C'], decision: { outcome: 'approved' } });
    card.receive(reversal({ authorization_key: 'C' }), noonMs + 20);
    expect(card.state.held_minor).toBe(0);
  });

  test('W1: counts once: an increment under it is within the limit of the purchase', () => {
    const sample = new SampleCard(
      profile({ funds_minor: 10_000, controls: [limitPerDay(1_000, { window: { per: 'transaction' } })] }),
    );
    const { card } = sample;
    card.authorize(request(declined), noonMs);
    card.authorize(request({ authorization_key: 'A', request_key: 'first', amount_minor: 900 }), noonMs + 1);
    const more = { authorization_key: 'B', request_key: 'more', kind: 'incremental', amount_minor: 200 } as const;
    expect(card.authorize(request(more), noonMs + 2)).toMatchObject({ decision: { reason: 'exceeds_amount_max' } });
  });

  test('is not taken for another that has the same beginning', () => {
    const { card } = cardWith(declined);
    card.receive(refund({ authorization_key: 'BB', amount_minor: 1 }), noonMs + 1);
    expect([...card.state.authorizations.keys()]).toEqual(['BB']);
    expect(card.state.aliases.size).toBe(0);
  });

  test('of a request whose row is forgotten leads nowhere', () => {
    const sample = cardWith(declined);
    sample.card.forget({ firstSequence: sample.log.length + 1, beforeMs: noonMs }, noonMs + 1);
    sample.card.receive(advice({ authorization_key: 'B', hold_minor: 300 }), noonMs + 10);
    expect(sample.log.at(-1)?.body).not.toHaveProperty('also_named');
  });

  test('has the id of the request that gave it, be it its only name', () => {
    const { card, log } = cardWith({ authorization_key: 'A', request_key: 'declined', amount_minor: 10_001 });
    card.receive(advice({ authorization_key: 'A', hold_minor: 300 }), noonMs + 10);
    const [asked, advised] = log.slice(1).map(({ body }) => body);
    expect(advised).toMatchObject({ authorization_id: (asked as { authorization_id: string }).authorization_id });
    expect(advised).not.toHaveProperty('also_named');
  });

  test('has the id of the first of two requests that turn out to be of one', () => {
    const another = { ...declined, authorization_key: 'C', alias_key: 'D', request_key: 'another' };
    const { card, log } = cardWith(declined, another);
    const [first, second] = log.slice(1).map(({ body }) => (body as { authorization_id: string }).authorization_id);
    expect(second).not.toBe(first);
    card.receive(advice({ authorization_key: 'A', alias_key: 'C', hold_minor: 300 }), noonMs + 10);
    expect(log.at(-1)?.body).toMatchObject({ authorization_id: first, also_named: ['B', 'D'] });
  });

  test('says its other names once: what is known has them', () => {
    const { card, log } = cardWith(declined);
    card.receive(advice({ authorization_key: 'A', hold_minor: 300, message_key: 'm1' }), noonMs + 10);
    expect(log.at(-1)?.body).toMatchObject({ also_named: ['B'] });
    card.receive(clearing({ authorization_key: 'A', amount_minor: 300, message_key: 'm2' }), noonMs + 20);
    expect(log.at(-1)?.body).not.toHaveProperty('also_named');
  });

  test('leads to so many other names and no more', () => {
    const chain = Array.from({ length: limits.alsoNamedMax + 4 }, (_, index) => ({
      ...{ authorization_key: `n${index}`, alias_key: `n${index + 1}`, request_key: `r${index}`, amount_minor: 10_001 },
    }));
    const { card, log } = cardWith(...chain);
    card.receive(advice({ authorization_key: 'n0', hold_minor: 300 }), noonMs + 100);
    const others = Array.from({ length: limits.alsoNamedMax }, (_, index) => `n${index + 1}`);
    expect(log.at(-1)?.body).toMatchObject({ also_named: others });
  });
});
