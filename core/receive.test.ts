// From what a network says to the event that records it.

import { describe, expect, test } from 'vitest';
import type { CardEventBody } from '../contracts/card-event.ts';
import { apply } from './apply.ts';
import { availableMinor, type CardState, newCardState, setProfile } from './card-state.ts';
import { receiveMessage, receiveRequest, receiveVoid } from './receive.ts';
import { clearing, countingIds, hourMs, noonMs, profile, refund, request, reversal } from './samples.ts';

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
  return {
    state,
    asks: (...[asked]: Parameters<typeof request>) => record(receiveRequest(state, request(asked), ids(), noonMs)),
    says: (message: Parameters<typeof receiveMessage>[1]) => record(receiveMessage(state, message, ids(), noonMs)),
    voids: (requestKey: string, answer: Parameters<typeof receiveVoid>[2]) =>
      record(receiveVoid(state, requestKey, answer, ids(), noonMs)),
  };
}

const money = ({ held_minor, posted_minor }: CardState) => ({ held_minor, posted_minor });

describe('a request', () => {
  test('that is approved holds its amount', () => {
    const { asks, state } = card();
    expect(asks()).toMatchObject({ kind: 'authorization', effect: { hold_minor: 500, posted_minor: 0 } });
    expect(money(state)).toEqual({ held_minor: 500, posted_minor: 0 });
  });

  test('that is declined holds nothing, and what is forced through later belongs to it', () => {
    const { asks, says, state } = card({ status: 'frozen' });
    const declined = asks();
    expect(declined.effect).toEqual({ hold_minor: 0, posted_minor: 0 });
    expect(money(state)).toEqual({ held_minor: 0, posted_minor: 0 });
    expect(state.answered.get('request-1')).toBe(1);
    expect(says(clearing()).authorization_id).toBe(declined.authorization_id);
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
  receiveRequest(state, request({ request_key: 'request-2' }), ids, noonMs + hourMs);
  receiveMessage(state, clearing(), ids, noonMs + hourMs);
  receiveVoid(state, 'request-1', answer, ids, noonMs + hourMs);
  expect(state).toEqual(before);
});
