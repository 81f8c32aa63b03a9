// What a card forgets, and what stays: each bound on both of its sides.

import { describe, expect, test } from 'vitest';
import { hourMs, limitPerDay, noonMs, profile } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type CardState, newCardState, setAuthorization, setProfile } from './card-state.ts';
import { readControls } from './readback.ts';
import { forget } from './retention.ts';

const nowMs = noonMs + 40 * 24 * hourMs;
const beforeMs = noonMs + 5 * 24 * hourMs;
const old = { firstSequence: 5, beforeMs, nowMs };
const id = 'auth_00000000000000000000000001';

/** 500 cleared at noon, of which nothing is held any more. */
function cleared(changes: Partial<Authorization> = {}): Authorization {
  const portion = {
    kind: 'asked',
    given_at_ms: noonMs,
    window_at_ms: noonMs,
    held_minor: 0,
    cleared_minor: 500,
  } as const;
  return {
    ...newAuthorization(id, noonMs, 'USD'),
    approved_minor: 500,
    cleared_minor: 500,
    portions: [portion],
    touched_ms: beforeMs - 1,
    ...changes,
  };
}

function stateWith(authorizations: Record<string, Authorization>, controls = [limitPerDay(1_000)]): CardState {
  const state = newCardState();
  setProfile(state, profile({ controls }));
  for (const [key, authorization] of Object.entries(authorizations)) setAuthorization(state, key, null, authorization);
  return state;
}

describe('keys', () => {
  test('go with the rows that are gone, and the oldest row that stays keeps its own', () => {
    const state = stateWith({});
    const keys = [
      ['gone', 4],
      ['stays', 5],
    ] as const;
    for (const [key, sequence] of keys) {
      for (const map of [state.answers.byCard, state.answers.givenUp, state.received]) map.set(key, sequence);
      state.asked.set(sequence, sequence);
      const place = { at_ms: noonMs, nth: 0 };
      state.answers.inPlace.set(key, { sequence, approved_minor: 500, authorization_key: 'a', place });
    }
    forget(state, old);
    for (const map of [state.answers.byCard, state.answers.givenUp, state.received, state.answers.inPlace])
      expect([...map.keys()]).toEqual(['stays']);
    expect([...state.asked.keys()]).toEqual([5]);
  });

  test('under which an authorization is known besides go with it', () => {
    const state = stateWith({ gone: cleared(), stays: cleared({ hold_minor: 1 }) });
    state.aliases.set('of the one', 'gone').set('of the other', 'stays');
    forget(state, old);
    expect([...state.authorizations.keys()]).toEqual(['stays']);
    expect([...state.aliases]).toEqual([['of the other', 'stays']]);
  });
});

describe('an authorization', () => {
  const rolling = limitPerDay(1_000, { window: { per: 'rolling', seconds: 41 * 24 * 3_600 } });
  test.each([
    ['that holds nothing and was touched before the bound goes', cleared(), [limitPerDay(1_000)], 0],
    ['that holds one minor unit stays', cleared({ hold_minor: 1 }), [limitPerDay(1_000)], 1],
    ['that was touched at the bound stays', cleared({ touched_ms: beforeMs }), [limitPerDay(1_000)], 1],
    ['that a rolling window still counts stays', cleared(), [rolling], 1],
    ['in no limit’s way goes', cleared(), [], 0],
  ])('%s', (_, authorization, controls, left) => {
    const state = stateWith({ a: authorization }, controls);
    forget(state, old);
    expect(state.authorizations.size).toBe(left);
  });
});

describe('what was counted', () => {
  const ever = [limitPerDay(1_000, { window: { per: 'lifetime' } })];
  const used = (state: CardState) => readControls(state, nowMs)[0]?.limit?.amount?.used_minor;

  test('stays counted once its authorization is forgotten', () => {
    const state = stateWith({ a: cleared() }, ever);
    forget(state, old);
    expect([state.authorizations.size, used(state)]).toEqual([0, 500]);
  });

  test('is not counted because something in another currency is forgotten', () => {
    const state = stateWith({ a: cleared({ currency: 'EUR' }), b: cleared() }, ever);
    forget(state, old);
    expect([state.authorizations.size, used(state)]).toEqual([0, 500]);
    expect([...state.counters.values()].map((counter) => counter.kept())).toMatchObject([[[0, 500, 1]]]);
  });
});
