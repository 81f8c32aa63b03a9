// What limits have counted, against a count from scratch: after any life of a card, at any instant, in any order of looking.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LimitControl } from '../contracts/control.ts';
import { newAuthorization } from './authorization.ts';
import { setProfile } from './card-state.ts';
import { counterKey, newCounter } from './counter.ts';
import { reckon, recount } from './reckoning.ts';
import { drawsPerTurn, profileOf, SampleCard, turnOf } from './sample-lives.ts';
import { countingIds, hourMs, limitPerDay, noonMs } from './samples.ts';

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
  return { amount_minor: 0, count: 0, ...counter?.countedFor(null, atMs) };
}

describe('whatever happens to a card', () => {
  test('every limit has counted what a count from scratch finds', () => {
    fc.assert(
      fc.property(lives, looks, (turns, parts) => {
        const sample = lived(turns);
        const lifes = reckon(sample.log);
        const instants = parts.map((part) => noonMs + Math.floor(((sample.clockMs - noonMs) * part) / 1_000));
        for (const control of limitsOf(sample)) {
          for (const atMs of [sample.clockMs, ...instants]) {
            // A rolling window of the past has what came later too: no decision asks for one.
            if (control.window.per === 'rolling' && atMs < sample.clockMs) continue;
            expect(countedIn(sample, control, atMs)).toEqual(recount(lifes, control, atMs));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

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
  const life = (at_ms: number, hold_minor: number) => ({
    ...newAuthorization(countingIds()().authorization_id, at_ms),
    hold_minor,
    approved_minor: hold_minor,
  });
  const counter = () => {
    const made = newCounter(rolling);
    if (made === null) throw new Error('a rolling window counts');
    return made;
  };

  test('is open at its start and closed at its end', () => {
    const counts = counter();
    counts.change('a', life(noonMs, 0), life(noonMs, 500));
    expect(counts.countedFor(null, noonMs)).toEqual({ amount_minor: 500, count: 1 });
    expect(counts.countedFor(null, noonMs + 59_999)).toEqual({ amount_minor: 500, count: 1 });
    expect(counts.countedFor(null, noonMs + 60_000)).toEqual({ amount_minor: 0, count: 0 });
  });

  test('gets something back when its oldest use leaves, not counting one that was void', () => {
    const counts = counter();
    counts.change('a', life(noonMs, 0), life(noonMs, 500));
    counts.change('b', life(noonMs + 10_000, 0), life(noonMs + 10_000, 500));
    expect(counts.spanAt(noonMs + 20_000)).toEqual({ start_ms: noonMs - 40_000, end_ms: noonMs + 60_000 });
    counts.change('a', life(noonMs, 500), life(noonMs, 0));
    expect(counts.spanAt(noonMs + 20_000)?.end_ms).toBe(noonMs + 70_000);
  });

  test('takes a life that begins to count late in its place', () => {
    const counts = counter();
    counts.change('b', life(noonMs + 10_000, 0), life(noonMs + 10_000, 300));
    counts.change('a', life(noonMs, 0), life(noonMs, 500));
    expect(counts.countedFor(null, noonMs + 59_999).amount_minor).toBe(800);
    expect(counts.countedFor(null, noonMs + 60_000).amount_minor).toBe(300);
    counts.change('a', life(noonMs, 500), life(noonMs, 900));
    expect(counts.countedFor(null, noonMs + 60_000).amount_minor).toBe(300);
    expect(counts.countedFor(null, noonMs + 59_999).amount_minor).toBe(1_200);
  });

  test('forgets a life that is dropped: its key may begin another', () => {
    const counts = counter();
    counts.change('a', life(noonMs, 0), life(noonMs, 500));
    counts.drop('a', life(noonMs, 500));
    const later = noonMs + 3_600_000;
    counts.change('a', life(later, 0), life(later, 100));
    expect(counts.countedFor(null, later)).toEqual({ amount_minor: 100, count: 1 });
  });
});
