// Controls that are well written and can never match, and those that just can.

import { describe, expect, test } from 'vitest';
import { channels, entryModes } from '../../contracts/authorization-request.ts';
import { controlsSchema, daysOfWeek } from '../../contracts/control.ts';
import { neverMatching } from './never-matches.ts';

const excludes = 'excludes everything that any_of names, so the control can never match';
const all = 'names every value there is, so the control can never match';

/** As a card would get it: whatever is refused here is refused for nothing else. */
function problemsOf(applies_to: object): string[] {
  const [control] = controlsSchema.parse([{ control_id: 'a', does: 'block', applies_to }]);
  return neverMatching(control?.applies_to ?? {}).map(({ field, problem }) => `${field} ${problem}`);
}
const inUtc = (applies_to: object) => ({ ...applies_to, time_zone: 'UTC' });
const time = (from: string, until: string) => ({ from, until });

describe('a control can never match that', () => {
  test.each<[applies_to: object, field: string, problem: string]>([
    [{ country: { any_of: ['US'], none_of: ['DE', 'US'] } }, 'country.none_of', excludes],
    [{ channel: { none_of: [...channels] } }, 'channel.none_of', all],
    [{ entry_mode: { none_of: [...entryModes] } }, 'entry_mode.none_of', all],
    [inUtc({ day_of_week: { none_of: [...daysOfWeek] } }), 'day_of_week.none_of', all],
    [{ category: { any_of: ['5411'], none_of: ['5400-5499'] } }, 'category.none_of', excludes],
    [{ category: { any_of: ['3000-3299'], none_of: ['3100-3299', '3000-3099'] } }, 'category.none_of', excludes],
    [
      inUtc({ time_of_day: { any_of: [time('23:00', '01:00')], none_of: [time('22:00', '02:00')] } }),
      'time_of_day.none_of',
      excludes,
    ],
    // Midnight as an end, within a range that goes one minute past it.
    [
      inUtc({ time_of_day: { any_of: [time('22:00', '00:00')], none_of: [time('21:00', '00:01')] } }),
      'time_of_day.none_of',
      excludes,
    ],
    [inUtc({ time_of_day: { none_of: [time('06:00', '18:00'), time('18:00', '06:00')] } }), 'time_of_day.none_of', all],
    [
      inUtc({ date: { any_of: [{ from: '2026-03-02' }], none_of: [{ from: '2026-03-01' }] } }),
      'date.none_of',
      excludes,
    ],
    [inUtc({ date: { none_of: [{ until: '2026-03-01' }, { from: '2026-03-02' }] } }), 'date.none_of', all],
    [{ presence: { none_of: ['present', 'not_present'] } }, 'presence.none_of', all],
    [{ merchant: { any_of: ['BADSHOP'], none_of: ['BADSHOP  '] } }, 'merchant.none_of', excludes],
  ])('looks at %j', (applies_to, field, problem) => {
    expect(problemsOf(applies_to)).toEqual([`${field} ${problem}`]);
  });

  test('has two such lists: each is named', () => {
    const country = { any_of: ['US'], none_of: ['US'] };
    expect(problemsOf({ country, channel: { none_of: [...channels] } })).toHaveLength(2);
  });
});

describe('a control can match that', () => {
  test.each<[applies_to: object]>([
    [{ country: { any_of: ['US', 'DE'], none_of: ['US'] } }],
    [{ category: { any_of: ['5400-5499'], none_of: ['5411'] } }],
    [{ category: { any_of: ['4411'], none_of: ['5400-5499'] } }],
    // What is not known matches every none_of.
    [{ category: { none_of: ['0000-9999'] } }],
    [{ channel: { none_of: channels.slice(1) } }],
    [inUtc({ time_of_day: { any_of: [time('22:00', '06:00')], none_of: [time('23:00', '05:00')] } })],
    [inUtc({ time_of_day: { none_of: [time('00:01', '00:00')] } })],
    [inUtc({ time_of_day: { none_of: [time('10:00', '11:00')] } })],
    // Each digit of a time counts.
    [inUtc({ time_of_day: { any_of: [time('16:00', '17:00')], none_of: [time('06:00', '07:00')] } })],
    [inUtc({ time_of_day: { any_of: [time('10:10', '10:15')], none_of: [time('10:20', '10:25')] } })],
    // One minute is left: the last of the day, 11:00, and 01:00 after a range past midnight.
    [inUtc({ time_of_day: { any_of: [time('23:00', '00:00')], none_of: [time('23:00', '23:59')] } })],
    [
      inUtc({
        time_of_day: {
          any_of: [time('10:00', '12:00')],
          none_of: [time('10:00', '11:00'), time('11:01', '12:00')],
        },
      }),
    ],
    [
      inUtc({
        time_of_day: {
          any_of: [time('00:10', '01:50')],
          none_of: [time('22:00', '01:00'), time('01:01', '02:00')],
        },
      }),
    ],
    [inUtc({ date: { none_of: [{ until: '2026-03-01' }, { from: '2026-03-03' }] } })],
    // One of all that there are, which is not always known.
    [{ country: { none_of: ['US'] } }],
    [{ risk_score: { at_least: 0 } }],
  ])('looks at %j', (applies_to) => {
    expect(problemsOf(applies_to)).toEqual([]);
  });
});
