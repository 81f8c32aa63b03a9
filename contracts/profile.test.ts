// A profile in, a profile out; bad input is refused with the name of its field. Controls have a test of their own.

import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { profileSchema } from './profile.ts';

const profile = {
  card_id: `card_${'0'.repeat(26)}`,
  account_id: `acct_${'0'.repeat(26)}`,
  version: 1,
  status: 'active',
  currency: 'USD',
};
const applies_to = { country: { any_of: ['US'] } };
const block = { control_id: 'a', does: 'block', applies_to };
const perDay = { control_id: 'b', does: 'limit', amount_minor: 1, window: { per: 'day' } };
const controls = (...added: readonly object[]) => ({ controls: added });

function fieldsRefused(changes: object): string[] {
  const { error } = profileSchema.safeParse({ ...profile, ...changes });
  return error?.issues.map(({ path }) => path.join('.')) ?? [];
}

test('what is left out has a meaning', () => {
  expect(profileSchema.parse(profile)).toEqual({
    ...profile,
    expires_at_ms: null,
    funds_minor: null,
    single_use: false,
    partial_approval: false,
    hold_days: null,
    controls: [],
  });
  expect(profileSchema.parse({ ...profile, ...controls(block) }).controls).toEqual([{ ...block, mode: 'enforce' }]);
});

test('a profile parsed twice is the same', () => {
  const given = {
    ...profile,
    funds_minor: 5,
    expires_at_ms: 0,
    single_use: true,
    partial_approval: true,
    hold_days: 31,
  };
  const once = profileSchema.parse({ ...given, ...controls(block, perDay) });
  expect(profileSchema.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
});

describe('bad input names its field', () => {
  test.each<[field: string, changes: object]>([
    ['card_id', { card_id: 'card_1' }],
    ['account_id', { account_id: profile.card_id }],
    ['version', { version: 0 }],
    ['version', { version: 1.5 }],
    ['version', { version: undefined }],
    ['status', { status: 'suspended' }],
    ['currency', { currency: 'usd' }],
    ['expires_at_ms', { expires_at_ms: -1 }],
    ['expires_at_ms', { expires_at_ms: '2030-01-01' }],
    ['funds_minor', { funds_minor: -1 }],
    ['funds_minor', { funds_minor: 0.5 }],
    ['funds_minor', { funds_minor: limits.amountMinorMax + 1 }],
    ['controls', { controls: null }],
    [
      'controls',
      controls(...Array.from({ length: limits.controlsMax + 1 }, (_, index) => ({ ...block, control_id: `${index}` }))),
    ],
    ['controls.1.control_id', controls(block, { ...perDay, control_id: 'a' })],
    ['single_use', { single_use: 'yes' }],
    ['partial_approval', { partial_approval: 1 }],
    ['hold_days', { hold_days: 0 }],
    ['hold_days', { hold_days: limits.holdDaysMax + 1 }],
    ['hold_days', { hold_days: 1.5 }],
  ])('%s', (field, changes) => {
    expect(fieldsRefused(changes)).toEqual([field]);
  });

  test('a field that the profile does not have', () => {
    const { error } = profileSchema.safeParse({ ...profile, colour: 'blue' });
    expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['colour'] }]);
  });

  test('two bad fields are both named', () => {
    // XXX is ISO 4217's own code for no currency.
    expect(fieldsRefused({ version: 0, currency: 'XXX' })).toEqual(['version', 'currency']);
  });
});

describe('a profile fits in a message', () => {
  /** Names of fifty letters each. */
  const named = (letter: string, letters: number) => {
    const names = Array.from({ length: letters / 50 }, () => letter.repeat(50));
    return controls({ ...block, applies_to: { merchant_name: { any_of: names } } });
  };

  test.each<[what: string, changes: object, fields: string[]]>([
    ['of plain letters', named('x', 45_000), []],
    ['of letters of two bytes', named('é', 28_000), []],
    ['of too many letters of two bytes', named('é', 31_000), ['controls']],
    ['of letters of three bytes', named('店', 19_000), []],
    ['of too many letters of three bytes', named('店', 21_000), ['controls']],
    ['of letters of four bytes', named('𠮷', 14_000), []],
    ['of too many letters of four bytes', named('𠮷', 16_000), ['controls']],
  ])('%s', (_, changes, fields) => {
    expect(fieldsRefused(changes)).toEqual(fields);
  });
});
