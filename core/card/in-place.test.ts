// An answer that was given in the card's place: what its request hears, what is held for it, and what giving it up releases.

import { describe, expect, test } from 'vitest';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, noonMs, profile, request, reversal } from '../testing/samples.ts';

const cardWith = (changes: Partial<Profile> = {}) => new SampleCard(profile(changes));

describe('an answer in the card’s place', () => {
  const inPlace = advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 300 });

  test('is what its request hears, when it comes at last', () => {
    const { card } = cardWith({ status: 'frozen' });
    card.receive(inPlace, noonMs);
    const heard = { decision: { outcome: 'approved', reason: null, approved_minor: 300 } };
    expect(card.authorize(request(), noonMs)).toMatchObject(heard);
    expect(card.authorize(request(), noonMs + 1)).toMatchObject(heard);
  });

  test('holds its amount once, whether the card had decided before or decides after', () => {
    const [before, after] = [cardWith(), cardWith()];
    before.card.authorize(request(), noonMs);
    before.card.receive(inPlace, noonMs + 1);
    after.card.receive(inPlace, noonMs);
    after.card.authorize(request(), noonMs + 1);
    expect(before.card.state).toMatchObject({ held_minor: 300, uses: 1 });
    expect(after.card.state).toMatchObject({ held_minor: 300, uses: 1 });
  });
});

describe('an answer in the place of a card that was late', () => {
  const inPlace = advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 300 });
  const heard = { decision: { outcome: 'approved', approved_minor: 300 } };

  test('stands, though the card had burnt the key by then', () => {
    const { card } = cardWith();
    expect(card.authorize(request(), noonMs + 1, noonMs)).toMatchObject({ decision: { reason: 'request_voided' } });
    card.receive(inPlace, noonMs + 2);
    expect(card.authorize(request(), noonMs + 3)).toMatchObject(heard);
    expect(card.state).toMatchObject({ held_minor: 300, uses: 1 });
  });

  test('stands, though the request comes late after it', () => {
    const { card } = cardWith();
    card.receive(inPlace, noonMs);
    expect(card.authorize(request(), noonMs + 2, noonMs)).toMatchObject(heard);
    expect(card.authorize(request(), noonMs + 3)).toMatchObject(heard);
    expect(card.state).toMatchObject({ held_minor: 300, uses: 1 });
  });
});

describe('a request that comes after the answer in its place', () => {
  const inPlace = advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 500, occurred_at_ms: noonMs });

  test.each([undefined, noonMs - 1, noonMs, noonMs + 1])('holds nothing more, whatever its instant: %s', (at) => {
    const { card, log } = cardWith({ funds_minor: 800 });
    card.receive(inPlace, noonMs + 2);
    card.authorize(request(at === undefined ? {} : { occurred_at_ms: at }), noonMs + 3);
    expect(card.state).toMatchObject({ held_minor: 500, uses: 1 });
    expect(log.at(-1)?.body).toMatchObject({
      decision: { outcome: 'approved', approved_minor: 500, hold_minor: 0, available_minor: 300, profile_version: 1 },
      effect: { hold_minor: 0, posted_minor: 0 },
    });
  });

  test.each([true, false])(
    'began the purchase: another request for it is held in addition (the first came: %s)',
    (came) => {
      const { card } = cardWith();
      card.receive(inPlace, noonMs);
      if (came) card.authorize(request(), noonMs + 1);
      card.authorize(request({ request_key: 'request-2', amount_minor: 200 }), noonMs + 2);
      expect(card.state).toMatchObject({ held_minor: 700, uses: 1 });
    },
  );

  test('says where the card was used', () => {
    const { card } = cardWith();
    card.receive(inPlace, noonMs);
    card.authorize(request({ channel: 'ecommerce' }), noonMs);
    expect(card.state.authorizations.get('authorization-1')?.subject?.channel).toBe('ecommerce');
  });
});

test('an answer of nothing decides nothing: request and answer end alike in any order', () => {
  const nothing = advice({ request_key: 'request-1', hold_minor: 0, occurred_at_ms: noonMs });
  const [before, after] = [cardWith(), cardWith()];
  before.card.authorize(request(), noonMs);
  before.card.receive(nothing, noonMs + 1);
  after.card.receive(nothing, noonMs);
  after.card.authorize(request(), noonMs + 1);
  for (const { card } of [before, after]) expect(card.state).toMatchObject({ held_minor: 0, uses: 1 });
  const late = cardWith();
  late.card.receive(nothing, noonMs);
  expect(late.card.authorize(request(), noonMs + 2, noonMs + 1)).toMatchObject({
    decision: { reason: 'request_voided' },
  });
});

describe('giving up a request that was answered in its place', () => {
  const inPlace = advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 500, occurred_at_ms: noonMs });
  const asked = request({ occurred_at_ms: noonMs });
  const declined = { decision: { outcome: 'declined', reason: 'request_voided', approved_minor: 0 } };
  const kinds = ({ log }: SampleCard) => log.map(({ body }) => body.kind).join(' ');

  test('releases what that holds, and repeats hear a decline', () => {
    const sample = cardWith({ single_use: true });
    const { card, log } = sample;
    card.receive(inPlace, noonMs + 1);
    expect(card.void('request-1', noonMs + 2)).toEqual({ outcome: 'stored' });
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
    expect(log.at(-1)?.body).toMatchObject({
      voided_minor: 500,
      stood_in: { at_ms: noonMs, nth: -1 },
      effect: { hold_minor: -500 },
    });
    expect(card.authorize(asked, noonMs + 3)).toMatchObject(declined);
    expect(card.authorize(asked, noonMs + 4)).toMatchObject(declined);
    expect(card.void('request-1', noonMs + 5)).toEqual({ outcome: 'repeated' });
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
    expect(kinds(sample)).toBe('profile message void authorization');
  });

  test('the same, when the request has come meanwhile', () => {
    const sample = cardWith();
    const { card } = sample;
    card.receive(inPlace, noonMs + 1);
    card.authorize(asked, noonMs + 2);
    card.void('request-1', noonMs + 3);
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
    expect(card.authorize(asked, noonMs + 4)).toMatchObject(declined);
    expect(kinds(sample)).toBe('profile message authorization void');
  });

  test('takes the card’s own approval back too', () => {
    const sample = cardWith();
    const { card } = sample;
    card.authorize(asked, noonMs);
    card.receive(inPlace, noonMs + 1);
    card.void('request-1', noonMs + 2);
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
    expect(card.authorize(asked, noonMs + 3)).toMatchObject(declined);
    expect(kinds(sample)).toBe('profile authorization message void void');
  });

  test('of two the newer holds: an answer after the void stands, until the next void', () => {
    const { card } = cardWith();
    card.authorize(asked, noonMs);
    card.void('request-1', noonMs + 1);
    card.receive(inPlace, noonMs + 2);
    expect(card.authorize(asked, noonMs + 3)).toMatchObject({ decision: { outcome: 'approved', approved_minor: 500 } });
    expect(card.state).toMatchObject({ held_minor: 500, uses: 1 });
    expect(card.void('request-1', noonMs + 4)).toEqual({ outcome: 'stored' });
    expect(card.authorize(asked, noonMs + 5)).toMatchObject(declined);
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
  });

  test('leaves alone what came after it: an increment, a clearing, a later word of the network', () => {
    const { card } = cardWith();
    card.receive(inPlace, noonMs);
    card.authorize(request({ request_key: 'more', kind: 'incremental', amount_minor: 200 }), noonMs + 1);
    card.receive(clearing({ message_key: 'm2', amount_minor: 100, final: false }), noonMs + 2);
    expect(card.state.held_minor).toBe(600);
    card.void('request-1', noonMs + 3);
    expect(card.state).toMatchObject({ held_minor: 100, posted_minor: 100, uses: 1 });
    const later = cardWith().card;
    later.receive(inPlace, noonMs);
    later.receive(advice({ message_key: 'm2', hold_minor: 500, occurred_at_ms: noonMs + 1 }), noonMs + 1);
    later.void('request-1', noonMs + 2);
    expect(later.state).toMatchObject({ held_minor: 500, uses: 1 });
  });

  test('after a reload is the same', () => {
    const sample = cardWith();
    sample.card.receive(inPlace, noonMs);
    sample.card.receive(advice({ message_key: 'm2', hold_minor: 300, occurred_at_ms: noonMs - 1 }), noonMs);
    sample.reload(JSON.parse(JSON.stringify(sample.card.snapshot())));
    sample.card.void('request-1', noonMs + 2);
    // What the network itself holds by its advice stands.
    expect(sample.card.state).toMatchObject({ held_minor: 300, uses: 1 });
  });
});

describe('an answer in the card’s place adds to what the authorization holds', () => {
  const secondTry = advice({ request_key: 'second', decided_by: 'edge', hold_minor: 60, message_key: 'm-second' });
  const stamped = { occurred_at_ms: noonMs + 1_000 };

  test('a second try beside what the card had approved; giving it up leaves the first', () => {
    const sample = cardWith({ funds_minor: 200 });
    const { card } = sample;
    card.authorize(request({ amount_minor: 100, occurred_at_ms: noonMs }), noonMs);
    card.receive({ ...secondTry, ...stamped }, noonMs + 2_000);
    expect(card.state).toMatchObject({ held_minor: 160, uses: 1 });
    expect(
      card.authorize(request({ request_key: 'B', authorization_key: 'B', amount_minor: 50 }), noonMs),
    ).toMatchObject({
      decision: { reason: 'insufficient_funds' },
    });
    sample.reload(JSON.parse(JSON.stringify(card.snapshot())));
    sample.card.void('second', noonMs + 3_000);
    expect(sample.card.state).toMatchObject({ held_minor: 100, uses: 1 });
  });

  test('two tries, in either order', () => {
    const first = {
      ...secondTry,
      request_key: 'first',
      message_key: 'm-first',
      hold_minor: 50,
      occurred_at_ms: noonMs,
    };
    for (const told of [
      [first, { ...secondTry, ...stamped }],
      [{ ...secondTry, ...stamped }, first],
    ]) {
      const { card } = cardWith();
      for (const one of told) card.receive(one, noonMs + 2_000);
      expect(card.state.held_minor).toBe(110);
    }
  });

  test('T2: a second try in the second of a full reversal', () => {
    const { card } = cardWith();
    card.authorize(request({ amount_minor: 100, occurred_at_ms: noonMs }), noonMs);
    card.receive(reversal({ message_key: 'm2', ...stamped }), noonMs + 1_500);
    card.receive({ ...secondTry, ...stamped }, noonMs + 2_000);
    expect(card.state.held_minor).toBe(60);
  });

  test('and what the network says of later instants releases it', () => {
    const { card } = cardWith();
    card.authorize(request({ amount_minor: 100, occurred_at_ms: noonMs }), noonMs);
    card.receive(reversal({ message_key: 'm2', occurred_at_ms: noonMs + 5_000 }), noonMs + 5_000);
    card.receive({ ...secondTry, ...stamped }, noonMs + 6_000);
    expect(card.state.held_minor).toBe(0);
  });
});
