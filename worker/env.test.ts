// Settings: a wrong one names itself and never shows its value; demo values do not serve in production.

import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { failurePolicyOf, inJurisdiction, settingsOf } from './env.ts';
import { productionSettings, settings } from './testing/calls.ts';

const production = productionSettings;
const { INTERNAL_SECRET: ownSecret, NATIVE_SECRETS: otherSecret } = production;

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
    ['SECRETS_OF', 'wrong-value'],
    ['MARQETA_LOCATION_HINT', 'wrong-value'],
    ['JURISDICTION', 'wrong-value'],
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

  test('secrets in rotation are split at spaces', () => {
    expect(complaint({ NATIVE_SECRETS: ` ${otherSecret}  whsec_Jm2Gx8Wd5Yt0Ro3Ku6Pq9Vz1Bn4Ls7EhCfA2iMgTjUw= ` })).toBe(
      '',
    );
  });

  test('what to stand in for is read in minor units of each currency', () => {
    const read = settingsWith({ MARQETA_STAND_IN_MAX: ' USD 50.00  JPY 5000 KWD 1.5 ' });
    expect([...failurePolicyOf(read, 'marqeta').standInMax]).toEqual([
      ['USD', 5_000],
      ['JPY', 5_000],
      ['KWD', 1_500],
    ]);
    expect(failurePolicyOf(read, 'native').standInMax.size).toBe(0);
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

  test.each([
    ['MARQETA_STAND_IN_MAX', 'USD 1000.01', 'is above USD 1000.00, the most that may be stood in for'],
    ['NATIVE_STAND_IN_MAX', 'USD 5 JPY 100001', 'is above JPY 100000, the most'],
    ['NATIVE_STAND_IN_SUM_PER_DAY', 'USD 10000.01', 'is above USD 10000.00, the most'],
  ])('X9: the maximum has a cap: %s %s', (name, value, said) => {
    expect(complaint({ [name]: value })).toContain(`${name} ${said}`);
  });

  test('X9: the cap itself may be set', () => {
    expect(complaint({ MARQETA_STAND_IN_MAX: 'USD 1000.00', MARQETA_STAND_IN_SUM_PER_DAY: 'USD 10000.00' })).toBe('');
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

  test.each([
    ['INTERNAL_SECRET', 'zero bytes', `whsec_${'A'.repeat(32)}`, 'is one character or byte, repeated'],
    [
      'NATIVE_SECRETS',
      'zero bytes, as one of two',
      `${otherSecret} whsec_${'A'.repeat(32)}`,
      'is one character or byte',
    ],
    ['MARQETA_PASSWORD', 'one repeated letter', 'x'.repeat(30), 'is one character or byte, repeated'],
    ['MARQETA_PASSWORD', 'a short piece, repeated', 'abcd'.repeat(6), 'is a short piece, repeated'],
    ['MARQETA_WEBHOOK_SECRET', 'too short', 'hush', 'is too short, or has too few different characters'],
    ['MARQETA_WEBHOOK_SECRET', 'nothing', '', "is not set; set the webhook's config.secret"],
    ['MARQETA_WEBHOOK_SECRET', 'not given', undefined, "is not set; set the webhook's config.secret"],
    ['INTERNAL_SECRET', 'published', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'holds a demo value or a published'],
    ['NATIVE_SECRETS', 'the same as another', ownSecret, 'holds the same secret as INTERNAL_SECRET'],
    ['NATIVE_SECRETS', 'one twice', `${otherSecret} ${otherSecret}`, 'holds one secret twice'],
    ['ORIGIN_URL', 'plain http', 'http://origin.example.org', 'must be https and a public name where it is deployed'],
  ])('X10, X11: %s that is %s is refused, and said to be so', (name, _, value, said) => {
    const complained = complaint({ [name]: value }, production);
    expect(complained).toContain(`${name} ${said}`);
    if (value) expect(complained).not.toContain(value);
  });

  test('two values of every secret are valid while it changes', () => {
    const two = (one: string, other: string) => `${one} ${other}`;
    const changing = {
      INTERNAL_SECRET: two('whsec_p5Rj0hC1yqFvU8mKzD3nXs6LwB9oTgE2iNaY4cHfQbk=', ownSecret),
      NATIVE_SECRETS: two('whsec_Jm2Gx8Wd5Yt0Ro3Ku6Pq9Vz1Bn4Ls7EhCfA2iMgTjUw=', otherSecret),
      MARQETA_USERNAME: 'the-new-user marqeta-of-ours',
      MARQETA_PASSWORD: 'Another-password-of-2026! A-password-of-our-own-1!',
      MARQETA_WEBHOOK_SECRET: 'Qw55-zPm18-bYh63-nLd90 Vd83-kLq92-mZx01-pTr47',
    };
    expect(complaint(changing, production)).toBe('');
    expect(complaint({ ...changing, MARQETA_USERNAME: 'marqeta-of-ours' }, production)).toBe('');
    expect(complaint({ MARQETA_USERNAME: 'one-user another-user' }, production)).toContain(
      'MARQETA_USERNAME must be one, or as many as there are passwords',
    );
  });

  test('a demo secret is refused also as one of several', () => {
    const NATIVE_SECRETS = `${ownSecret} ${settings.NATIVE_SECRETS}`;
    expect(complaint({ NATIVE_SECRETS }, production)).toContain('NATIVE_SECRETS');
  });

  const staging = { ...production, ENVIRONMENT: 'staging', SECRETS_OF: 'staging' };
  test.each<[string, object, Readonly<Record<string, unknown>>, string]>([
    [
      'development settings beside production’s secrets',
      production,
      { ENVIRONMENT: 'development' },
      'is production and ENVIRONMENT is development',
    ],
    [
      'staging settings beside production’s secrets',
      production,
      { ENVIRONMENT: 'staging' },
      'is production and ENVIRONMENT is staging',
    ],
    [
      'production settings beside staging’s secrets',
      staging,
      { ENVIRONMENT: 'production' },
      'is staging and ENVIRONMENT is production',
    ],
    [
      'secrets that do not say whose they are',
      production,
      { SECRETS_OF: undefined },
      'is development and ENVIRONMENT is production',
    ],
    ['staging with its own', staging, {}, ''],
  ])('%s', (_, before, changes, said) => {
    const complained = complaint(changes, before);
    if (said === '') expect(complained).toBe('');
    else expect(complained).toContain(`SECRETS_OF ${said}`);
  });

  test('staging is held to what production is', () => {
    expect(complaint({ MARQETA_WEBHOOK_SECRET: '' }, staging)).toContain('MARQETA_WEBHOOK_SECRET is not set');
    expect(complaint({ INTERNAL_SECRET: settingsOf(env).INTERNAL_SECRET }, staging)).toContain('INTERNAL_SECRET');
  });

  test('the demo values serve in development', () => {
    expect(complaint({})).toBe('');
  });
});

test('objects are kept in the jurisdiction that is set, and anywhere where none is', () => {
  const namespace = { jurisdiction: (where: string) => `in ${where}` } as unknown as typeof env.CARDS;
  expect(inJurisdiction({ ...env, JURISDICTION: 'eu' } as typeof env, namespace)).toBe('in eu');
  expect(inJurisdiction(env, namespace)).toBe(namespace);
});
