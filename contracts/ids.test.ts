// Identifiers say what they name and nothing else.

import { expect, test } from 'vitest';
import { idSchema, newId } from './ids.ts';

test('an id is its prefix and 26 characters of an alphabet without look-alikes', () => {
  expect(newId('auth')).toMatch(/^auth_[0-9a-hjkmnp-tv-z]{26}$/);
  expect(idSchema('evt').parse(newId('evt'))).toMatch(/^evt_/);
});

test('ten thousand ids are ten thousand', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId('evt'))).size).toBe(10_000);
});

test('every character comes up at every place about as often as every other', () => {
  const drawn = 32_000;
  const counts = Array.from({ length: 26 }, () => new Map<string, number>());
  for (let index = 0; index < drawn; index++)
    for (const [place, character] of [...newId('req').slice(4)].entries())
      counts[place]?.set(character, (counts[place].get(character) ?? 0) + 1);
  for (const places of counts) {
    expect(places.size).toBe(32);
    // 1,000 expected of each; seven standard deviations either way fails once in some billions of runs.
    for (const count of places.values()) expect(Math.abs(count - drawn / 32)).toBeLessThan(7 * 31.2);
  }
});

test.each<[why: string, value: unknown]>([
  ['another prefix', `card_${'0'.repeat(26)}`],
  ['no prefix', '0'.repeat(26)],
  ['too short', `auth_${'0'.repeat(25)}`],
  ['too long', `auth_${'0'.repeat(27)}`],
  ['upper case', `auth_${'A'.repeat(26)}`],
  ['a letter that looks like a digit', `auth_${'l'.repeat(26)}`],
  ['something behind it', `auth_${'0'.repeat(26)}\n`],
  ['no text', 1],
  ['nothing', undefined],
])('%s is refused, and the shape is named', (_, value) => {
  const { error } = idSchema('auth').safeParse(value);
  expect(error?.issues[0]?.message).toBe('must look like auth_ and 26 letters and digits');
});
