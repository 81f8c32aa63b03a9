// Secrets: what is weak is said to be, what is random never is.

import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alikeIn, isPublished, secretsIn, weaknessOf } from './secret-strength.ts';

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
    ['two letters in turn, unevenly', 'ababbabaabbabaababbaabbaabab', 'is too short, or has too few'],
    ['too short', 'k7Qp2vXw9', 'is too short, or has too few'],
    ['nothing', '', 'is one character or byte, repeated'],
  ])('%s', (_, secret, said) => {
    expect(weaknessOf(secret)).toContain(said);
  });

  test('what is drawn at random is never called weak: bytes, hexadecimal digits, letters', () => {
    for (let turn = 0; turn < 2_000; turn++) {
      const bytes = randomBytes(32);
      for (const secret of [whsec(bytes), whsec(bytes.subarray(8)), bytes.toString('base64'), bytes.toString('hex')])
        expect([secret, weaknessOf(secret)]).toEqual([secret, null]);
      expect(weaknessOf(randomBytes(16).toString('base64url'))).toBeNull();
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
        expect(isPublished(secret, sha256Hex)).toBe(false);
  });
});

describe('X10: no two alike', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];

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
});
