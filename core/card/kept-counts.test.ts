// A limit that is edited goes on from what it had counted of purchases that are no longer in memory; whoever edits it is told so.

import { describe, expect, test } from 'vitest';
import type { LimitControl } from '../../contracts/control.ts';
import { hourMs, limitPerDay, noonMs, profile } from '../testing/samples.ts';
import type { Kept } from '../windows/window-sums.ts';
import { newCardState, setProfile } from './card-state.ts';
import { counterKey } from './counter.ts';
import { keptFor, warningsOf } from './kept-counts.ts';

const midnightMs = noonMs - 12 * hourMs;
const limit = limitPerDay(1_000);
const edited: LimitControl = { ...limit, refunds_give_back: true };

function cardWith(kept: Kept) {
  const state = newCardState();
  setProfile(state, profile({ controls: [limit] }), new Map([[counterKey(limit), kept]]));
  return state;
}
const next = (control: LimitControl) => profile({ version: 2, controls: [control] });

describe('a limit that is edited, of which memory has forgotten', () => {
  test.each<[what: string, kept: Kept, isTold: boolean]>([
    ['an amount alone', [[midnightMs, 1, 0]], true],
    ['a use alone', [[midnightMs, 0, 1]], true],
    ['what was taken back as well', [[midnightMs, 0, 0]], false],
    ['nothing', [], false],
    [
      'nothing of one day and something of another',
      [
        [midnightMs - 24 * hourMs, 0, 0],
        [midnightMs, 5, 1],
      ],
      true,
    ],
  ])('%s', (_, kept, isTold) => {
    const state = cardWith(kept);
    const warning = { control_id: 'per-day', warning: 'forgotten_purchases_still_count' };
    expect(warningsOf(state, next(edited))).toEqual(isTold ? [warning] : []);
    const [, amount = 0, count = 0] = kept.at(-1) ?? [];
    expect(keptFor(state, next(edited), noonMs).get(counterKey(edited))).toEqual(
      isTold ? [[noonMs, amount, count]] : undefined,
    );
  });

  test('something, by another window: what it counted is missing', () => {
    const perMonth = { ...limit, window: { per: 'month', starts_on: 1, time_zone: 'UTC' } as const };
    expect(warningsOf(cardWith([[midnightMs, 1, 0]]), next(perMonth))).toEqual([
      { control_id: 'per-day', warning: 'forgotten_purchases_missing' },
    ]);
  });
});

test('a limit of which only the amount is edited, or that is new, is told nothing', () => {
  const state = cardWith([[midnightMs, 1, 0]]);
  expect(warningsOf(state, next({ ...limit, amount_minor: 5 }))).toEqual([]);
  expect(warningsOf(state, next({ ...edited, control_id: 'other' }))).toEqual([]);
});
