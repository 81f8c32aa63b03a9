// What the edge approved in the card's place stands where it was given, whenever the card hears of it, and is held once.

import { describe, expect, test } from 'vitest';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, expiry, hourMs, noonMs, profile, request, reversal } from '../testing/samples.ts';

const cardWith = (changes: Partial<Profile> = {}) => new SampleCard(profile(changes));

describe('an answer in the card’s place is an approval of the instant at which it was given', () => {
  const stampMs = noonMs - 1_000;
  const givenMs = noonMs + 2_000;
  const heardMs = noonMs + 60_000;
  const asked = (key: string, amount_minor: number) => request({ request_key: key, amount_minor });
  const inPlace = (hold_minor: number, changes: Partial<ReturnType<typeof advice>> = {}) =>
    advice({
      message_key: 'in-place',
      request_key: 'r1',
      decided_by: 'edge',
      hold_minor,
      answered_at_ms: givenMs,
      ...changes,
    });
  const older = { message_key: 'older', occurred_at_ms: stampMs - 500 };

  test.each([
    ['a full reversal', reversal(older), { held_minor: 0, posted_minor: 0 }],
    ['a final clearing', clearing({ amount_minor: 60, ...older }), { held_minor: 0, posted_minor: 60 }],
    ['an expiry', expiry(older), { held_minor: 0, posted_minor: 0 }],
    ['a reversal in part', reversal({ amount_minor: 20, ...older }), { held_minor: 40, posted_minor: 0 }],
  ])('T4: %s that is stamped before the stand-in that began the authorization', (_, message, money) => {
    for (const stamped of [{ occurred_at_ms: stampMs }, {}])
      for (const isFirst of [true, false]) {
        const { card } = cardWith();
        if (isFirst) card.receive(message, heardMs - 1);
        card.receive(inPlace(60, stamped), heardMs);
        if (!isFirst) card.receive(message, heardMs + 1);
        expect(card.state).toMatchObject(money);
      }
  });

  test.each([true, false])(
    'T6: of a second try without a stamp, then a full reversal by a clock behind ours; heard before it: %s',
    (isFirst) => {
      const { card } = cardWith();
      card.authorize(asked('r0', 100), noonMs);
      const ended = reversal({ message_key: 'end', occurred_at_ms: givenMs - 1_500 });
      // The network reverses half a second after the edge has answered.
      if (isFirst) card.receive(ended, givenMs + 500);
      card.receive(inPlace(60), heardMs);
      if (!isFirst) card.receive(ended, heardMs + 1);
      expect(card.state.held_minor).toBe(0);
    },
  );

  test('T2: what the card had heard before the edge answered does not release it', () => {
    const { card } = cardWith();
    card.authorize(asked('r0', 100), noonMs);
    card.receive(reversal({ message_key: 'end', occurred_at_ms: noonMs + 1_000 }), noonMs + 1_500);
    card.receive(inPlace(60), heardMs);
    expect(card.state.held_minor).toBe(60);
  });

  test('T1: given before the card’s own first approval, it is the beginning, and a reversal between releases it alone', () => {
    for (const isFirst of [true, false]) {
      const { card } = cardWith();
      const told = inPlace(60, { occurred_at_ms: noonMs, answered_at_ms: noonMs + 1 });
      if (isFirst) card.receive(told, noonMs + 2);
      card.receive(reversal({ message_key: 'between', occurred_at_ms: noonMs + 3_000 }), noonMs + 3_000);
      card.authorize({ ...asked('r2', 100), occurred_at_ms: noonMs + 5_000 }, noonMs + 5_000);
      if (!isFirst) card.receive(told, heardMs);
      expect(card.state.held_minor).toBe(100);
    }
  });

  test('T3: our own expiry, which did not know of it, does not release it', () => {
    const { card } = cardWith();
    card.authorize(asked('r0', 100), noonMs - 7 * 24 * hourMs);
    const beforeExpiry = { answered_at_ms: noonMs - 60 * hourMs, occurred_at_ms: noonMs - 60 * hourMs };
    card.expire(noonMs);
    card.receive(inPlace(60, beforeExpiry), noonMs + 1);
    expect(card.state.held_minor).toBe(60);
  });

  test.each<[what: string, own: Partial<Profile>, held: number]>([
    ['declined: the whole of it', { funds_minor: 130 }, 160],
    ['approved: nothing more', {}, 160],
    ['approved in part: the rest', { funds_minor: 130, partial_approval: true }, 160],
  ])('where the card had answered the same request itself, beside an earlier try, and had %s', (_, own, held) => {
    const sample = cardWith(own);
    sample.card.authorize(asked('r0', 100), noonMs);
    sample.card.authorize({ ...asked('r1', 60), partial_approval_capable: true }, noonMs + 1_000);
    sample.card.receive(inPlace(60), heardMs);
    expect(sample.card.state.held_minor).toBe(held);
    sample.reload(JSON.parse(JSON.stringify(sample.card.snapshot())));
    sample.card.void('r1', heardMs + 1);
    expect(sample.card.state.held_minor).toBe(100);
  });

  test('a no of the edge leaves alone what is held', () => {
    const { card } = cardWith();
    card.authorize(asked('r0', 100), noonMs);
    card.receive(inPlace(0), heardMs);
    expect(card.state.held_minor).toBe(100);
  });

  test('told twice under two keys, it is held once', () => {
    const { card } = cardWith();
    card.receive(inPlace(60), heardMs);
    card.receive(inPlace(60, { message_key: 'again' }), heardMs + 1);
    expect(card.state.held_minor).toBe(60);
    card.void('r1', heardMs + 2);
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
  });

  test('a row that was written before its approval was recorded is read', () => {
    const sample = cardWith();
    sample.card.authorize(asked('r0', 100), noonMs);
    sample.card.receive(inPlace(60), heardMs);
    for (const { body } of sample.log) if (body.kind === 'message') delete body.approval;
    sample.reload(null);
    expect(sample.card.state.held_minor).toBe(160);
    sample.card.void('r1', heardMs + 1);
    expect(sample.card.state.held_minor).toBe(100);
  });
});
