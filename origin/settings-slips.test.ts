// X10: the slips of whoever types or pastes settings, tried on every setting of the origin's that they can be made in: digits that anybody can work
// out as secrets, quotes, templates, amounts in another writing, bounds that bound nothing.

import { randomInt } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { readsLikeWords } from './secrets/guessable.ts';
import { amountsInOrder, numbersInOrder } from './setting-relations.ts';
import { complaint, deployedWith, names, right, rows } from './testing/sample-settings.ts';

const digitsOfPi = '31415926535897932384626433832795028841971693993751';
const digitsOfE = '27182818284590452353602874713526624977572470936999';
const now = Date.now();
const day = new Date(now).toISOString();

/** What somebody takes for random, as text. */
const made = [
  ...[digitsOfPi, `3.${digitsOfPi.slice(1, 30)}`, digitsOfE.slice(0, 26), `e${digitsOfE}`, `pi=${digitsOfPi}`],
  ...[
    '14142135623730950488016887',
    '16180339887498948482045868',
    '243f6a8885a308d313198a2e03707344',
    '6a09e667f3bcc908b2fb1366ea957d3e',
  ],
  ...[`${digitsOfPi.slice(0, 17)}${digitsOfE.slice(0, 17)}`, [...digitsOfPi].reverse().join('')],
  ...[
    String(now).repeat(2),
    String(Math.floor(now / 1_000)).repeat(3),
    `${now}${'0'.repeat(15)}`,
    `${'0'.repeat(14)}${now}`,
  ],
  ...[`${day}${day}`, `${day}-${day}`, `key-${day}`, day.replaceAll(/\D/g, '').padEnd(28, '0'), `atlas-${now}-${now}`],
  ...[
    'your-api-key-goes-here-xxxx',
    'YOUR_SECRET_KEY_GOES_HERE_',
    'insert-your-own-key-here-1234',
    'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
  ],
  ...['correct-horse-battery-staple', 'CorrectHorseBatteryStaple', 'c0rrect-h0rse-b4ttery-st4ple'],
  ...[
    'purple-elephant-dances-gracefully',
    'the payments service needs a long key'.replaceAll(' ', '_'),
    'ThisIsTheSecretOfOurPaymentsPlatform',
  ],
  ...['nobody-will-ever-guess-this-sentence-about-cats', 'atlas.webhook.signing.secret.for.production'],
];
/** The same, as keys are written. */
const writings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
  'behind a prefix': (text) => `sk_live_${text}`,
  'behind base64:': (text) => `base64:${Buffer.from(text).toString('base64')}`,
  'twice in base64': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
};

describe('X10: a secret that anybody can work out or read', () => {
  const words =
    /is made of|is a row|is a short piece|is a demo value|holds where a secret|is one character|is too short|must be/;
  for (const [how, write] of Object.entries(writings))
    test.each(made)(`${how}: %s`, (text) => {
      const written = write(text);
      expect(deployedWith({ API_KEY: written })).toMatch(new RegExp(`API_KEY: (?:${words.source})`));
      expect(deployedWith({ STRIPE_API_KEY: written })).toMatch(new RegExp(`STRIPE_API_KEY: (?:${words.source})`));
      expect(deployedWith({ API_KEY: written })).not.toContain(written);
    });

  test.each(made)('a signing secret: %s', (text) => {
    const [base64, plain] = [
      Buffer.from(text.padEnd(24, '0')).toString('base64'),
      text.replaceAll(/[^A-Za-z0-9+/]/g, ''),
    ];
    for (const secret of [`whsec_${base64}`, `whsec_${plain.padEnd(32, plain)}`])
      expect(deployedWith({ INTERNAL_SECRET: secret })).toMatch(new RegExp(`INTERNAL_SECRET: (?:${words.source})`));
  });

  test('what is drawn at random, of letters alone too, reads like no words', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    for (let turn = 0; turn < 2_000; turn++) {
      const drawn = Array.from({ length: 26 }, () => letters[randomInt(26)]).join('');
      expect([drawn, readsLikeWords(drawn)]).toEqual([drawn, false]);
    }
  });
});

describe('X10: a value as a file of settings has it, or a template that nobody filled in', () => {
  test.each(names)('%s', (name) => {
    const value = right[name] ?? '';
    const slips = [
      `"${value}"`,
      `'${value}'`,
      `\`${value}\``,
      `$${`{${name}}`}`,
      `$(cat ${name})`,
      `{{ .Values.${name} }}`,
      `<${name}>`,
    ];
    for (const slip of slips) {
      const said = complaint({ [name]: slip });
      expect([slip, said]).toEqual([slip, expect.stringContaining(`${name}`)]);
      expect(said).toMatch(/must |is made of|is a row|set |make |keep /);
    }
  });

  test('line breaks and byte order marks of files are none of a secret', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'atlas-secret-')), 'key');
    for (const around of [
      (text: string) => `\ufeff${text}\r\n`,
      (text: string) => `${text}\n\n`,
      (text: string) => ` ${text}\t`,
    ]) {
      writeFileSync(file, around(String(right['API_KEY'])));
      expect(readConfig({ ...right, API_KEY: undefined, API_KEY_FILE: file }).API_KEY).toBe(right['API_KEY']);
    }
  });
});

describe('X10: an amount in another writing', () => {
  const amounts = names.filter((name) => rows[name].right.startsWith('USD '));
  test.each(amounts)('%s', (name) => {
    const slips = [
      'USD 1e3',
      'USD 1E3',
      'USD +5',
      'USD -5',
      'USD 1,000',
      'USD 1_000',
      'USD 1.000,00',
      "USD 1'000",
      'USD ５',
      'USD ٥',
      'USD 0x10',
    ];
    const more = [
      'USD 0100',
      'USD .5',
      'USD 5.',
      'USD $5',
      '$5',
      'usd 5',
      'Usd 5',
      'USD5',
      '5 USD',
      'USD 5 ',
      'USD 5 EUR',
      'USD ∞',
      'USD NaN',
      'USD 5.001',
    ];
    for (const slip of [...slips, ...more].filter((text) => text !== 'USD 5 '))
      expect([slip, complaint({ [name]: slip })]).toEqual([slip, expect.stringContaining(`${name}: must be`)]);
  });
});

describe('X10: a bound above what bounds it', () => {
  test.each(numbersInOrder)('%s above %s', (lesser, greater) => {
    const [, max = 0] = rows[lesser].whole ?? [];
    const bound = String(Math.min(max - 1, (rows[greater].whole?.[1] ?? 0) - 1, 50));
    expect(complaint({ [greater]: bound, [lesser]: String(Number(bound) + 1) })).toContain(
      `${lesser}: must be ${bound} at most`,
    );
    expect(complaint({ [greater]: bound, [lesser]: bound })).toBe('');
  });

  test.each(amountsInOrder)('%s above %s', (lesser, greater) => {
    expect(complaint({ [lesser]: 'USD 5.01 EUR 1', [greater]: 'USD 5' })).toContain(
      `${lesser}: must be USD 5.00 at most`,
    );
    // Where the greater one says nothing of a currency its default counts.
    expect(complaint({ [lesser]: 'JPY 5000001', [greater]: 'USD 5' })).toContain(
      `${lesser}: must be JPY 5000000 at most`,
    );
    expect(complaint({ [lesser]: 'USD 5', [greater]: 'USD 5' })).toBe('');
  });
});
