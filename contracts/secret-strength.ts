// Whether a secret is one that nobody can guess: long enough, drawn at random as far as that can be seen, not printed anywhere, and
// used for one purpose. Used by the edge and by the origin at their start. Cannot see that a random-looking text was copied from
// somewhere that is not in the list of published values.

import { isPublishedHash } from './published-secrets.ts';

/** Secrets of one setting are separated by spaces: the newest first, older ones for as long as a change takes. */
export function secretsIn(text: string): string[] {
  return text.split(/\s+/).filter((secret) => secret !== '');
}

/** A setting and what it holds. */
export interface NamedSecret {
  readonly name: string;
  readonly secret: string;
}

/** Words that samples and documentation use; whole words only, as random text may hold any four letters. */
const sampleWord =
  /(?:^|[^a-z0-9])(?:demo|example|sample|changeme|change-me|placeholder|dummy|insecure|test)(?:[^a-z0-9]|$)/i;

/** Bits of a secret by the frequency of its characters: 24 random bytes have about 105, 20 random letters and digits about 80. */
const entropyBitsMin = 56;
/** As many equal characters or bytes one after the other: in 64 random hexadecimal digits by chance once in ten million. */
const equalInARowMax = 8;

/**
 * Why nobody should use this secret, wherever it runs; null: no reason is seen. The reason never holds any of it. Examples:
 * `whsec_` and 32 times `A` (24 zero bytes), `abcabcabcabcabcabcabcabc`. `mayBeShort`: on a laptop.
 */
export function weaknessOf(secret: string, { mayBeShort = false } = {}): string | null {
  const whole = codesOf(secret);
  if (new Set(whole).size <= 1) return 'is one character or byte, repeated';
  const codes = pieceOf(whole);
  const isPoor = entropyBits(codes) < entropyBitsMin;
  if (codes.length < whole.length && isPoor) return 'is a short piece, repeated';
  if (longestRun(codes) > equalInARowMax || longestRun(differences(codes)) >= codes.length / 2)
    return 'is a row that anybody can continue';
  if (isPoor && !mayBeShort) return 'is too short, or has too few different characters';
  return null;
}

/** Whether it is one that anybody can read: a sample of ours, or of a provider's documentation. Fine on a laptop only. */
export function isPublished(secret: string, sha256Hex: (text: string) => string): boolean {
  const decoded = String.fromCharCode(...codesOf(secret));
  return sampleWord.test(secret) || sampleWord.test(decoded) || isPublishedHash(sha256Hex(secret));
}

/** Pairs of settings with the same secret in them, however it is written; a setting that holds one twice is paired with itself. */
export function alikeIn(secrets: readonly NamedSecret[]): (readonly [string, string])[] {
  const firstNames = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const { name, secret } of secrets) {
    const content = codesOf(secret).join(' ');
    const first = firstNames.get(content);
    if (first === undefined) firstNames.set(content, name);
    else pairs.push([first, name]);
  }
  return pairs;
}

const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes of a secret in base64 (`whsec_…`, or a key that ends with `=`), otherwise the codes of its characters. */
function codesOf(secret: string): number[] {
  const [, signing, key] = /^(?:whsec_([A-Za-z0-9+/]+)={0,2}|([A-Za-z0-9+/]{40,})={1,2})$/.exec(secret) ?? [];
  const base64 = signing ?? key;
  if (base64 === undefined) return Array.from(secret, (character) => Number(character.codePointAt(0)));
  const codes: number[] = [];
  let [bits, count] = [0, 0];
  for (const character of base64) {
    bits = ((bits << 6) | base64Alphabet.indexOf(character)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    codes.push((bits >> count) & 0xff);
  }
  return codes;
}

/** What it consists of, where it is one piece again and again (the last one may be cut); otherwise all of it. */
function pieceOf(codes: readonly number[]): readonly number[] {
  for (let length = 1; length <= codes.length / 2; length++)
    if (codes.every((code, index) => index < length || code === codes[index - length])) return codes.slice(0, length);
  return codes;
}

function differences(codes: readonly number[]): number[] {
  return codes.slice(1).map((code, index) => code - Number(codes[index]));
}

function longestRun(codes: readonly number[]): number {
  let [longest, run] = [0, 0];
  for (const [index, code] of codes.entries()) {
    run = code === codes[index - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** Shannon's entropy of the characters, times their number. An upper bound: a phrase of words has less. */
function entropyBits(codes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(codes.length / count);
  return bits;
}
