// What is left of each control, as people are told: never more than a decision would find.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Control } from '../../contracts/control.ts';
import { controlsReadbackSchema } from '../../contracts/readback.ts';
import type { Window } from '../../contracts/window.ts';
import { decided } from '../testing/receiving.ts';
import { drawsPerTurn, profileOf, SampleCard, turnOf } from '../testing/sample-lives.ts';
import { clearing, hourMs, limitPerDay, merchant, noonMs, profile, request } from '../testing/samples.ts';
import { readControls } from './readback.ts';

const common = { mode: 'enforce', applies_to: {} } as const;

function readOf(controls: readonly Control[], spend: (sample: SampleCard) => void = () => {}) {
  const sample = new SampleCard(profile({ controls: [...controls] }));
  spend(sample);
  return readControls(sample.card.state, noonMs + hourMs);
}

test('a control that counts nothing says what it is', () => {
  const shadow = { ...common, mode: 'shadow', control_id: 'tip', does: 'adjust_hold', percent: 20 } as const;
  const block = { ...common, control_id: 'no', does: 'block' } as const;
  expect(readOf([block, shadow])).toEqual([
    { control_id: 'no', mode: 'enforce', does: 'block', limit: null },
    { control_id: 'tip', mode: 'shadow', does: 'adjust_hold', limit: null },
  ]);
});

test('a card without a profile has no controls', () => {
  const { state } = new SampleCard(profile()).card;
  expect(readControls({ ...state, profile: null }, noonMs)).toEqual([]);
});

describe('a limit says', () => {
  const spend = ({ card }: SampleCard) => {
    card.authorize(request({ amount_minor: 300 }), noonMs);
    card.authorize(
      request({ request_key: 'r2', authorization_key: 'a2', merchant: merchant('5812') }),
      noonMs + hourMs,
    );
  };

  test('what it allows, what is used and what is left', () => {
    const groceries = limitPerDay(1_000, { count: 3, applies_to: { category: { any_of: ['5411'] } } });
    expect(readOf([groceries, limitPerDay(2_000, { control_id: 'all' })], spend)).toMatchObject([
      {
        limit: {
          amount: { limit_minor: 1_000, used_minor: 300, left_minor: 700 },
          count: { limit: 3, used: 1, left: 2 },
        },
      },
      { limit: { amount: { limit_minor: 2_000, used_minor: 800, left_minor: 1_200 }, count: null } },
    ]);
  });

  test('less than nothing after a force post', () => {
    const forced = ({ card }: SampleCard) => card.receive(clearing({ amount_minor: 900 }), noonMs);
    expect(readOf([limitPerDay(500)], forced)).toMatchObject([
      { limit: { amount: { used_minor: 900, left_minor: -400 } } },
    ]);
  });

  test('that a window of one transaction has used nothing before it', () => {
    const window = { per: 'transaction' } as const;
    expect(readOf([limitPerDay(1_000, { window, count: 3 })], spend)).toMatchObject([
      { limit: { amount: { used_minor: 0, left_minor: 1_000 }, count: { used: 0, left: 3 } } },
    ]);
  });

  test.each<[window: Window, starts: string | null, resets: string | null, used: number]>([
    [{ per: 'transaction' }, null, null, 0],
    [{ per: 'day', time_zone: 'Europe/Berlin' }, '2026-03-03T23:00:00Z', '2026-03-04T23:00:00Z', 800],
    [{ per: 'month', starts_on: 31, time_zone: 'UTC' }, '2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z', 800],
    [{ per: 'lifetime' }, null, null, 800],
    // Something is back when its oldest use leaves.
    [{ per: 'rolling', seconds: 7_200 }, '2026-03-04T11:00:00Z', '2026-03-04T14:00:00Z', 800],
    [{ per: 'rolling', seconds: 3_600 }, '2026-03-04T12:00:00Z', '2026-03-04T14:00:00Z', 500],
  ])('from when until when it counts: %j', (window, starts, resets, used_minor) => {
    const at = (text: string | null) => (text === null ? null : Date.parse(text));
    expect(readOf([limitPerDay(1_000, { window })], spend)).toMatchObject([
      { limit: { window, starts_at_ms: at(starts), resets_at_ms: at(resets), amount: { used_minor } } },
    ]);
  });

  test('that a rolling window in which nothing is can wait for nothing', () => {
    const rolling = limitPerDay(1_000, { window: { per: 'rolling', seconds: 60 } });
    expect(readOf([rolling])).toMatchObject([
      { limit: { resets_at_ms: noonMs + hourMs + 60_000, amount: { used_minor: 0 } } },
    ]);
  });
});

test('what is told to be left is what the next decision finds, and fits its schema', () => {
  const draws = fc.array(fc.nat(999), { minLength: drawsPerTurn, maxLength: drawsPerTurn });
  fc.assert(
    fc.property(fc.array(draws, { maxLength: 40, size: 'max' }), (turns) => {
      const sample = new SampleCard(profileOf(turns[0] ?? [], 1));
      for (const [index, drawn] of turns.entries()) sample.take(turnOf(drawn, index));
      const { state } = sample.card;
      const controls = readControls(state, sample.clockMs);
      const read = { at_ms: sample.clockMs, profile_version: state.profile?.version ?? null, controls };
      expect(controlsReadbackSchema.parse(read)).toEqual(read);
      const { trace } = decided(state, request({ request_key: 'next', authorization_key: 'next' }), sample.clockMs);
      for (const [index, { verdict, remaining_minor, remaining_count }] of trace.entries()) {
        if (verdict === 'not_applicable') continue;
        expect(controls[index]?.limit?.amount?.left_minor).toBe(remaining_minor);
        expect(controls[index]?.limit?.count?.left).toBe(remaining_count);
      }
    }),
  );
});
