// Lists of a control that exclude each other: it is well written, and can never match. Asked where people write controls, and not at the
// edge: a card takes such a control at its word.

import { channels, entryModes } from '../../contracts/authorization-request.ts';
import { type AppliesTo, daysOfWeek, presences } from '../../contracts/control.ts';
import { covers, type Interval } from '../interval.ts';

interface Lists<T = unknown> {
  readonly any_of?: readonly T[] | undefined;
  readonly none_of?: readonly T[] | undefined;
}
type Range<Name extends keyof AppliesTo> = NonNullable<NonNullable<AppliesTo[Name]> extends Lists<infer T> ? T : never>;

const minutesOfDay: Interval = [0, 1_439];
const allDates: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Attributes of which a value is a range; `all`: those that there are, where one of them is always known. */
const ranges = {
  category: { intervalsOf: (pattern: string) => [[Number(pattern.slice(0, 4)), Number(pattern.slice(-4))]], all: null },
  time_of_day: { intervalsOf: minutesOf, all: minutesOfDay },
  date: { intervalsOf: daysOf, all: allDates },
} as const satisfies {
  [Name in keyof AppliesTo]?: { intervalsOf: (one: Range<Name>) => Interval[]; all: Interval | null };
};

/** Attributes that have only these values, of which one is always known. */
const few: { readonly [Name in keyof AppliesTo]?: readonly string[] } = {
  channel: channels,
  entry_mode: entryModes,
  presence: presences,
  day_of_week: daysOfWeek,
};

/** The fields of `applies_to` because of which nothing can match; none: something can. */
export function neverMatching(appliesTo: AppliesTo): { field: string; problem: string }[] {
  const problems: { field: string; problem: string }[] = [];
  for (const name of Object.keys(appliesTo) as (keyof AppliesTo)[]) {
    const problem = problemOf(name, appliesTo[name]);
    if (problem !== null) problems.push({ field: `${name}.none_of`, problem });
  }
  return problems;
}

function problemOf(name: keyof AppliesTo, lists: unknown): string | null {
  const { any_of: any, none_of: none } = Object(lists) as Lists;
  if (none === undefined) return null;
  const range = name in ranges ? (ranges[name as keyof typeof ranges] as RangeOfAny) : null;
  if (any !== undefined) return excludes(none, any, range) ? excludesAll : null;
  const isEach = few[name]?.every((one) => none.includes(one));
  const isWhole = range?.all != null && covers(none.flatMap(range.intervalsOf), [range.all]);
  return isEach || isWhole ? namesAll : null;
}

const excludesAll = 'excludes everything that any_of names, so the control can never match';
const namesAll = 'names every value there is, so the control can never match';

interface RangeOfAny {
  readonly intervalsOf: (one: unknown) => Interval[];
  readonly all: Interval | null;
}

function excludes(none: readonly unknown[], any: readonly unknown[], range: RangeOfAny | null): boolean {
  if (range !== null) return covers(none.flatMap(range.intervalsOf), any.flatMap(range.intervalsOf));
  const excluded = new Set(none);
  return any.every((one) => excluded.has(one));
}

function minutesOf({ from, until }: Range<'time_of_day'>): Interval[] {
  const [first, end] = [from, until].map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  if (first === undefined || end === undefined) return [];
  if (first < end) return [[first, end - 1]];
  return end === 0
    ? [[first, minutesOfDay[1]]]
    : [
        [first, minutesOfDay[1]],
        [0, end - 1],
      ];
}

function daysOf({ from, until }: Range<'date'>): Interval[] {
  const day = (date: string) => Date.parse(date) / 86_400_000;
  return [[from === undefined ? allDates[0] : day(from), until === undefined ? allDates[1] : day(until)]];
}
