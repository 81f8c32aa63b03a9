// What the card's state keeps together: sums, the next instant at which a hold lapses, and names in the card's currency.

import { describe, expect, test } from 'vitest';
import { fingerprint } from '../fingerprint.ts';
import { noonMs, profile } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type CardState, newCardState, removeAuthorization, setAuthorization, setProfile } from './card-state.ts';

function authorization(changes: Partial<Authorization> = {}): Authorization {
  return { ...newAuthorization('auth_00000000000000000000000001', noonMs, 'USD'), expires_at_ms: 99, ...changes };
}

function stateWith(authorizations: Record<string, Authorization>): CardState {
  const state = newCardState();
  for (const [key, one] of Object.entries(authorizations)) setAuthorization(state, key, null, one);
  return state;
}

describe('sums', () => {
  const most = Number.MAX_SAFE_INTEGER;
  test.each([
    ['held', { hold_minor: most }, { hold_minor: 1 }],
    ['posted', { cleared_minor: most }, { cleared_minor: 1 }],
  ])('that leave the integers that are exact are refused: %s', (_, first, second) => {
    const state = stateWith({ a: authorization(first) });
    expect(() => setAuthorization(state, 'b', null, authorization(second))).toThrow(/exactly/);
  });

  test('the first authorization says which currency they are in, until the profile does', () => {
    const state = stateWith({
      a: authorization({ hold_minor: 5 }),
      b: authorization({ currency: 'EUR', hold_minor: 7 }),
    });
    expect([state.currency, state.held_minor]).toEqual(['USD', 5]);
    expect(state.others.get('EUR')).toMatchObject({ held_minor: 7 });
  });

  test('an authorization that is taken away leaves nothing in them, and is gone', () => {
    const one = authorization({ hold_minor: 5, approved_minor: 5 });
    const state = stateWith({ a: one });
    removeAuthorization(state, 'a', one);
    expect([state.held_minor, state.uses, state.authorizations.size]).toEqual([0, 0, 0]);
  });
});

test.each([
  ['one minor unit', 1, 99],
  ['nothing', 0, Number.POSITIVE_INFINITY],
])('a hold of %s lapses at %s', (_, hold_minor, next) => {
  expect(stateWith({ a: authorization({ hold_minor }) }).next_expiry_ms).toBe(next);
});

describe('a profile in another currency than something that was heard', () => {
  function withNames(): CardState {
    const state = stateWith({ mine: authorization(), theirs: authorization({ currency: 'EUR' }) });
    state.aliases.set('of mine', 'mine').set('of theirs', 'theirs');
    for (const name of ['mine', 'of mine', 'theirs', 'of theirs']) state.asked.set(fingerprint(name), 1);
    setProfile(state, profile({ currency: 'USD' }));
    return state;
  }

  test('keeps it apart, under a key that no network has', () => {
    expect([...withNames().authorizations.keys()]).toEqual(['mine', 'EUR theirs']);
  });

  test('frees all of its names, and no others', () => {
    const { aliases, asked } = withNames();
    expect([...aliases]).toEqual([['of mine', 'mine']]);
    expect([...asked.keys()]).toEqual(['mine', 'of mine'].map(fingerprint));
  });

  test('once: a second profile changes no key again', () => {
    const state = withNames();
    setProfile(state, profile({ version: 2, currency: 'USD' }));
    expect([...state.authorizations.keys()]).toEqual(['mine', 'EUR theirs']);
  });
});
