// Lists with several entries: any one of them is enough. And what is not said: the zone is UTC.

import { describe, expect, test } from 'vitest';
import type { AppliesTo } from '../../contracts/control.ts';
import { merchant } from '../testing/samples.ts';
import { compileAppliesTo } from './applies-to.ts';
import { type Subject, unknown } from './subject.ts';

function looksAt(applies_to: AppliesTo, subject: Partial<Subject>, at = '2026-03-04T12:00:00Z'): boolean {
  return compileAppliesTo(applies_to).every(({ matches }) => matches({ ...unknown, ...subject }, Date.parse(at)));
}

describe('several patterns for names', () => {
  const named = (name: string) => ({ merchant: { ...merchant(null), name } });
  test.each([
    ['amazon one', true],
    ['corner shop', true],
    ['corner store', false],
  ])('%s: %s', (name, matches) => {
    expect(looksAt({ merchant_name: { any_of: ['amazon*', '*shop'] } }, named(name))).toBe(matches);
    expect(looksAt({ merchant_name: { none_of: ['amazon*', '*shop'] } }, named(name))).toBe(!matches);
  });

  test('a piece in the middle may stand at the very beginning of the name', () => {
    expect(looksAt({ merchant_name: { any_of: ['*shop*'] } }, named('shop one'))).toBe(true);
  });
});

describe('several times of day', () => {
  const spans = [
    { from: '08:15', until: '09:45' },
    { from: '20:00', until: '21:05' },
  ];
  test.each([
    ['08:14', false],
    ['08:15', true],
    ['09:44', true],
    ['09:45', false],
    ['21:04', true],
    ['21:05', false],
  ])('%s: %s', (time, matches) => {
    const at = `2026-03-04T${time}:00Z`;
    expect(looksAt({ time_of_day: { any_of: spans } }, {}, at)).toBe(matches);
    expect(looksAt({ time_of_day: { none_of: spans } }, {}, at)).toBe(!matches);
  });

  test('from an instant until the same one is the whole day', () => {
    for (const time of ['00:00', '09:00', '23:59'])
      expect(looksAt({ time_of_day: { any_of: [{ from: '09:00', until: '09:00' }] } }, {}, `2026-03-04T${time}Z`)).toBe(
        true,
      );
  });
});

test.each([
  ['2026-03-04', true],
  ['2026-03-08', true],
  ['2026-03-06', false],
])('several dates have %s: %s', (date, matches) => {
  const dates = [{ until: '2026-03-04' }, { from: '2026-03-08' }];
  expect(looksAt({ date: { any_of: dates } }, {}, `${date}T12:00:00Z`)).toBe(matches);
});
