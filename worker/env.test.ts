// Settings: a wrong one names itself and never shows its value; demo values do not serve in production.

import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { settingsOf } from './env.ts';

const ownSecret = `whsec_${btoa('a secret of 32 bytes, of our own')}`;
const production = {
  ENVIRONMENT: 'production',
  ORIGIN_URL: '',
  INTERNAL_SECRET: ownSecret,
  NATIVE_SECRETS: ownSecret,
  MARQETA_USERNAME: 'marqeta-of-ours',
  MARQETA_PASSWORD: 'A-password-of-our-own-1!',
};

const settingsWith = (changes: Readonly<Record<string, unknown>>, before: object = env) =>
  settingsOf({ ...before, ...changes } as unknown as typeof env);

/** What a refusal says; empty where there is none. */
function complaint(changes: Readonly<Record<string, unknown>>, before: object = env): string {
  try {
    settingsWith(changes, before);
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('settings', () => {
  test.each([
    ['ENVIRONMENT', 'staging-value'],
    ['ORIGIN_URL', 'wrong-value'],
    ['INTERNAL_SECRET', 'wrong-value'],
    ['INTERNAL_SECRET', 'whsec_dG9vIHNob3J0'],
    ['INTERNAL_SECRET', undefined],
    ['NATIVE_SECRETS', ''],
    ['NATIVE_SECRETS', `${ownSecret} wrong-value`],
    ['MARQETA_USERNAME', ''],
    ['MARQETA_PASSWORD', 'too-short-value'],
    ['MARQETA_PASSWORD', 'x'.repeat(51)],
    ['MARQETA_FAILURE_POLICY', 'wrong-value'],
    ['NATIVE_FAILURE_POLICY', 'network'],
    ['MARQETA_STAND_IN_MAX', 'fifty'],
    ['NATIVE_STAND_IN_MAX', '77.00'],
    ['CARD_LOCATION_HINT', 'wrong-value'],
  ])('a wrong %s names itself, and its value stays unsaid (%s)', (name, value) => {
    const said = complaint({ [name]: value });
    expect(said).toContain(name);
    if (value) expect(said).not.toContain(value);
  });

  test('every wrong one is named at once', () => {
    const said = complaint({ INTERNAL_SECRET: 'x', MARQETA_PASSWORD: 'y' });
    expect(said).toContain('INTERNAL_SECRET');
    expect(said).toContain('MARQETA_PASSWORD');
  });

  test('secrets in rotation are split at spaces, newest first', () => {
    expect(settingsWith({ NATIVE_SECRETS: ` ${ownSecret}  whsec_${'A'.repeat(32)} ` }).NATIVE_SECRETS).toEqual([
      ownSecret,
      `whsec_${'A'.repeat(32)}`,
    ]);
  });

  test('what to stand in for is read in minor units of each currency', () => {
    const { MARQETA_STAND_IN_MAX, NATIVE_STAND_IN_MAX } = settingsWith({
      MARQETA_STAND_IN_MAX: ' USD 50.00  JPY 5000 KWD 1.5 ',
    });
    expect([...MARQETA_STAND_IN_MAX]).toEqual([
      ['USD', 5_000],
      ['JPY', 5_000],
      ['KWD', 1_500],
    ]);
    expect(NATIVE_STAND_IN_MAX.size).toBe(0);
  });

  const form = 'must be pairs of a currency and an amount in major units, such as USD 50.00 EUR 45.00';
  test.each([
    ['50.00', form],
    ['USD', `${form}: the amount of USD is not a decimal number of major units`],
    ['USD 50.00 EUR', `${form}: the amount of EUR is not a decimal number`],
    ['USD50.00', form],
    ['USD 50,00', `${form}: the amount of USD is not a decimal number`],
    ['usd 50.00', form],
    ['XXX 50.00', form],
    ['USD -5', `${form}: the amount of USD is negative`],
    ['USD 0.001', `${form}: the amount of USD has more decimals than USD holds (2)`],
    ['JPY 0.5', `${form}: the amount of JPY has more decimals than JPY holds (0)`],
    ['USD 0', 'names USD with nothing to stand in for'],
    ['USD 5 USD 6', 'names USD twice'],
    ['USD 1e999', `${form}: the amount of USD`],
  ])('MARQETA_STAND_IN_MAX %j says what is wrong', (value, said) => {
    expect(complaint({ MARQETA_STAND_IN_MAX: value })).toContain(`MARQETA_STAND_IN_MAX ${said}`);
  });

  test.each(['MARQETA', 'NATIVE'])('%s: to stand in for nothing is a mistake', (network) => {
    const said = complaint({ [`${network}_FAILURE_POLICY`]: 'stand_in' });
    expect(said).toContain(`${network}_STAND_IN_MAX ${form}, where ${network}_FAILURE_POLICY is stand_in`);
    const max = { [`${network}_FAILURE_POLICY`]: 'stand_in', [`${network}_STAND_IN_MAX`]: 'USD 5' };
    expect(complaint(max)).toBe('');
  });

  test('the same bindings are read once', () => {
    expect(settingsOf(env)).toBe(settingsOf(env));
  });
});

describe('settings in production', () => {
  test('values of our own are taken', () => {
    expect(complaint({}, production)).toBe('');
  });

  test.each(['INTERNAL_SECRET', 'NATIVE_SECRETS', 'MARQETA_USERNAME', 'MARQETA_PASSWORD'] as const)(
    'the demo value of %s is refused by name',
    (name) => {
      const demo = String((env as unknown as Record<string, unknown>)[name]);
      const said = complaint({ [name]: demo }, production);
      expect(said).toContain(name);
      expect(said).not.toContain(demo);
    },
  );

  test('a demo secret is refused also as one of several', () => {
    const NATIVE_SECRETS = `${ownSecret} ${settingsOf(env).NATIVE_SECRETS[0]}`;
    expect(complaint({ NATIVE_SECRETS }, production)).toContain('NATIVE_SECRETS');
  });

  test('the demo values serve in development', () => {
    expect(complaint({})).toBe('');
  });
});
