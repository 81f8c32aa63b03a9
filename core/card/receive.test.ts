// From what a network says to the event that records it.

import { describe, expect, test } from 'vitest';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { asked, givenUp, told } from '../testing/receiving.ts';
import {
  advice,
  clearing,
  countingIds,
  hearing,
  hourMs,
  limitPerDay,
  merchant,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from '../testing/samples.ts';
import { apply } from './apply.ts';
import { type CardState, newCardState, setProfile } from './card-state.ts';
import { availableMinor } from './funds.ts';

/** A card with its log: each call records what it made, as the card's object does. */
function card(changes: Parameters<typeof profile>[0] = {}) {
  const state = newCardState();
  setProfile(state, profile(changes));
  const ids = countingIds();
  let sequence = 0;
  const record = <B extends CardEventBody>(body: B): B => {
    apply(state, { sequence: ++sequence, at_ms: noonMs, body });
    return body;
  };
  const next = () => hearing(noonMs, sequence + 1);
  return {
    state,
    asks: (...[changes]: Parameters<typeof request>) => record(asked(state, request(changes), ids(), next())),
    says: (message: CardMessage) => record(told(state, message, ids(), next())),
    voids: (requestKey: string, answer: Parameters<typeof givenUp>[2]) =>
      record(givenUp(state, requestKey, answer, ids(), noonMs)),
  };
}

const money = ({ held_minor, posted_minor }: CardState) => ({ held_minor, posted_minor });

describe('a request', () => {
  test('that is approved holds its amount', () => {
    const { asks, state } = card();
    expect(asks()).toMatchObject({ kind: 'authorization', effect: { hold_minor: 500, posted_minor: 0 } });
    expect(money(state)).toEqual({ held_minor: 500, posted_minor: 0 });
  });

  test('that is declined holds nothing, and leaves a key behind', () => {
    const { asks, says, state } = card({ status: 'frozen' });
    expect(asks().effect).toEqual({ hold_minor: 0, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 0 });
    expect(state.answers.byCard.get('request-1')).toBe(1);
    expect(state.authorizations.size).toBe(0);
    expect(says(clearing()).effect).toEqual({ hold_minor: 0, posted_minor: 500 });
  });

  test('with the key of a known authorization is another part of the same life', () => {
    const { asks, state } = card();
    const first = asks();
    const second = asks({ request_key: 'request-2', amount_minor: 200 });
    expect(second.authorization_id).toBe(first.authorization_id);
    expect(money(state)).toEqual({ held_minor: 700, posted_minor: 0 });
  });

  test('whose clearing came first holds only the rest, in the life that the clearing began', () => {
    const { asks, says, state } = card();
    const cleared = says(clearing({ amount_minor: 200, final: false }));
    const asked = asks();
    expect(asked.authorization_id).toBe(cleared.authorization_id);
    expect(asked.effect).toEqual({ hold_minor: 300, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 300, posted_minor: 200 });
  });
});

describe('a message', () => {
  test('belongs to the authorization it names', () => {
    const { asks, says, state } = card();
    const asked = asks();
    expect(says(clearing()).authorization_id).toBe(asked.authorization_id);
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 500 });
  });

  test('that names none begins a life of its own, which no network key can reach', () => {
    const { asks, says, state } = card();
    const forced = says(clearing({ message_key: 'm1', authorization_key: null }));
    for (const key of ['m1', 'message:m1', 'message'])
      expect(asks({ request_key: key, authorization_key: key }).authorization_id).not.toBe(forced.authorization_id);
    expect(state.authorizations.size).toBe(4);
  });

  test('of what is unknown is kept: a later request finds the hold already gone', () => {
    const { asks, says, state } = card();
    expect(says(reversal()).effect).toEqual({ hold_minor: 0, posted_minor: 0 });
    expect(asks().effect).toEqual({ hold_minor: 0, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 0 });
  });

  test('may take a card below zero: money that moved has moved', () => {
    const { says, state } = card({ funds_minor: 100 });
    says(clearing({ authorization_key: null, amount_minor: 500 }));
    expect(availableMinor(state)).toBe(-400);
    says(refund({ message_key: 'message-2', authorization_key: null, amount_minor: 500 }));
    expect(availableMinor(state)).toBe(100);
  });

  test('in another currency moves nothing, is marked, and is known when it comes again', () => {
    const { asks, says, state } = card();
    asks();
    expect(says(clearing({ currency: 'EUR' }))).toMatchObject({
      anomaly: 'currency_mismatch',
      effect: { hold_minor: 0, posted_minor: 0 },
    });
    expect(money(state)).toEqual({ held_minor: 500, posted_minor: 0 });
    expect(state.received.has('message-1')).toBe(true);
  });
});

describe('an advice', () => {
  const limited = { controls: [limitPerDay(600, { applies_to: { category: { any_of: ['5411'] } } })] };

  test.each<[card: Parameters<typeof profile>[0], told: Parameters<typeof advice>[0], against: string | undefined]>([
    [{}, { hold_minor: 900 }, undefined],
    [limited, { hold_minor: 600 }, undefined],
    [limited, { hold_minor: 601 }, 'exceeds_amount_in_window'],
    [limited, { hold_minor: 601, authorization_key: 'new', merchant: merchant('5411') }, 'exceeds_amount_in_window'],
    [limited, { hold_minor: 601, authorization_key: 'new' }, undefined],
    [limited, { hold_minor: 601, authorization_key: 'new', alias_key: 'authorization-1' }, 'exceeds_amount_in_window'],
    [limited, { hold_minor: 500 }, undefined],
    [limited, { hold_minor: 0 }, undefined],
    [{ funds_minor: 800 }, { hold_minor: 801 }, 'insufficient_funds'],
    [{ funds_minor: 800 }, { hold_minor: 800 }, undefined],
  ])(
    'on a card with %j that says %j is applied, and marked where it is against the rules: %s',
    (card_, told, against) => {
      const { asks, says, state } = card(card_);
      asks();
      expect(says(advice(told)).against).toBe(against);
      expect(state.authorizations.get(told?.alias_key ?? told?.authorization_key ?? 'authorization-1')).toMatchObject({
        hold_minor: told?.hold_minor,
      });
    },
  );

  test('for a card that is frozen is against the rules', () => {
    expect(card({ status: 'frozen' }).says(advice()).against).toBe('card_not_active');
  });

  test('in the place of an answer is what a repeat of its request is to hear', () => {
    const { says, state } = card();
    says(advice({ request_key: 'request-1', decided_by: 'edge', hold_minor: 300 }));
    expect(state.answers.inPlace.get('request-1')).toEqual({
      ...{ sequence: 1, approved_minor: 300, authorization_key: 'authorization-1' },
      place: { at_ms: noonMs - limits.stampBehindMsMax, nth: -1 },
      approvals: [expect.objectContaining({ given_at_ms: noonMs, adds_minor: 300, approved_minor: 300 })],
    });
  });
});

describe('a card is overdrawn', () => {
  const poor = { funds_minor: 600 };

  test.each<[by: string, message: CardMessage, overdrawn: true | undefined]>([
    ['a clearing above the funds', clearing({ amount_minor: 601 }), true],
    ['a clearing up to the funds', clearing({ amount_minor: 600 }), undefined],
    ['a force post above the funds', clearing({ authorization_key: null, amount_minor: 101 }), true],
    ['a force post up to the funds', clearing({ authorization_key: null, amount_minor: 100 }), undefined],
    ['an advice above the funds', advice({ hold_minor: 601 }), true],
    ['an advice up to the funds', advice({ hold_minor: 600 }), undefined],
    ['a release', reversal(), undefined],
  ])('or not by %s', (_, message, overdrawn) => {
    const { asks, says } = card(poor);
    asks();
    expect(says(message).overdrawn).toBe(overdrawn);
  });

  test('by every message that spends while it is, and by none that gives back', () => {
    const { says } = card(poor);
    says(clearing({ authorization_key: null, amount_minor: 900 }));
    expect(says(clearing({ message_key: 'm2', authorization_key: null, amount_minor: 1 })).overdrawn).toBe(true);
    expect(says(refund({ message_key: 'm3', authorization_key: null, amount_minor: 10 })).overdrawn).toBeUndefined();
  });

  test('never where its funds are the network’s business', () => {
    expect(card().says(clearing({ amount_minor: 1_000_000 })).overdrawn).toBeUndefined();
  });
});

describe('a void', () => {
  test('releases what its request was approved for, and nothing else of the life', () => {
    const { asks, voids, state } = card();
    asks();
    const second = asks({ request_key: 'request-2', amount_minor: 200 });
    expect(voids('request-2', second)).toMatchObject({
      authorization_id: second.authorization_id,
      voided_minor: 200,
      effect: { hold_minor: -200, posted_minor: 0 },
    });
    expect(money(state)).toEqual({ held_minor: 500, posted_minor: 0 });
  });

  test('before its request burns the key: the request is declined when it comes', () => {
    const { asks, voids } = card();
    expect(voids('request-1', null)).toMatchObject({ authorization_id: null, voided_minor: 0 });
    expect(asks().decision).toMatchObject({ outcome: 'declined', reason: 'request_voided' });
    expect(asks({ request_key: 'request-2' }).decision.outcome).toBe('approved');
  });

  test('of a declined request moves nothing', () => {
    const { asks, voids, state } = card({ status: 'closed' });
    expect(voids('request-1', asks()).effect).toEqual({ hold_minor: 0, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 0 });
  });

  test('after a clearing releases only what is still held', () => {
    const { asks, says, voids, state } = card();
    const asked = asks();
    says(clearing({ amount_minor: 200, final: false }));
    expect(voids('request-1', asked).effect).toEqual({ hold_minor: -300, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 200 });
  });
});

test('nothing that is received changes the state: only apply does', () => {
  const { asks, state } = card();
  const answer = asks();
  const before = structuredClone(state);
  const ids = countingIds()();
  const next = hearing(noonMs + hourMs, 3);
  asked(state, request({ request_key: 'request-2' }), ids, next);
  asked(state, request({ request_key: 'request-3', alias_key: 'new' }), ids, next);
  told(state, clearing(), ids, next);
  told(state, advice({ alias_key: 'new' }), ids, next);
  givenUp(state, 'request-1', answer, ids, noonMs + hourMs);
  expect(state).toEqual(before);
});
