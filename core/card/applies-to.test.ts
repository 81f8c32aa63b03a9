// Whether a control looks at a use of the card: each attribute alone, what is not known, and names matched in linear time.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Merchant } from '../../contracts/authorization-request.ts';
import type { AppliesTo } from '../../contracts/control.ts';
import { limits } from '../../contracts/limits.ts';
import { merchant, noonMs, request } from '../testing/samples.ts';
import { categoriesIn, compileAppliesTo, compilePattern } from './applies-to.ts';
import { type Subject, subjectAt, subjectOf, unknown } from './subject.ts';

function looksAt(applies_to: AppliesTo, subject: Partial<Subject>, atMs = noonMs): boolean {
  return compileAppliesTo(applies_to).every(({ matches }) => matches({ ...unknown, ...subject }, atMs));
}

const at = (place: Partial<ReturnType<typeof merchant>>) => ({ merchant: { ...merchant(null), ...place } });

describe('any-of and none-of', () => {
  test.each<[lists: NonNullable<AppliesTo['country']>, us: boolean, ca: boolean, de: boolean, unsaid: boolean]>([
    [{ any_of: ['US', 'CA'] }, true, true, false, false],
    [{ none_of: ['US', 'CA'] }, false, false, true, true],
    [{ any_of: ['US', 'CA'], none_of: ['CA'] }, true, false, false, false],
  ])('%j', (country, us, ca, de, unsaid) => {
    const looks = ['US', 'CA', 'DE', null].map((where) => looksAt({ country }, at({ country: where })));
    expect(looks).toEqual([us, ca, de, unsaid]);
  });

  test('what is not known matches no any_of and every none_of, in every attribute', () => {
    const attributes = {
      category: ['5411', '3000-3299'],
      merchant: ['m1'],
      merchant_name: ['*'],
      country: ['US'],
      currency: ['USD'],
      channel: ['pos'],
      entry_mode: ['chip'],
      presence: ['present'],
    };
    for (const [name, values] of Object.entries(attributes)) {
      for (const subject of [{}, at({})]) {
        expect(looksAt({ [name]: { any_of: values } }, subject), `${name} any_of`).toBe(false);
        expect(looksAt({ [name]: { none_of: values } }, subject), `${name} none_of`).toBe(true);
      }
    }
    expect(looksAt({ risk_score: { at_least: 0 } }, {})).toBe(false);
  });

  test('all attributes must match', () => {
    const both: AppliesTo = { country: { any_of: ['US'] }, channel: { any_of: ['pos'] } };
    expect(looksAt(both, { ...at({ country: 'US' }), channel: 'pos' })).toBe(true);
    expect(looksAt(both, { ...at({ country: 'US' }), channel: 'atm' })).toBe(false);
    expect(looksAt(both, { ...at({ country: 'DE' }), channel: 'pos' })).toBe(false);
    expect(looksAt({}, {})).toBe(true);
  });

  test('attributes stand in the precedence of their reasons, whatever order they are written in', () => {
    const written: AppliesTo = {
      date: { any_of: [{ from: '2026-01-01' }] },
      time_zone: 'UTC',
      category: { any_of: ['5411'] },
      country: { any_of: ['US'] },
      currency: { any_of: ['USD'] },
    };
    expect(compileAppliesTo(written).map(({ reason }) => reason)).toEqual([
      'currency_not_allowed',
      'country_not_allowed',
      'category_not_allowed',
      'time_not_allowed',
    ]);
  });
});

describe('a use of the card', () => {
  test('is what its request says, the merchant’s own currency before the card’s', () => {
    expect(subjectOf(request()).currency).toBe('USD');
    expect(subjectOf(request({ merchant_currency: 'EUR' })).currency).toBe('EUR');
    expect(subjectOf(request({ risk_score: 0 })).risk_score).toBe(0);
    expect(subjectOf(request()).three_d_secure).toBeNull();
  });

  test('is only a place where a message says no more', () => {
    expect(subjectAt(null)).toBeNull();
    expect(subjectAt(merchant('5411'))).toEqual({ ...unknown, merchant: merchant('5411') });
  });

  test.each<[card_present: boolean | null, present: boolean, absent: boolean]>([
    [true, true, false],
    [false, false, true],
    [null, false, false],
  ])('with the card present: %s', (card_present, present, absent) => {
    expect(looksAt({ presence: { any_of: ['present'] } }, { card_present })).toBe(present);
    expect(looksAt({ presence: { any_of: ['not_present'] } }, { card_present })).toBe(absent);
  });

  test('is risky from the score on that the control names', () => {
    const risky = (risk_score: number) => looksAt({ risk_score: { at_least: 70 } }, { risk_score });
    expect([risky(69), risky(70), risky(999)]).toEqual([false, true, true]);
  });
});

describe('categories', () => {
  test.each<[category: string, patterns: string[], found: boolean]>([
    ['5411', ['5411'], true],
    ['5411', ['5412', '5410'], false],
    ['5411', ['5411-5411'], true],
    ['3000', ['3000-3299'], true],
    ['3299', ['3000-3299'], true],
    ['2999', ['3000-3299'], false],
    ['3300', ['3000-3299'], false],
    ['0742', ['0001-0999'], true],
    ['7995', ['3000-3299', '7995', '5000-5999'], true],
    ['7995', [], false],
  ])('%s in %j: %s', (category, patterns, found) => {
    expect(categoriesIn(patterns)(category)).toBe(found);
    expect(looksAt({ category: { any_of: patterns } }, at({ category }))).toBe(found);
    expect(looksAt({ category: { none_of: patterns } }, at({ category }))).toBe(!found);
  });
});

/** The obvious way, a character at a time: exponential in its worst case. */
function matchesSlowly(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*')
    return matchesSlowly(pattern.slice(1), name) || (name !== '' && matchesSlowly(pattern, name.slice(1)));
  return pattern[0] === name[0] && matchesSlowly(pattern.slice(1), name.slice(1));
}

describe('a pattern for names', () => {
  const letters = (of: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...of), maxLength });

  test('matches what the obvious matcher does', () => {
    fc.assert(
      fc.property(letters('ab*', 8), letters('ab', 12), (pattern, name) => {
        expect(compilePattern(pattern)(name)).toBe(matchesSlowly(pattern, name));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[pattern: string, name: string, matches: boolean]>([
    ['AMAZON*', 'Amazon Mktplace', true],
    ['amazon', 'Amazon Mktplace', false],
    ['*shop', 'CORNER SHOP', true],
    ['*a*a*', 'a', false],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['café*', 'CAFÉ CENTRAL', true],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (pattern, name, matches) => {
    expect(looksAt({ merchant_name: { any_of: [pattern] } }, at({ name }))).toBe(matches);
  });

  /** A name that counts how often it is searched, and how many characters are behind where a search starts. */
  class CountedName {
    searches = 0;
    searched = 0;
    readonly text: string;
    constructor(name: string) {
      this.text = name;
    }
    get length() {
      return this.text.length;
    }
    indexOf(piece: string, from: number) {
      const found = this.text.indexOf(piece, from);
      this.searches++;
      this.searched += (found < 0 ? this.text.length : found + piece.length) - from;
      return found;
    }
    startsWith(piece: string) {
      return this.text.startsWith(piece);
    }
    endsWith(piece: string) {
      return this.text.endsWith(piece);
    }
  }

  test.each([
    ['*a*a*a*a*a*a*a*b', 'a'.repeat(limits.textLengthMax)],
    ['*a*a*a*a*', 'a'.repeat(limits.textLengthMax)],
    ['a*aa*aa*aa*aa*aa*b*', `${'a'.repeat(limits.textLengthMax - 1)}c`],
    ['*ab*ab*ab*ab*ab*ab*ab*', 'ab'.repeat(limits.textLengthMax / 2)],
    ['*x*', 'a'.repeat(limits.textLengthMax)],
  ])('%s passes over a name once, however it was meant', (pattern, text) => {
    const name = new CountedName(text);
    compilePattern(pattern)(name as unknown as string);
    expect(name.searches).toBeLessThanOrEqual(limits.patternStarsMax);
    expect(name.searched).toBeLessThanOrEqual(text.length);
  });
});

describe('M1: how a merchant is written makes no difference', () => {
  const nowhere = merchant(null);
  const at = (changes: Partial<Merchant>) => subjectOf(request({ merchant: { ...nowhere, ...changes } }));
  const matches = (applies_to: AppliesTo, changes: Partial<Merchant>) =>
    compileAppliesTo(applies_to).every((attribute) => attribute.matches(at(changes), noonMs));

  test.each([
    ['BADSHOP', 'BADSHOP        '],
    ['BADSHOP  ', 'BADSHOP'],
    ['badshop', 'BADSHOP'],
    ['ＢＡＤＳＨＯＰ', 'BADSHOP'],
    ['BAD SHOP', 'BAD   SHOP'],
  ])('an id blocked as %j is found in %j, and not where none_of names it', (pattern, id) => {
    expect(matches({ merchant: { any_of: [pattern] } }, { id })).toBe(true);
    expect(matches({ merchant: { none_of: [pattern] } }, { id })).toBe(false);
    expect(matches({ merchant: { any_of: [pattern] } }, { id: 'GOODSHOP' })).toBe(false);
  });

  test.each([
    ['Straße *', 'STRASSE 12'],
    ['*istanbul*', 'KEBAP İSTANBUL 3'],
    ['ISPARTA*', 'ısparta gül'],
    ['*ΟΔΟΣ', 'μεγαλη οδος'],
    ['CAFE\u0301*', 'Café One'],
    ['  BAD SHOP ', 'BAD     SHOP      '],
    ['BAD * SHOP', 'bad  big  shop'],
    ['BADSHOP', 'B\u00adAD\u200bSHOP'],
    ['24', '２４'],
  ])('the pattern %j finds %j', (pattern, name) => {
    expect(matches({ merchant_name: { any_of: [pattern] } }, { name })).toBe(true);
  });

  test('a full-width ＊ is a letter of a name, and no pattern', () => {
    expect(matches({ merchant_name: { any_of: ['A＊B'] } }, { name: 'AxB' })).toBe(false);
    expect(matches({ merchant_name: { any_of: ['A＊B'] } }, { name: 'A*B' })).toBe(true);
  });
});

describe('times, days and dates', () => {
  const within = (from: string, until: string, time_zone: string, text: string) =>
    looksAt({ time_of_day: { any_of: [{ from, until }] }, time_zone }, {}, Date.parse(text));

  test.each<[from: string, until: string, zone: string, at: string, matches: boolean]>([
    ['09:00', '17:00', 'UTC', '2026-03-04T09:00:00Z', true],
    ['09:00', '17:00', 'UTC', '2026-03-04T16:59:59.999Z', true],
    ['09:00', '17:00', 'UTC', '2026-03-04T17:00:00Z', false],
    ['09:00', '17:00', 'Europe/Berlin', '2026-03-04T08:00:00Z', true],
    ['22:00', '06:00', 'UTC', '2026-03-04T22:00:00Z', true],
    ['22:00', '06:00', 'UTC', '2026-03-04T00:00:00Z', true],
    ['22:00', '06:00', 'UTC', '2026-03-04T05:59:59Z', true],
    ['22:00', '06:00', 'UTC', '2026-03-04T06:00:00Z', false],
    ['22:00', '06:00', 'UTC', '2026-03-04T12:00:00Z', false],
    ['23:00', '00:00', 'UTC', '2026-03-04T23:59:00Z', true],
    ['23:00', '00:00', 'UTC', '2026-03-04T00:00:00Z', false],
    // The hour that clocks skip never comes, the one they repeat comes twice.
    ['02:00', '03:00', 'Europe/Berlin', '2026-03-29T01:00:00Z', false],
    ['02:00', '03:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['02:00', '03:00', 'Europe/Berlin', '2026-10-25T01:30:00Z', true],
  ])('from %s until %s in %s has %s: %s', (from, until, zone, text, matches) => {
    expect(within(from, until, zone, text)).toBe(matches);
    const none: AppliesTo = { time_of_day: { none_of: [{ from, until }] }, time_zone: zone };
    expect(looksAt(none, {}, Date.parse(text))).toBe(!matches);
  });

  test('a day of the week is the one on the wall of its zone', () => {
    const friday = (time_zone: string) => ({ day_of_week: { any_of: ['friday' as const] }, time_zone });
    const text = '2026-03-06T23:00:00Z';
    expect(looksAt(friday('UTC'), {}, Date.parse(text))).toBe(true);
    expect(looksAt(friday('Europe/Berlin'), {}, Date.parse(text))).toBe(false);
    expect(looksAt({ day_of_week: { none_of: ['friday'] }, time_zone: 'UTC' }, {}, Date.parse(text))).toBe(false);
  });

  test.each<[range: { from?: string; until?: string }, at: string, matches: boolean]>([
    [{ from: '2026-03-04' }, '2026-03-04T00:00:00+09:00', true],
    [{ from: '2026-03-04' }, '2026-03-03T23:59:59+09:00', false],
    [{ until: '2026-03-04' }, '2026-03-04T23:59:59+09:00', true],
    [{ until: '2026-03-04' }, '2026-03-05T00:00:00+09:00', false],
    [{ from: '2026-03-04', until: '2026-03-04' }, '2026-03-04T12:00:00+09:00', true],
  ])('dates %j have %s: %s', (range, text, matches) => {
    expect(looksAt({ date: { any_of: [range] }, time_zone: 'Asia/Tokyo' }, {}, Date.parse(text))).toBe(matches);
    expect(looksAt({ date: { none_of: [range] }, time_zone: 'Asia/Tokyo' }, {}, Date.parse(text))).toBe(!matches);
  });
});
