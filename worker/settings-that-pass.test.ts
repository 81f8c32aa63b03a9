// X10: what must not pass for a setting, tried on every one of the edge's, as origin/settings-that-pass.test.ts does for the origin's: nothing,
// spaces, a list where one is meant, another's secret in every writing, a number that is none or absurd.

import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { networksByDefault } from '../contracts/network.ts';
import { settingNames, settingsOf } from './env.ts';
import { networks } from './networks/all.ts';
import { productionSettings } from './testing/calls.ts';

interface Row {
  readonly right: string;
  readonly other?: string;
  /** Signs between several; of `text` and of passwords that others choose, a comma may be a part. */
  readonly several?: readonly (' ' | ',' | ';')[];
  readonly whole?: readonly [min: number, max: number];
  /** Where nothing, or spaces, are more than not set: they say so, and are refused. */
  readonly nothing: 'as not set' | 'refused' | 'spaces refused';
}

const word = (right: string, other: string): Row => ({ right, other, nothing: 'refused' });
const whole = (min: number, max: number): Row => ({ right: String(min + 1), whole: [min, max], nothing: 'refused' });
const amounts: Row = { right: 'USD 5.00', other: 'EUR 6.00', several: [' '], nothing: 'as not set' };
const bytes = (seed: number) => Uint8Array.from({ length: 32 }, (_, at) => (at * at * 31 + at * seed + seed * 7) % 251);
const text = (of: Uint8Array) => String.fromCharCode(...of);
const whsec = (seed: number) => `whsec_${btoa(text(bytes(seed)))}`;

const rows: Readonly<Record<string, Row>> = {
  ENVIRONMENT: word('production', 'staging'),
  SECRETS_OF: word('production', 'staging'),
  NETWORKS: { right: 'native marqeta', other: 'native', several: [' '], nothing: 'refused' },
  ORIGIN_URL: { right: 'https://o.example.net', other: 'https://p.example.net', nothing: 'spaces refused' },
  INTERNAL_SECRET: { right: whsec(3), other: whsec(5), several: [' '], nothing: 'refused' },
  NATIVE_SECRETS: { right: whsec(7), other: whsec(11), several: [' '], nothing: 'refused' },
  MARQETA_USERNAME: { right: 'marqeta-of-ours', other: 'another-user', several: [' ', ',', ';'], nothing: 'refused' },
  MARQETA_PASSWORD: {
    ...{ right: 'Another-password-of-2026!', other: 'A-password-of-our-own-1!' },
    ...{ several: [' ', ',', ';'], nothing: 'refused' },
  },
  MARQETA_WEBHOOK_SECRET: {
    ...{ right: 'Qw55-zPm18-bYh63-nLd90', other: 'Vd83-kLq92-mZx01-pTr47' },
    ...{ several: [' ', ',', ';'], nothing: 'as not set' },
  },
  CARD_LOCATION_HINT: word('weur', 'eeur'),
  MARQETA_LOCATION_HINT: word('weur', 'eeur'),
  NATIVE_LOCATION_HINT: word('weur', 'eeur'),
  JURISDICTION: word('eu', 'us'),
  AMOUNT_MAX: amounts,
  UNMATCHED_PER_CARD_MAX: amounts,
  UNKNOWN_CARDS_PER_MINUTE: whole(0, 100_000),
  MARQETA_FAILURE_POLICY: word('decline', 'network'),
  MARQETA_STAND_IN_MAX: amounts,
  MARQETA_STAND_IN_COUNT_PER_DAY: whole(1, 1_000),
  MARQETA_STAND_IN_SUM_PER_DAY: amounts,
  NATIVE_FAILURE_POLICY: word('decline', 'stand_in'),
  NATIVE_STAND_IN_MAX: amounts,
  NATIVE_STAND_IN_COUNT_PER_DAY: whole(1, 1_000),
  NATIVE_STAND_IN_SUM_PER_DAY: amounts,
};
const names = Object.keys(rows);
const right = { ...productionSettings, ...Object.fromEntries(names.map((name) => [name, rows[name]?.right])) };

const settingsWith = (changes: object) => settingsOf({ ...env, ...right, ...changes } as unknown as typeof env);

function complaint(changes: Readonly<Record<string, unknown>>): string {
  try {
    settingsWith(changes);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const refuses = (name: string, said: string) =>
  expect(said).toMatch(new RegExp(`(?:^|[:;] )${name}(?:\\.\\d+)? [^;]*(?:must |make |set |leave |are |is |names )`));

test('what is right is taken, and every setting of what is served has a row', () => {
  // A network that is served only where it is named tries its own settings in its own folder.
  const others = networks.filter(({ name }) => !networksByDefault.includes(name));
  const ofOthers = (setting: string) => others.some(({ name }) => setting.startsWith(`${name.toUpperCase()}_`));
  expect(names.toSorted()).toEqual(
    settingNames()
      .filter((name) => !ofOthers(name))
      .toSorted(),
  );
  expect(complaint({})).toBe('');
});

describe('X10: nothing, and spaces', () => {
  test.each(names)('%s', (name) => {
    for (const nothing of ['', ' ', '\t \n']) {
      const row = rows[name]?.nothing;
      if (row === 'refused' || (row === 'spaces refused' && nothing !== ''))
        refuses(name, complaint({ [name]: nothing }));
      else expect(complaint({ [name]: nothing })).toBe(complaint({ [name]: undefined }));
    }
  });
});

describe('X10: several values where one is meant, or with the wrong sign between them', () => {
  const tried = names.flatMap((name) => {
    const { right: one, other = '7', several = [] } = rows[name] ?? { right: '' };
    return ([' ', ',', ';', '\n'] as const)
      .filter((sign) => !several.some((known) => known.trim() === sign.trim()))
      .map((sign) => [name, sign, `${one}${sign}${other}`] as const);
  });
  test.each(tried)('%s with %j', (name, _sign, list) => {
    refuses(name, complaint({ [name]: list }));
    expect(complaint({ [name]: list })).not.toContain(list);
  });
});

describe('X10: a number that is none, or absurd', () => {
  const absurd = ['1e3', '0x50', '-1', '1.5', '٥٠', 'Infinity', 'NaN', 'true', '9'.repeat(20), '1_000', '+5', ' 5 x'];
  test.each(names.filter((name) => rows[name]?.whole !== undefined))('%s', (name) => {
    const [min, max] = rows[name]?.whole ?? [0, 0];
    for (const number of [...absurd, ...(min > 0 ? [String(min - 1)] : []), String(max + 1)])
      expect([number, complaint({ [name]: number })]).toEqual([number, expect.stringContaining(`${name} must be `)]);
    for (const edge of [min, max]) expect(complaint({ [name]: String(edge) })).toBe('');
  });
});

describe('X10: one secret in two settings, in whatever writing', () => {
  const own = bytes(13);
  const hex = [...own].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const writings: readonly (readonly [string, string])[] = [
    ['whsec_ and base64', `whsec_${btoa(text(own))}`],
    ['base64', btoa(text(own))],
    ['base64 without its end', btoa(text(own)).replace(/=+$/, '')],
    ['base64 as URLs have it', btoa(text(own)).replaceAll('+', '-').replaceAll('/', '_')],
    ['hexadecimal', hex],
    ['hexadecimal in upper case', hex.toUpperCase()],
  ];
  const secrets = [
    'INTERNAL_SECRET',
    'NATIVE_SECRETS',
    'MARQETA_PASSWORD',
    'MARQETA_WEBHOOK_SECRET',
    'MARQETA_USERNAME',
  ];
  const pairs = secrets.flatMap((one, index) => secrets.slice(index + 1).map((other) => [one, other] as const));

  test.each(pairs)('%s and %s', (one, other) => {
    let said = 0;
    for (const [first, written] of writings)
      for (const [second, again] of writings) {
        const complained = complaint({ [one]: written, [other]: again });
        // In a writing that is not of the setting's shape it is refused for that.
        if (/must be whsec_|must hold at least|must be \d+ to/.test(complained)) continue;
        said++;
        expect([first, second, complained]).toEqual([
          first,
          second,
          expect.stringContaining('holds the same secret as'),
        ]);
      }
    // Of hexadecimal no user name or password is long enough.
    expect(said).toBeGreaterThan(0);
  });

  test.each([
    ['one letter', 'm', 'must be 4 to 50 characters'],
    ['one with a colon, which ends it', 'marqeta:x', 'must be 4 to 50 characters, none of them a colon'],
    ['the password', right['MARQETA_PASSWORD'], 'holds the same secret as MARQETA_PASSWORD'],
    ['the password in another case', right['MARQETA_PASSWORD']?.toUpperCase(), 'holds the same secret'],
  ])('a user name that is %s', (_, MARQETA_USERNAME, said) => {
    expect(complaint({ MARQETA_USERNAME })).toContain(`MARQETA_USERNAME ${said}`);
  });

  test('one user name with each of two passwords is one', () => {
    const MARQETA_PASSWORD = `${rows['MARQETA_PASSWORD']?.right} ${rows['MARQETA_PASSWORD']?.other}`;
    expect(complaint({ MARQETA_USERNAME: 'marqeta-of-ours marqeta-of-ours', MARQETA_PASSWORD })).toBe('');
  });
});

describe('X10: slips of whoever types or pastes a setting', () => {
  const amountSettings = names.filter((name) => rows[name]?.right === 'USD 5.00');
  test.each(amountSettings)('%s in another writing', (name) => {
    for (const slip of ['USD 1e1', 'USD +5', 'USD -5', 'USD 0100', 'USD .5', 'USD 1,0', 'USD ５', 'usd 5', '"USD 5"'])
      expect([slip, complaint({ [name]: slip })]).toEqual([slip, expect.stringContaining(`${name} must be pairs`)]);
  });

  test('an address of many hosts, or of none', () => {
    for (const url of [
      'https://*.example.net',
      'https:o.example.net',
      'https://[[[',
      'https://$HOST',
      'https://o.example.net:70000',
    ])
      expect([url, complaint({ ORIGIN_URL: url })]).toEqual([url, expect.stringContaining('ORIGIN_URL must be')]);
  });
});
