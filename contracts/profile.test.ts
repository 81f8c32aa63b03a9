// A profile in, a profile out; bad input is refused with the name of its field.

import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { profileSchema, timeZoneSchema } from './profile.ts';

const profile = {
  card_id: `card_${'0'.repeat(26)}`,
  account_id: `acct_${'0'.repeat(26)}`,
  version: 1,
  status: 'active',
  currency: 'USD',
};
const block = { control_id: 'a', does: 'block' };
const perDay = {
  control_id: 'b',
  does: 'limit',
  amount_minor: 1,
  window: { per: 'day', time_zone: 'Europe/Berlin' },
};
const controls = (...added: readonly object[]) => ({ controls: added });

function fieldsRefused(changes: object): string[] {
  const { error } = profileSchema.safeParse({ ...profile, ...changes });
  return error?.issues.map(({ path }) => path.join('.')) ?? [];
}

test('what is left out has a meaning', () => {
  expect(profileSchema.parse(profile)).toEqual({ ...profile, expires_at_ms: null, funds_minor: null, controls: [] });
  expect(profileSchema.parse({ ...profile, ...controls(block) }).controls).toEqual([{ ...block, applies_to: {} }]);
});

test('a profile parsed twice is the same', () => {
  const once = profileSchema.parse({ ...profile, funds_minor: 5, expires_at_ms: 0, ...controls(block, perDay) });
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
    ['controls.0.control_id', controls({ ...block, control_id: '' })],
    ['controls.0.control_id', controls({ ...block, control_id: 'x'.repeat(65) })],
    ['controls.0.does', controls({ ...block, does: 'forbid' })],
    ['controls.1.control_id', controls(block, { ...perDay, control_id: 'a' })],
    ['controls.0.applies_to.category_any_of', controls({ ...block, applies_to: { category_any_of: [] } })],
    [
      'controls.0.applies_to.category_any_of.1',
      controls({ ...block, applies_to: { category_any_of: ['5411', '541'] } }),
    ],
    ['controls.0.applies_to', controls({ ...block, applies_to: { category: ['5411'] } })],
    ['controls.0.amount_minor', controls({ ...perDay, amount_minor: -1 })],
    ['controls.0.window', controls({ ...perDay, window: undefined })],
    ['controls.0.window.per', controls({ ...perDay, window: { per: 'decade' } })],
    ['controls.0.window.time_zone', controls({ ...perDay, window: { per: 'day', time_zone: 'Europe/Atlantis' } })],
    ['controls.0.window.time_zone', controls({ ...perDay, window: { per: 'day' } })],
  ])('%s', (field, changes) => {
    expect(fieldsRefused(changes)).toEqual([field]);
  });

  test('a field that the profile does not have', () => {
    const { error } = profileSchema.safeParse({ ...profile, colour: 'blue' });
    expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['colour'] }]);
  });

  test('two bad fields are both named', () => {
    expect(fieldsRefused({ version: 0, currency: 'XXX' })).toEqual(['version', 'currency']);
  });
});

describe('a time zone', () => {
  test('may be any that the platform names', () => {
    for (const zone of Intl.supportedValuesOf('timeZone'))
      expect(timeZoneSchema.safeParse(zone).success, zone).toBe(true);
  });

  test.each(['', 'Mars/Olympus', 'Europe/Berlin ', '+01:00', '-0330', 'Z'])('may not be %j', (zone) => {
    expect(timeZoneSchema.safeParse(zone).success).toBe(false);
  });
});
