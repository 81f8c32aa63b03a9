// How an authorization of version 1 is read, number by number: its changes, whether it was begun and advised, and where it counts.

import { describe, expect, test } from 'vitest';
import { noonMs } from '../testing/samples.ts';
import { upgradedFromV1 } from './snapshot-v1.ts';

interface Stored {
  readonly hold?: number;
  readonly approved?: number;
  readonly cleared?: number;
  readonly refunded?: number;
  readonly told?: number;
  readonly cut?: readonly [number, number] | null;
  readonly steps?: readonly number[];
  readonly toldSteps?: readonly number[];
}

const atMs = 10;

function upgraded({ hold = 0, approved = 0, cleared = 0, refunded = 0, told = 0, cut = null, ...more }: Stored) {
  const { steps = [], toldSteps } = more;
  const authorization = [
    ...(['a', 'auth_00000000000000000000000001', atMs, 20, hold, approved, cleared, refunded, 99, told] as const),
    ...([null, cut, steps] as const),
    ...(toldSteps === undefined ? [] : [toldSteps]),
  ] as const;
  const empty = { kept: [], subjects: [], aliases: [], answered: [], stoodIn: [], voided: [], received: [] };
  const card = { version: 1, sequence: 1, at_ms: noonMs, profile: null, posted_minor: 0, uses: 0 } as const;
  const [read] = upgradedFromV1({ ...card, ...empty, authorizations: [authorization as never] }).authorizations;
  const [begun, advised, changes, notSaid, portions] = (read ?? []).slice(10);
  return { read, begun, advised, changes, more: notSaid, portions };
}

test('what the two versions have in common stays, in the currency of nobody without a profile', () => {
  const { read } = upgraded({ approved: 4, cleared: 3, refunded: 2 });
  expect(read?.slice(0, 10)).toEqual(['a', 'auth_00000000000000000000000001', atMs, 20, 'XXX', null, 4, 3, 2, 99]);
});

describe('its changes: instant, kind, amount and place among those of an instant', () => {
  const [adds, sets, ends, takes] = [0, 1, 2, 3];
  test.each<[claim: string, Stored, changes: number[]]>([
    ['the first approval is the beginning, whatever its stamp', { steps: [500, 600] }, [0, adds, 600, -1]],
    ['a later one has its stamp', { steps: [0, 600, 70, 5] }, [0, adds, 600, -1, 70, adds, 5, 0]],
    ['what is taken has its stamp, also as the first', { steps: [70, -5] }, [70, takes, 5, 0]],
    ['of one minor unit', { steps: [500, 1, 70, 1] }, [0, adds, 1, -1, 70, adds, 1, 0]],
    ['a step of nothing begins nothing', { steps: [70, 0] }, [70, takes, 0, 0]],
    [
      'a figure comes first, and nothing begins after it',
      { cut: [50, 7], steps: [70, 5] },
      [50, sets, 7, 0, 70, adds, 5, 0],
    ],
    ['a figure of one minor unit is no end', { cut: [50, 1] }, [50, sets, 1, 0]],
    ['a figure of nothing is an end', { cut: [50, 0] }, [50, ends, 0, 0]],
    ['nothing', {}, []],
  ])('%s', (_, stored, changes) => {
    expect(upgraded(stored).changes).toEqual(changes);
  });

  test.each<[claim: string, Stored, more: number[]]>([
    [
      'the network’s own amounts, each by its step',
      { steps: [0, 6, 70, -5], toldSteps: [0, 5, 1, -4] },
      [0, 5, -1, 1, 4, -1],
    ],
    ['which are one place later after a figure', { cut: [50, 7], steps: [70, 6], toldSteps: [0, 5] }, [1, 5, -1]],
    ['none', { steps: [0, 6] }, []],
  ])('%s', (_, stored, more) => {
    expect(upgraded(stored).more).toEqual(more);
  });
});

describe('whether it was begun, and how often the network approved without us', () => {
  test.each([
    [0, 0, 0],
    [1, 0, 1],
    [2, 1, 0],
    [3, 1, 1],
    [5, 0, 2],
    [7, 1, 2],
    [9, 0, 3],
  ])('told %i', (told, begun, advised) => {
    expect(upgraded({ told, cleared: 1 })).toMatchObject({ begun, advised });
  });

  test.each<[claim: string, Stored, begun: number]>([
    ['what nothing is known of was begun', {}, 1],
    ['not what a figure is known of', { cut: [50, 0] }, 0],
    ['not what a step is known of', { steps: [70, -5] }, 0],
    ['not what was cleared', { cleared: 1 }, 0],
    ['not what was given back', { refunded: 1 }, 0],
  ])('%s', (_, stored, begun) => {
    expect(upgraded(stored).begun).toBe(begun);
  });
});

describe('where it counts: at its first event', () => {
  test.each<[claim: string, Stored, portions: unknown]>([
    ['what holds one minor unit', { hold: 1 }, atMs],
    ['what cleared one', { cleared: 1 }, atMs],
    ['what approved one', { approved: 1 }, atMs],
    ['what the network approved', { told: 1 }, atMs],
    ['what a request began and the network approved', { told: 3 }, atMs],
    ['nowhere what only began', { told: 2 }, []],
    ['nowhere what only gave back', { refunded: 1 }, []],
  ])('%s', (_, stored, portions) => {
    expect(upgraded(stored).portions).toEqual(portions);
  });
});

test('an answer in the card’s place stands at its instant', () => {
  const stoodIn = [['r', { sequence: 5, approved_minor: 7, authorization_key: 'a', at_ms: 30 }]] as const;
  const empty = { kept: [], subjects: [], aliases: [], answered: [], voided: [], received: [], authorizations: [] };
  const card = { version: 1, sequence: 1, at_ms: noonMs, profile: null, posted_minor: 0, uses: 0 } as const;
  const [read] = upgradedFromV1({ ...card, ...empty, stoodIn }).stoodIn;
  const place = { at_ms: 30, nth: 0 };
  expect(read).toEqual(['r', { sequence: 5, approved_minor: 7, authorization_key: 'a', place }]);
});
