// Secrets: what is weak is said to be, what is random never is.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alikeIn, isPublished, secretsIn, weaknessOf } from './secret-strength.ts';

/** Drawn anew in each run, and the same again by the `SEED=…` that a failure prints. */
const { seed = Date.now() % 1_000_000 } = fc.readConfigureGlobal();
const again = `SEED=${seed}`;
let drawn = 0;
/** Bytes that look random: SHA-256 of the seed and of how many were drawn before. */
function randomBytes(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
    createHash('sha256').update(`${seed} ${drawn++}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}
const randomInt = (end: number) => randomBytes(4).readUInt32BE() % end;
const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');
const whsec = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;

describe('X10: weak secrets', () => {
  test.each([
    ['one repeated letter', 'a'.repeat(40), 'is one character or byte, repeated'],
    ['zero bytes', whsec(new Uint8Array(32)), 'is one character or byte, repeated'],
    ['zero bytes, as they are written', `whsec_${'A'.repeat(32)}`, 'is one character or byte, repeated'],
    ['bytes that are all 255', whsec(new Uint8Array(24).fill(255)), 'is one character or byte, repeated'],
    ['a short piece, repeated', 'abc1'.repeat(10), 'is a short piece, repeated'],
    ['a short piece, repeated and cut', 'hunter2hunter2hunter2hunt', 'is a short piece, repeated'],
    ['a piece of bytes, repeated', whsec(Buffer.from('4f2a'.repeat(16), 'hex')), 'is a short piece, repeated'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz', 'is a row that anybody can continue'],
    ['bytes that count up', whsec(Uint8Array.from({ length: 32 }, (_, index) => index)), 'is a row that anybody'],
    ['half of it zero', whsec(Buffer.concat([Buffer.alloc(12), Buffer.from('k7Qp2vXw9LmR')])), 'is a row that anybody'],
    ['two letters in turn, unevenly', 'ababbabaabbabaababbaabbaabab', 'is a short piece, repeated'],
    ['a word again and again', 'Password1Password2Password3', 'is a short piece, repeated'],
    ['a word there and back', 'Passwo1rdrd1owssaP9Passwo1rd', 'is a short piece, repeated'],
    ['few characters, in no order', '0110100110010110100', 'is a short piece, repeated'],
    ['ten characters, each once', 'k7Qp2vXw9L', 'is too short, or has too few'],
    ['too short', 'k7Qp2vXw9', 'is too short, or has too few'],
    ['nothing', '', 'is one character or byte, repeated'],
  ])('%s', (_, secret, said) => {
    expect(weaknessOf(secret)).toContain(said);
  });

  test('what is drawn at random is never called weak: bytes, hexadecimal digits, letters', () => {
    for (let turn = 0; turn < 2_000; turn++) {
      const bytes = randomBytes(32);
      for (const secret of [whsec(bytes), whsec(bytes.subarray(8)), bytes.toString('base64'), bytes.toString('hex')])
        expect([secret, weaknessOf(secret)], again).toEqual([secret, null]);
      expect(weaknessOf(randomBytes(16).toString('base64url')), again).toBeNull();
    }
  });

  test('no reason repeats any of the secret', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 20, maxLength: 60 }), (secret) => {
        expect(weaknessOf(secret) ?? '').not.toContain(secret);
      }),
    );
  });
});

describe('X10: published secrets', () => {
  test.each([
    ['Standard Webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['Stripe', ['sk', 'test', '4eC39HqLyjWDarjtT1zdp7dc'].join('_')],
    ['AWS', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['RFC 6238', '12345678901234567890'],
    ['a word, in base64', whsec(Buffer.from('a-sample-secret-for-everybody-00'))],
  ])('the sample of %s', (_, secret) => {
    expect(isPublished(secret, sha256Hex)).toBe(true);
  });

  test('a random one is not', () => {
    for (let turn = 0; turn < 1_000; turn++)
      for (const secret of [whsec(randomBytes(32)), randomBytes(32).toString('hex')])
        expect(isPublished(secret, sha256Hex), again).toBe(false);
  });
});

describe('X10: no two alike', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];

  test('what is no secret is compared with secrets alone, also where two of these are alike', () => {
    const [same, other] = [whsec(one), whsec(two)];
    const secrets = [
      { name: 'A', secret: same },
      { name: 'B', secret: same },
      { name: 'C', secret: other },
    ];
    const beside = ['D_URL', 'E_URL'].map((name, n) => ({ name, secret: `http://127.0.0.1:${8080 + n}` }));
    expect(alikeIn(secrets, beside)).toEqual([['A', 'B']]);
  });

  test('the same bytes are found however they are written; each pair is named once', () => {
    const padded = `${whsec(one)}`;
    const bare = padded.replace(/=+$/, '');
    expect(
      alikeIn([
        { name: 'A', secret: padded },
        { name: 'B', secret: whsec(two) },
        { name: 'C', secret: bare },
      ]),
    ).toEqual([['A', 'C']]);
  });

  test('one secret twice in a setting is paired with itself', () => {
    expect(secretsIn(' x  y\n x ').map((secret) => ({ name: 'A', secret }))).toHaveLength(3);
    expect(alikeIn(secretsIn(' x  y\n x ').map((secret) => ({ name: 'A', secret })))).toEqual([['A', 'A']]);
  });

  test('different ones have nothing to say', () => {
    expect(
      alikeIn([
        { name: 'A', secret: whsec(one) },
        { name: 'B', secret: whsec(two) },
      ]),
    ).toEqual([]);
  });

  const text = () => randomBytes(24).toString('base64url');
  const percent = (of: string) => [...of].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('');
  const exchanged = (of: string, places: number) => {
    const signs = [...of];
    for (let turn = 0; turn < places; turn++) signs[randomInt(signs.length)] = '~';
    return signs.join('');
  };
  const writings: readonly (readonly [string, (secret: string) => string])[] = [
    ['backwards', (secret) => [...secret].toReversed().join('')],
    ['in upper case', (secret) => secret.toUpperCase()],
    ['backwards in lower case', (secret) => [...secret].toReversed().join('').toLowerCase()],
    ['percent-encoded', percent],
    ['base64 of its text', (secret) => Buffer.from(secret).toString('base64')],
    ['whsec_ of its text', (secret) => whsec(Buffer.from(secret))],
    ['base64 of a whole whsec_', (secret) => Buffer.from(whsec(Buffer.from(secret))).toString('base64')],
    ['hexadecimal of its text', (secret) => Buffer.from(secret).toString('hex')],
    ['base64 of its text, percent-encoded', (secret) => percent(Buffer.from(secret).toString('base64'))],
    ['with one character exchanged', (secret) => exchanged(secret, 1)],
    ['with two characters exchanged', (secret) => exchanged(secret, 2)],
    ['with two characters before it', (secret) => `x1${secret}`],
    ['without its last character', (secret) => secret.slice(0, -1)],
    ['within something longer', (secret) => `Bearer ${secret}; path=/`],
  ];

  test.each(writings)('a secret and the same %s', (_, written) => {
    for (let turn = 0; turn < 50; turn++) {
      const secret = text();
      const found = alikeIn([
        { name: 'A', secret },
        { name: 'B', secret: written(secret) },
      ]);
      expect([secret, found], again).toEqual([secret, [['A', 'B']]]);
    }
  });

  test('of those that were drawn at random no two are alike, in no writing', () => {
    const drawn = Array.from({ length: 120 }, (_, index) => {
      const [, written] = writings[index % writings.length] ?? ['', String];
      return { name: `S${index}`, secret: written(index % 3 === 0 ? randomBytes(32).toString('hex') : text()) };
    });
    expect(alikeIn(drawn), again).toEqual([]);
  });

  test('what is beside secrets is compared with these, and not with its like', () => {
    const secret = text();
    const beside = [
      { name: 'EDGE_URL', secret: 'https://edge.example.net' },
      { name: 'STRIPE_URL', secret: 'https://edge.example.org' },
      { name: 'ACCOUNT', secret: secret.toLowerCase() },
    ];
    expect(alikeIn([{ name: 'KEY', secret }], beside)).toEqual([['KEY', 'ACCOUNT']]);
  });
});
