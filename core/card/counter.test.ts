// What limits have counted, whatever happened to a card, and in any order of looking. The simulation counts beside it from scratch.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LimitControl } from '../../contracts/control.ts';
import { drawsPerTurn, profileOf, SampleCard, turnOf } from '../testing/sample-lives.ts';
import { countingIds, hourMs, limitPerDay, noonMs } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { setProfile } from './card-state.ts';
import { counterKey, newCounter } from './counter.ts';

const draws = fc.array(fc.nat(999), { minLength: drawsPerTurn, maxLength: drawsPerTurn });
const lives = fc.array(draws, { maxLength: 50, size: 'max' });
/** Instants to look at, as parts of the whole life and a little more. */
const looks = fc.array(fc.integer({ min: 0, max: 1_100 }), { maxLength: 6 });

function lived(turns: readonly number[][]): SampleCard {
  const sample = new SampleCard(profileOf(turns[0] ?? [], 1));
  for (const [index, drawn] of turns.entries()) sample.take(turnOf(drawn, index));
  return sample;
}

function limitsOf({ card }: SampleCard): LimitControl[] {
  return card.state.profile?.controls.filter((control) => control.does === 'limit') ?? [];
}

function countedIn({ card }: SampleCard, control: LimitControl, atMs: number) {
  const counter = card.state.counters.get(counterKey(control));
  return { amount_minor: 0, count: 0, ...counter?.countedFor(null, atMs, atMs) };
}

describe('whatever happens to a card', () => {
  test('counts built anew from the profile are the counts kept step by step', () => {
    fc.assert(
      fc.property(lives, (turns) => {
        const sample = lived(turns);
        const { state } = sample.card;
        const counts = () => limitsOf(sample).map((control) => countedIn(sample, control, sample.clockMs));
        const kept = counts();
        if (state.profile !== null) setProfile(state, state.profile);
        expect(counts()).toEqual(kept);
      }),
    );
  });

  test('looking changes nothing, however far ahead', () => {
    fc.assert(
      fc.property(lives, looks, (turns, hours) => {
        const sample = lived(turns);
        for (const control of limitsOf(sample)) {
          const before = countedIn(sample, control, sample.clockMs);
          for (const hour of hours) countedIn(sample, control, sample.clockMs + hour * hourMs);
          expect(countedIn(sample, control, sample.clockMs)).toEqual(before);
        }
      }),
    );
  });
});

describe('limits that count alike', () => {
  const limit = limitPerDay(500);

  test('share a counter, whatever they are called and allow', () => {
    const others = [{ amount_minor: 900 }, { control_id: 'other' }, { mode: 'shadow' }, { count: 3 }] as const;
    for (const changes of others) expect(counterKey({ ...limit, ...changes })).toBe(counterKey(limit));
  });

  test('and none that does not', () => {
    const others: Partial<LimitControl>[] = [
      { window: { per: 'day', time_zone: 'Asia/Tokyo' } },
      { window: { per: 'lifetime' } },
      { applies_to: { country: { any_of: ['US'] } } },
      { refunds_give_back: true },
    ];
    const keys = [limit, ...others.map((changes) => ({ ...limit, ...changes }))].map(counterKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('one transaction counts nothing', () => {
    expect(newCounter({ ...limit, window: { per: 'transaction' } })).toBeNull();
  });
});

describe('a rolling window', () => {
  const rolling = limitPerDay(1_000, { window: { per: 'rolling', seconds: 60 } });
  const held = (at_ms: number, held_minor: number): Authorization => ({
    ...newAuthorization(countingIds()().authorization_id, at_ms, 'USD'),
    hold_minor: held_minor,
    approved_minor: held_minor,
    portions: [{ kind: 'asked', given_at_ms: at_ms, window_at_ms: at_ms, held_minor, cleared_minor: 0 }],
  });
  const counter = () => {
    const made = newCounter(rolling);
    if (made === null) throw new Error('a rolling window counts');
    const at = (nowMs: number) => {
      const { amount_minor, count } = made.countedFor(null, nowMs, nowMs);
      return { amount_minor, count };
    };
    return { made, at };
  };

  test('is open at its start and closed at its end', () => {
    const { made, at } = counter();
    made.change(null, held(noonMs, 500));
    expect(at(noonMs)).toEqual({ amount_minor: 500, count: 1 });
    expect(at(noonMs + 59_999)).toEqual({ amount_minor: 500, count: 1 });
    expect(at(noonMs + 60_000)).toEqual({ amount_minor: 0, count: 0 });
  });

  test('gets something back when its oldest use leaves, not counting one that was void', () => {
    const { made } = counter();
    made.change(null, held(noonMs, 500));
    made.change(null, held(noonMs + 10_000, 500));
    expect(made.spanAt(noonMs + 20_000)).toEqual({ start_ms: noonMs - 40_000, end_ms: noonMs + 60_000 });
    made.change(held(noonMs, 500), held(noonMs, 0));
    expect(made.spanAt(noonMs + 20_000)?.end_ms).toBe(noonMs + 70_000);
  });

  test('takes what begins to count late in its place', () => {
    const { made, at } = counter();
    made.change(null, held(noonMs + 10_000, 300));
    made.change(null, held(noonMs, 500));
    expect(at(noonMs + 59_999).amount_minor).toBe(800);
    expect(at(noonMs + 60_000).amount_minor).toBe(300);
    made.change(held(noonMs, 500), held(noonMs, 900));
    expect(at(noonMs + 60_000).amount_minor).toBe(300);
    expect(at(noonMs + 59_999).amount_minor).toBe(1_200);
  });

  test('forgets an authorization that is dropped', () => {
    const { made, at } = counter();
    made.change(null, held(noonMs, 500));
    made.drop(held(noonMs, 500));
    expect(at(noonMs)).toEqual({ amount_minor: 0, count: 0 });
  });
});
