// What the simulator found, each as the shortest life that shows it.

import { describe, expect, test } from 'vitest';
import {
  advice,
  clearing,
  countingIds,
  hourMs,
  limitPerDay,
  noonMs,
  profile,
  request,
  reversal,
} from '../testing/samples.ts';
import { Card } from './card.ts';
import type { LoggedEvent } from './logged-event.ts';

function cardWith(changes: Parameters<typeof profile>[0]): Card {
  const rows: LoggedEvent[] = [];
  const at = (sequence: number) => {
    const row = rows[sequence - 1];
    if (row === undefined) throw new Error(`there is no row ${sequence}`);
    return row.body;
  };
  const card = new Card({ append: (event) => void rows.push(event), at, freshIds: countingIds() }, null, []);
  card.putProfile(profile(changes), noonMs);
  return card;
}

const outcomeOf = (card: Card, changes: Parameters<typeof request>[0], atMs: number) => {
  const answer = card.authorize(request(changes), atMs);
  return answer.outcome === 'decided' ? answer.decision.outcome : answer.outcome;
};

describe('a first approval without an instant', () => {
  test('is ended by a clearing that the network dates before it arrived', () => {
    const early = cardWith({});
    early.authorize(request(), noonMs);
    early.receive(clearing({ occurred_at_ms: noonMs - 1 }), noonMs + 1);
    const late = cardWith({});
    late.receive(clearing({ occurred_at_ms: noonMs - 1 }), noonMs);
    late.authorize(request(), noonMs + hourMs);
    expect([early.state.held_minor, late.state.held_minor]).toEqual([0, 0]);
  });

  test('after a void is no longer the beginning: the reversal of the first try does not end the second', () => {
    const card = cardWith({ controls: [limitPerDay(1_000)] });
    expect(outcomeOf(card, { amount_minor: 900 }, noonMs)).toBe('approved');
    card.receive(reversal(), noonMs + 1);
    card.void('request-1', noonMs + 2);
    expect(outcomeOf(card, { request_key: 'request-2', amount_minor: 900 }, noonMs + 3)).toBe('approved');
    expect(card.state.held_minor).toBe(900);
    expect(outcomeOf(card, { request_key: 'request-3', amount_minor: 900 }, noonMs + 4)).toBe('declined');
  });
});

describe('an increment that joins another name of its purchase', () => {
  const increment = { request_key: 'request-2', kind: 'incremental', alias_key: 'other', amount_minor: 300 } as const;

  test('is judged with all that then counts in the window of the purchase', () => {
    const card = cardWith({ controls: [limitPerDay(1_000)] });
    card.authorize(request({ amount_minor: 500 }), noonMs);
    card.receive(clearing({ authorization_key: 'other', amount_minor: 800 }), noonMs + 24 * hourMs);
    expect(outcomeOf(card, increment, noonMs + 24 * hourMs)).toBe('declined');
  });

  test('adds to the advice that it names, though that advice is heard after it', () => {
    const card = cardWith({});
    card.authorize(request({ amount_minor: 100, occurred_at_ms: noonMs }), noonMs);
    const [adviceMs, increaseMs] = [noonMs + 2_000, noonMs + 3_000];
    // Named by the advice's own id, which nobody has said is of this authorization yet.
    const more = {
      authorization_key: 'advice-1',
      alias_key: 'increment-1',
      amount_minor: 100,
      occurred_at_ms: increaseMs,
    };
    expect(outcomeOf(card, { ...increment, ...more }, increaseMs)).toBe('approved');
    card.receive(advice({ alias_key: 'advice-1', hold_minor: 100, occurred_at_ms: adviceMs }), increaseMs + 1_000);
    expect(card.state.held_minor).toBe(200);
  });

  test('is no second use of a card that is good for one', () => {
    const card = cardWith({ single_use: true });
    card.authorize(request(), noonMs);
    card.receive(advice({ authorization_key: 'other', hold_minor: 400 }), noonMs + 1);
    expect(outcomeOf(card, increment, noonMs + 2)).toBe('approved');
  });
});

test('what was told of a purchase before it was approved counts with its request', () => {
  const applies_to = { channel: { any_of: ['pos' as const] } };
  const card = cardWith({ controls: [limitPerDay(1_000, { applies_to })] });
  card.receive(clearing({ amount_minor: 400 }), noonMs);
  expect(outcomeOf(card, { amount_minor: 700 }, noonMs + 1)).toBe('declined');
});
