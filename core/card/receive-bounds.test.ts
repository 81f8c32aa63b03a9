// What an event says besides its effect, on both sides of where it begins to say so.

import { describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, limitPerDay, noonMs, profile, refund, request, reversal } from '../testing/samples.ts';

/** The last event of a card that approved 500, if it could, and then heard some messages. */
function lastOf(changes: Partial<Profile>, ...messages: CardMessage[]) {
  const { card, log } = new SampleCard(profile(changes));
  card.authorize(request(), noonMs);
  for (const [place, message] of messages.entries())
    card.receive({ ...message, message_key: `message-${place}` }, noonMs + 1 + place);
  return log.at(-1)?.body;
}

describe('a refund above what was cleared', () => {
  const elsewhere = refund({ amount_minor: 301, authorization_key: 'B' });
  const [whole, part] = [clearing({ amount_minor: 300 }), clearing({ amount_minor: 300, final: false })];
  test.each<[claim: string, messages: CardMessage[], says: boolean]>([
    ['as much as was cleared', [whole, refund({ amount_minor: 300 })], false],
    ['one minor unit more', [whole, refund({ amount_minor: 301 })], true],
    ['as much as was and may still be cleared', [part, refund({ amount_minor: 500 })], false],
    ['one minor unit more than that', [part, refund({ amount_minor: 501 })], true],
    ['told before a clearing of less', [refund({ amount_minor: 500 }), whole], true],
    ['told before a clearing of as much', [refund({ amount_minor: 300 }), whole], false],
    ['told before a clearing of a part of the hold', [refund({ amount_minor: 500 }), part], false],
    ['and before the hold is given back', [refund({ amount_minor: 1 }), reversal()], true],
    ['and before an advice of less', [refund({ amount_minor: 400 }), advice({ hold_minor: 399 })], true],
    ['and before an advice of as much', [refund({ amount_minor: 400 }), advice({ hold_minor: 400 })], false],
    ['said once for what stays above', [refund({ amount_minor: 600 }), whole], false],
    ['said again of a further refund', [refund({ amount_minor: 600 }), refund({ amount_minor: 1 })], true],
    ['joined with a purchase of less', [elsewhere, clearing({ amount_minor: 300, alias_key: 'B' })], true],
    ['of what nobody knows', [refund({ amount_minor: 900, authorization_key: 'unknown' })], false],
  ])('%s', (_, messages, says) => {
    expect(lastOf({}, ...messages)).toMatchObject(says ? { refund_above_cleared: true } : { kind: 'message' });
    if (!says) expect(lastOf({}, ...messages)).not.toHaveProperty('refund_above_cleared');
  });
});

describe('W5 kind: more was refunded than the purchase cost, and it came to be so', () => {
  const above = { refund_above_cleared: true };

  test.each([
    [500, true],
    [501, false],
  ])('by the end of its hold, where it was not so before: of 500 held %i refunded', (amount_minor, says) => {
    const { card, log } = new SampleCard(profile());
    card.authorize(request(), noonMs);
    card.receive(refund({ amount_minor }), noonMs + 1);
    card.expire(noonMs + 8 * 86_400_000);
    expect(log.at(-1)?.body.kind).toBe('expiry');
    expect('refund_above_cleared' in (log.at(-1)?.body ?? {})).toBe(says);
  });

  test.each([
    [600, true],
    [601, false],
  ])('by giving up its request, where it was not so before: of 600 held %i refunded', (amount_minor, says) => {
    const { card, log } = new SampleCard(profile());
    card.authorize(request(), noonMs);
    card.authorize(request({ request_key: 'more', kind: 'incremental', amount_minor: 100 }), noonMs + 1);
    card.receive(refund({ amount_minor }), noonMs + 2);
    card.void('more', noonMs + 3);
    expect(log.at(-1)?.body.kind).toBe('void');
    expect('refund_above_cleared' in (log.at(-1)?.body ?? {})).toBe(says);
  });

  test('by an approval of less than was refunded before it, and not again by its clearing', () => {
    const { card, log } = new SampleCard(profile());
    card.receive(refund({ amount_minor: 501 }), noonMs);
    expect(log.at(-1)?.body).not.toHaveProperty('refund_above_cleared');
    card.authorize(request(), noonMs + 1);
    expect(log.at(-1)?.body).toMatchObject({ kind: 'authorization', ...above });
    card.receive(clearing({ message_key: 'message-2', amount_minor: 500 }), noonMs + 2);
    expect(log.at(-1)?.body).toMatchObject({ kind: 'message' });
    expect(log.at(-1)?.body).not.toHaveProperty('refund_above_cleared');
  });
});

describe('funds that are overdrawn', () => {
  const forced = (amount_minor: number) => clearing({ authorization_key: 'forced', amount_minor });
  test.each<[claim: string, messages: CardMessage[], says: boolean]>([
    ['not by what uses them up', [forced(100)], false],
    ['by one minor unit more', [forced(101)], true],
    ['not again by what was held before', [forced(101), clearing()], false],
  ])('%s', (_, messages, says) => {
    const last = lastOf({ funds_minor: 600 }, ...messages);
    expect(last?.kind === 'message' && last.overdrawn === true).toBe(says);
  });
});

describe('what the rules would have said of an advice', () => {
  test.each<[hold_minor: number, against: string | undefined]>([
    [499, undefined],
    [500, undefined],
    [501, 'exceeds_amount_in_window'],
  ])('to %i, after 500 of at most 500', (hold_minor, against) => {
    const last = lastOf({ controls: [limitPerDay(500)] }, advice({ hold_minor }));
    expect(last?.kind === 'message' ? last.against : 'no message').toBe(against);
  });
});

describe('giving up a request', () => {
  test('says what it held, and what the network was told where that was less', () => {
    const tips = { control_id: 'tips', mode: 'enforce', does: 'adjust_hold', percent: 20, applies_to: {} } as const;
    const { card, log } = new SampleCard(profile({ controls: [tips] }));
    card.authorize(request(), noonMs);
    card.void('request-1', noonMs + 1);
    expect(log.at(-1)?.body).toMatchObject({ kind: 'void', voided_minor: 600, approved_minor: 500 });
  });

  test('and only what it held where both are the same', () => {
    const { card, log } = new SampleCard(profile());
    card.authorize(request(), noonMs);
    card.void('request-1', noonMs + 1);
    expect(log.at(-1)?.body).toMatchObject({ kind: 'void', voided_minor: 500 });
    expect(log.at(-1)?.body).not.toHaveProperty('approved_minor');
  });

  test('of a request that held nothing says that nothing was held', () => {
    const { card, log } = new SampleCard(profile({ status: 'frozen' }));
    card.authorize(request(), noonMs);
    card.void('request-1', noonMs + 1);
    expect(log.at(-1)?.body).toMatchObject({ kind: 'void', voided_minor: 0 });
  });
});
