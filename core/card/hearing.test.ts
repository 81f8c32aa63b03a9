// In which order the card heard of things: by its own numbers, and by instants only where there are no numbers or our edge answered.

import { describe, expect, test } from 'vitest';
import { type Heard, heardAt, hearingOrder, unknownInstantMs, wasHeardBy } from './hearing.ts';

const by = (heard: number, heard_ms: number): Heard => ({ heard, heard_ms });
const inPlace = (heard: number, heard_ms: number): Heard => ({ heard, heard_ms, in_place: true });

test('the event that is being folded in says both, and nothing of a place', () => {
  expect(heardAt({ sequence: 7, at_ms: 500 })).toStrictEqual({ heard: 7, heard_ms: 500 });
});

test('an instant that was not kept is 1, as snapshots have it since their first version', () => {
  expect(unknownInstantMs).toBe(1);
});

describe('whether the card knew of one thing when it heard another', () => {
  test.each<[what: string, one: Heard, other: Heard, wasHeard: boolean]>([
    ['an earlier event', by(3, 500), by(4, 500), true],
    ['an earlier event that a clock ahead dated later', by(3, 900), by(4, 500), true],
    ['a later event that a clock behind dated earlier', by(4, 100), by(3, 500), false],
    ['the same event', by(3, 500), by(3, 500), true],
    ['of snapshots without numbers, an earlier instant', by(0, 400), by(0, 500), true],
    ['of snapshots without numbers, the same instant', by(0, 500), by(0, 500), true],
    ['of snapshots without numbers, a later instant', by(0, 501), by(0, 500), false],
    ['what has no number, before what has one', by(0, 900), by(1, 500), true],
    ['an answer in its place, by when that was given', inPlace(9, 400), by(4, 500), true],
    ['an answer in its place that was given later', inPlace(3, 600), by(4, 500), false],
    ['an event before an answer in its place', by(4, 500), inPlace(9, 500), true],
    ['an event after an answer in its place was given', by(4, 501), inPlace(9, 500), false],
  ])('%s', (_, one, other, wasHeard) => {
    expect(wasHeardBy(one, other)).toBe(wasHeard);
  });
});

describe('the order', () => {
  function ordered(all: readonly Heard[]) {
    const compare = hearingOrder(all);
    const sorted = [...all].sort(compare);
    expect(all.toReversed().sort(compare)).toEqual(sorted);
    return sorted;
  }

  test('is that of the numbers, whatever the clocks said', () => {
    const all = [by(3, 900), by(4, 500), by(5, 100)];
    expect(ordered(all)).toEqual(all);
  });

  test('of what has no number, is that of instants, before all that has one', () => {
    const all = [by(0, 400), by(0, 900), by(1, 100)];
    expect(ordered(all)).toEqual(all);
  });

  test('an answer in the card’s place stands after the newest event that is not later than it', () => {
    // Event 5 says that our edge approved at 10:01: after event 3 of 10:00, before event 4 of 10:02.
    const all = [by(3, 1_000), inPlace(5, 1_001), by(4, 1_002)];
    expect(ordered(all)).toEqual(all);
  });

  test('and of the same instant right after it', () => {
    const all = [by(3, 1_000), inPlace(5, 1_000), by(4, 1_001)];
    expect(ordered(all)).toEqual(all);
  });

  test('and before all events where each is later', () => {
    const all = [inPlace(5, 999), by(1, 1_000), by(4, 1_002)];
    expect(ordered(all)).toEqual(all);
  });

  test('and behind no event by which the card learned of it, or of which came after that', () => {
    const all = [by(3, 1_000), inPlace(5, 9_000), by(5, 1_500), by(6, 2_000)];
    expect(ordered(all)).toEqual(all);
  });

  test('and behind the newest of several, where a clock was set back between them', () => {
    const all = [by(2, 900), by(3, 5_000), by(4, 1_000), inPlace(6, 1_001), by(5, 2_000)];
    expect(ordered(all)).toEqual(all);
  });

  test('two of them that follow the same event stand by their instants', () => {
    const all = [by(3, 1_000), inPlace(6, 1_001), inPlace(5, 1_002), by(4, 1_003)];
    expect(ordered(all)).toEqual(all);
  });

  test('two of one instant that follow the same event stand in the order in which the card learned of them', () => {
    const all = [by(3, 1_000), inPlace(5, 1_001), inPlace(6, 1_001), by(4, 1_002)];
    expect(ordered(all)).toEqual(all);
  });

  test('by no event of which the instant is not known, nor by another answer in its place', () => {
    const all = [by(1, 1_000), inPlace(6, 1_500), by(3, unknownInstantMs), by(4, 2_000)];
    expect(ordered(all)).toEqual(all);
    const others = [by(1, 1_000), inPlace(4, 1_400), inPlace(6, 1_500), by(3, 2_000)];
    expect(ordered(others)).toEqual(others);
    expect(hearingOrder(all)(by(3, unknownInstantMs), inPlace(6, 1_500))).toBeGreaterThan(0);
    expect(hearingOrder([by(0, 1_000)])(by(0, 1_000), inPlace(6, 1_500))).toBeLessThan(0);
    const instantTwo = [by(2, unknownInstantMs + 1), inPlace(6, unknownInstantMs + 1)];
    expect(ordered(instantTwo)).toEqual(instantTwo);
  });
});
