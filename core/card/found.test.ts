// By which of the network's names an authorization is found, and which names lead to it afterwards.

import { describe, expect, test } from 'vitest';
import { fingerprint } from '../fingerprint.ts';
import { noonMs } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type CardState, newCardState, setAuthorization } from './card-state.ts';
import { find, type Named, take } from './found.ts';

const id = (number: number) => `auth_${String(number).padStart(26, '0')}` as const;
const named = (authorization_key: string, alias_key?: string): Named => ({
  ...{ authorization_key, alias_key, currency: 'USD' },
});
const found = (state: CardState, names: Named) => find(state, names, { authorization_id: id(9) }, noonMs);

function stateWith(keys: readonly string[], changes: Record<string, Partial<Authorization>> = {}): CardState {
  const state = newCardState();
  for (const [place, key] of keys.entries())
    setAuthorization(state, key, null, { ...newAuthorization(id(place), noonMs, 'USD'), ...changes[key] });
  return state;
}

const taken = (state: CardState, names: Named) => {
  const one = found(state, names);
  take(state, one);
  const { key, parts } = one;
  return { key, parts: parts.length, aliases: Object.fromEntries(state.aliases) };
};

describe('names', () => {
  test('of nothing that is known: the first is its key, the other leads to it', () => {
    expect(taken(stateWith([]), named('a', 'b'))).toEqual({ key: 'a', parts: 0, aliases: { b: 'a' } });
  });

  test('of which the first is known', () => {
    expect(taken(stateWith(['a']), named('a', 'b'))).toEqual({ key: 'a', parts: 1, aliases: { b: 'a' } });
  });

  test('of which only the second is known: it stays the key, and the first leads to it', () => {
    expect(taken(stateWith(['b']), named('a', 'b'))).toEqual({ key: 'b', parts: 1, aliases: { a: 'b' } });
  });

  test('of two that turn out to be one: every name of the other leads to the first, and no other name does', () => {
    const state = stateWith(['a', 'b', 'c']);
    state.aliases.set('of b', 'b').set('of c', 'c');
    expect(taken(state, named('a', 'b'))).toEqual({
      ...{ key: 'a', parts: 2 },
      aliases: { 'of b': 'a', 'of c': 'c', b: 'a' },
    });
    expect([...state.authorizations.keys()]).toEqual(['a', 'c']);
  });

  test('of two of which the second is found by another name of its own: its key leads to the first as well', () => {
    const state = stateWith(['a', 'b']);
    state.aliases.set('of b', 'b');
    expect(taken(state, named('a', 'of b'))).toEqual({ key: 'a', parts: 2, aliases: { 'of b': 'a', b: 'a' } });
  });

  test('of which only one that the event says again is known: the two that it gives lead to it', () => {
    for (const [alias_key, aliases] of [
      ['b', { a: 'c', b: 'c' }],
      [undefined, { a: 'c' }],
    ] as const) {
      const state = stateWith(['c']);
      const one = find(state, named('a', alias_key), { authorization_id: id(9), also_named: ['c'] }, noonMs);
      take(state, one);
      expect([one.key, one.also_named, Object.fromEntries(state.aliases)]).toEqual(['c', ['c'], aliases]);
    }
  });

  test('of two in different currencies, which stay apart, each under its own', () => {
    const state = stateWith(['a', 'b'], { b: { currency: 'EUR' } });
    expect(taken(state, named('a', 'b'))).toEqual({ key: 'a', parts: 1, aliases: {} });
    expect([...state.authorizations.keys()]).toEqual(['a', 'b']);
  });
});

describe('a request of which only its key was kept', () => {
  test.each([
    ['under the first name', ['a'], { heard: 3, heard_ms: 1 }],
    ['under the other name', ['b'], { heard: 3, heard_ms: 1 }],
    ['under neither', ['c'], null],
    ['no request at all', [], null],
    ['under both names, by the first request', ['c', 'b', 'a'], { heard: 4, heard_ms: 1 }],
  ])('%s began it when it was asked', (_, asked, begun) => {
    for (const keys of [[], ['a']]) {
      const state = stateWith(keys);
      for (const [index, name] of asked.entries()) state.asked.set(fingerprint(name), 3 + index);
      const { authorization, parts } = found(state, named('a', 'b'));
      expect(authorization.begun).toEqual(begun);
      // What comes of one authorization comes of it as it is found.
      expect(parts).toEqual(keys.length === 0 ? [] : [authorization]);
    }
  });

  test('changes nothing of what is known to have begun', () => {
    const begun = { heard: 7, heard_ms: 1 + noonMs };
    const state = stateWith(['a'], { a: { begun } });
    state.asked.set(fingerprint('a'), 1);
    expect(found(state, named('a')).authorization.begun).toEqual(begun);
  });

  test('leaves two that turn out to be one in two parts', () => {
    const state = stateWith(['a', 'b']);
    state.asked.set(fingerprint('a'), 1);
    expect(found(state, named('a', 'b')).parts).toHaveLength(2);
  });
});
