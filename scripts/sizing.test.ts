// The page is what the program says, and the program's sums are those that one does by hand.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boundsMet } from './sizing/bounds-met.ts';
import { prices } from './sizing/prices.ts';
import { monthShown, programOf, withTables } from './sizing/tables.ts';
import { billOf, quantitiesOf, ratesOf } from './sizing/work-out.ts';

/** A million authorizations in thirty days, each cleared, and nothing else. */
const million = programOf(0, { authorizations_a_day: 1_000_000 / 30 });

test('docs/sizing.md has the tables that npm run sizing -- --write writes', () => {
  const page = readFileSync(new URL('../docs/sizing.md', import.meta.url), 'utf8');
  expect(page).toBe(withTables(page));
});

describe('what a million authorizations use', () => {
  const used = quantitiesOf(million, monthShown);
  test.each([
    ['worker_requests', 2],
    ['worker_cpu', 2 * 0.75],
    // Two calls, and 7 alarms for 28 purchases.
    ['object_requests', 2 + 7 / 28],
    ['rows_written', 122 / 28],
    ['queue_operations', 2 * 3],
    // 50 ms of the timer and a tenth of a second of the queue's, twice, and 24 ms an alarm; 128 MB.
    ['object_duration', (2 * 0.15 + (7 / 28) * 0.024) * 0.128],
    // Events of eleven and a half months.
    ['database_storage', (2 * 1_548 * 11.5) / 1_000],
  ] as const)('%s: %d', (name, quantity) => {
    expect(used[name]).toBeCloseTo(quantity, 9);
  });
});

test('a bill takes off what a plan includes, once, and never less than nothing is paid', () => {
  const priced = billOf(million, { month: 1, withIncluded: true });
  const lineOf = (name: string) => priced.find((line) => line.name === name);
  expect(lineOf('worker_requests')).toMatchObject({ usd: 0 });
  expect(lineOf('queue_operations')?.usd).toBeCloseTo((6 - 1) * 0.4, 9);
  expect(lineOf('workers_plan')).toEqual({ name: 'workers_plan', quantity: 1, usd: 5 });
});

test('a sweep asks every card once, whatever processes there are, a hundred in a call, and waits an hour after it', () => {
  const program = programOf(28_800_000);
  // 28,800,000 cards, four calls of a hundred at a time, 50 ms each: an hour, and an hour's pause.
  expect(ratesOf(program).sweeps_a_day).toBeCloseTo(12, 9);
  const more = (name: 'worker_requests' | 'object_requests') =>
    quantitiesOf(program, 1)[name] - quantitiesOf({ ...program, cards: 0 }, 1)[name];
  expect(more('worker_requests')).toBeCloseTo((288_000 * 12 * 30) / 1e6, 6);
  expect(more('object_requests')).toBeCloseTo((28_800_000 * 12 * 30) / 1e6, 6);
});

test('a bound is met where more is needed than there is, and not before', () => {
  const met = (authorizations_a_day: number) =>
    boundsMet(programOf(1, { authorizations_a_day }))
      .filter(({ isMet }) => isMet)
      .map(({ bound }) => bound.split(':').join(' '));
  expect(met(900_000)).toEqual([]);
  // 5,000 messages a second at a peak of three times the mean: 72 million purchases a day, two messages each.
  expect(met(71_900_000)).not.toContain('one queue  5,000 messages a second');
  expect(met(72_100_000)).toContain('one queue  5,000 messages a second');
});

test('every price has a page of its vendor', () => {
  for (const { source } of Object.values(prices))
    expect(source).toMatch(/^https:\/\/(developers\.cloudflare\.com|neon\.com|upstash\.com)\//);
});
