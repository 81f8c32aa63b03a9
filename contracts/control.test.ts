// Bad controls, each refused with its field and a sentence that reads on from it; and what is just good enough.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controlsSchema } from './control.ts';
import { limits } from './limits.ts';
import { fieldProblems } from './problem.ts';

const block = { control_id: 'a', does: 'block', applies_to: { country: { any_of: ['US'] } } };
const limit = { control_id: 'b', does: 'limit', amount_minor: 1, window: { per: 'day' } };
const adjust = { control_id: 'c', does: 'adjust_hold', percent: 20 };
const authenticate = { control_id: 'd', does: 'require_authentication' };

/** As they are printed to people. */
function refusedFor(...controls: readonly object[]): string[] {
  const { error } = controlsSchema.safeParse(controls);
  return error === undefined ? [] : fieldProblems(error, 'controls').map(({ field, problem }) => `${field} ${problem}`);
}

const looking = (applies_to: object) => refusedFor({ ...block, applies_to });
const inUtc = (applies_to: object) => ({ ...applies_to, time_zone: 'UTC' });
const time = (from: string, until: string) => ({ from, until });

test('what is left out has a meaning', () => {
  const { control_id, does, window } = limit;
  expect(controlsSchema.parse([{ control_id, does, count: 1, window }, authenticate])).toEqual([
    {
      ...{ control_id, does, count: 1, mode: 'enforce', applies_to: {}, refunds_give_back: false },
      window: { per: 'day', time_zone: 'UTC' },
    },
    { ...authenticate, mode: 'enforce', applies_to: {}, accept: ['authenticated'], above_minor: 0 },
  ]);
});

describe('a control is refused that', () => {
  test.each<[applies_to: object, field: string, problem: string]>([
    [{}, '', 'names nothing: for all requests, freeze the card or leave the control out'],
    [{ country: {} }, '.country', 'needs any_of, none_of, or both'],
    [{ country: { any_of: [] } }, '.country.any_of', 'is empty'],
    [{ country: { none_of: [], any_of: ['US'] } }, '.country.none_of', 'is empty'],
    [{ country: { any_of: Array(1_001).fill('US') } }, '.country.any_of', 'has more than 1000 items'],
    [
      { country: { any_of: ['US', 'XX'] } },
      '.country.any_of[1]',
      'is not an ISO 3166-1 country code of two letters, such as "US"',
    ],
    [{ currency: { none_of: ['usd'] } }, '.currency.none_of[0]', 'is not an ISO 4217 currency code, such as "USD"'],
    [
      { category: { any_of: ['groceries'] } },
      '.category.any_of[0]',
      'must be a merchant category code such as "5411", or a range such as "3000-3299"',
    ],
    [{ category: { any_of: ['3299-3000'] } }, '.category.any_of[0]', 'is a range that ends before it starts'],
    [{ merchant: { any_of: ['a\nb'] } }, '.merchant.any_of[0]', 'must be printable ASCII characters'],
    [{ merchant: { any_of: [7] } }, '.merchant.any_of[0]', 'must be a text'],
    [{ presence: { any_of: ['here'] } }, '.presence.any_of[0]', 'must be one of "present", "not_present"'],
    [{ risk_score: { at_least: 1_000 } }, '.risk_score.at_least', 'must be at most 999'],
    [{ risk_score: {} }, '.risk_score.at_least', 'is missing'],
    [
      inUtc({ time_of_day: { any_of: [time('9:00', '12:00')] } }),
      '.time_of_day.any_of[0].from',
      'must be a time such as "09:30"',
    ],
    [
      inUtc({ time_of_day: { any_of: [time('09:00', '24:00')] } }),
      '.time_of_day.any_of[0].until',
      'must be a time such as "09:30"',
    ],
    [
      inUtc({ date: { any_of: [{ from: '2026-02-29' }] } }),
      '.date.any_of[0].from',
      'must be a date such as "2026-03-31"',
    ],
    [inUtc({ date: { any_of: [{}] } }), '.date.any_of[0]', 'needs from, until, or both'],
    [
      { date: { any_of: [{ from: '2026-03-01' }] }, time_zone: 'Mars/Olympus' },
      '.time_zone',
      'is not an IANA time zone, such as "Europe/Berlin"',
    ],
    [{ day_of_week: { any_of: ['monday'] } }, '.time_zone', 'is needed for day_of_week'],
    [inUtc({ country: { any_of: ['US'] } }), '.time_zone', 'is of no use without day_of_week, time_of_day or date'],
    [{ country: { any_of: ['US'] }, colour: {} }, '.colour', 'is not a field of this request'],
    [
      inUtc({ time_of_day: { any_of: [time('09:00', '09:00')] } }),
      '.time_of_day.any_of[0].until',
      'is the same time as from: the range is empty',
    ],
    [
      inUtc({ date: { any_of: [{ from: '2026-03-02', until: '2026-03-01' }] } }),
      '.date.any_of[0].until',
      'is before from, so the control can never match',
    ],
    [{ merchant_name: { any_of: ['*a*a*a*a*a*a*a*a*'] } }, '.merchant_name.any_of[0]', 'has more than 8 *'],
    [
      { merchant_name: { any_of: ['** *'] } },
      '.merchant_name.any_of[0]',
      'must have at least one character that is not *',
    ],
    [
      { merchant_name: { any_of: ['x'.repeat(limits.textLengthMax + 1)] } },
      '.merchant_name.any_of[0]',
      'has more than 120 characters',
    ],
  ])('looks at %j', (applies_to, field, problem) => {
    expect(looking(applies_to)).toEqual([`controls[0].applies_to${field} ${problem}`]);
  });

  test.each<[control: object, field: string, problem: string]>([
    [
      { ...block, does: 'allow_only', applies_to: undefined },
      'applies_to',
      'names nothing: for all requests, freeze the card or leave the control out',
    ],
    [{ ...block, control_id: '' }, 'control_id', 'must be letters, digits and the signs _ . : -'],
    [{ ...block, control_id: 'a b' }, 'control_id', 'must be letters, digits and the signs _ . : -'],
    [{ ...block, control_id: 'x'.repeat(65) }, 'control_id', 'has more than 64 characters'],
    [{ ...block, control_id: undefined }, 'control_id', 'is missing'],
    [{ ...block, mode: 'test' }, 'mode', 'must be one of "enforce", "shadow"'],
    [
      { ...block, does: 'forbid' },
      'does',
      'must be one of "block", "allow_only", "limit", "require_authentication", "adjust_hold"',
    ],
    [{ ...block, amount_minor: 5 }, 'amount_minor', 'is not a field of this request'],
    [
      { ...limit, amount_minor: undefined },
      'amount_minor',
      'is missing, and so is count: a limit needs one of them, or both',
    ],
    [{ ...limit, amount_minor: -1 }, 'amount_minor', 'must be at least 0'],
    [{ ...limit, amount_minor: 0.5 }, 'amount_minor', 'must be a whole number'],
    [{ ...limit, amount_minor: '5' }, 'amount_minor', 'must be a number'],
    [{ ...limit, amount_minor: limits.amountMinorMax + 1 }, 'amount_minor', 'must be at most 1000000000000'],
    [{ ...limit, count: 0 }, 'count', 'must be at least 1'],
    [{ ...limit, count: limits.countMax + 1 }, 'count', 'must be at most 1000000'],
    [
      { ...limit, count: 1, window: { per: 'transaction' } },
      'count',
      'says nothing about one transaction: give a longer window',
    ],
    [{ ...limit, window: undefined }, 'window', 'is missing'],
    [
      { ...limit, window: { per: 'decade' } },
      'window.per',
      'must be one of "transaction", "day", "week", "month", "year", "lifetime", "rolling"',
    ],
    [{ ...limit, window: { per: 'rolling', seconds: 9 } }, 'window.seconds', 'must be at least 10'],
    [{ ...limit, window: { per: 'rolling', seconds: 7_776_001 } }, 'window.seconds', 'must be at most 7776000'],
    [{ ...limit, window: { per: 'month', starts_on: 32 } }, 'window.starts_on', 'must be at most 31'],
    [{ ...limit, window: { per: 'month', starts_on: 0 } }, 'window.starts_on', 'must be at least 1'],
    [
      { ...limit, window: { per: 'day', time_zone: '+01:00' } },
      'window.time_zone',
      'is not an IANA time zone, such as "Europe/Berlin"',
    ],
    [{ ...limit, window: { per: 'lifetime', time_zone: 'UTC' } }, 'window.time_zone', 'is not a field of this request'],
    [{ ...limit, refunds_give_back: 'yes' }, 'refunds_give_back', 'must be true or false'],
    [
      { ...adjust, percent: undefined, cap_minor: 5 },
      'percent',
      'is missing, and so are add_minor and at_least_minor: an adjustment needs one of them',
    ],
    [{ ...adjust, percent: 0 }, 'percent', 'must be at least 1'],
    [{ ...adjust, percent: limits.holdPercentMax + 1 }, 'percent', 'must be at most 1000'],
    [{ ...adjust, add_minor: 0 }, 'add_minor', 'must be above 0'],
    [{ ...adjust, at_least_minor: 6, cap_minor: 5 }, 'cap_minor', 'is below at_least_minor'],
    [{ ...authenticate, accept: [] }, 'accept', 'is empty'],
    [
      { ...authenticate, accept: ['maybe'] },
      'accept[0]',
      'must be one of "authenticated", "attempted", "exempted", "failed", "not_done"',
    ],
    [{ ...authenticate, above_minor: -1 }, 'above_minor', 'must be at least 0'],
  ])('says %j', (control, field, problem) => {
    expect(refusedFor(control)).toEqual([`controls[0].${field} ${problem}`]);
  });

  test.each(['a.*b', '(a|b)', 'a+|b', '^amazon', 'shop$', 'a\\d', '[ab]+', 'a{2}', '(?:a)'])(
    'has a pattern that means more elsewhere than here: %s',
    (pattern) => {
      const problem = 'looks like a regular expression; only * has a meaning, for any characters';
      expect(looking({ merchant_name: { none_of: ['shop*', pattern] } })).toEqual([
        `controls[0].applies_to.merchant_name.none_of[1] ${problem}`,
      ]);
    },
  );

  test('has the name of another, or is one too many', () => {
    expect(refusedFor(block, limit, block)).toEqual(['controls[2].control_id is the name of another control too']);
    const many = Array.from({ length: limits.controlsMax + 1 }, (_, index) => ({ ...block, control_id: `${index}` }));
    expect(refusedFor(...many)).toEqual(['controls has more than 200 items']);
    expect(refusedFor(...many.slice(1))).toEqual([]);
  });
});

describe('a control is good that', () => {
  test.each<[applies_to: object]>([
    [inUtc({ time_of_day: { any_of: [time('22:00', '06:00')], none_of: [time('23:00', '05:00')] } })],
    [inUtc({ time_of_day: { none_of: [time('00:01', '00:00')] } })],
    [inUtc({ date: { any_of: [{ from: '2026-03-01', until: '2026-03-01' }] } })],
    [{ merchant_name: { any_of: ['*a*a*a*a*a*a*a*', 'ben & jerry (usa)', 'h&m', 'toys "r" us?', '7-eleven #12.5'] } }],
    [{ risk_score: { at_least: 0 } }],
  ])('looks at %j', (applies_to) => {
    expect(looking(applies_to)).toEqual([]);
  });

  test('says as little as its kind allows', () => {
    expect(refusedFor(limit, adjust, authenticate, block)).toEqual([]);
    expect(refusedFor({ ...limit, amount_minor: 0 }, { ...adjust, at_least_minor: 5, cap_minor: 5 })).toEqual([]);
  });
});

test('a refusal never repeats a value', () => {
  const secret = fc.constantFrom('4111111111111111', 'Xq7-secret');
  const anywhere = fc.constantFrom('control_id', 'mode', 'does', 'applies_to', 'amount_minor', 'count', 'window');
  fc.assert(
    fc.property(secret, anywhere, fc.boolean(), (value, field, inList) => {
      const control = { ...limit, control_id: 'b', [field]: inList ? [value, ' '] : { [field]: `${value} ` } };
      const problems = refusedFor(control);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join()).not.toContain(value);
    }),
  );
});
