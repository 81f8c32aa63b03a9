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

/**
 * Pairs of settings with the same secret in them, however it is written: as text, in base64 (`whsec_…`, or as URLs have it), in hexadecimal,
 * in either case. A setting that holds one twice is paired with itself.
 */
export function alikeIn(secrets: readonly NamedSecret[]): (readonly [string, string])[] {
  const firstNames = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const { name, secret } of secrets) {
    const readings = readingsOf(secret);
    const first = readings.map((reading) => firstNames.get(reading)).find((known) => known !== undefined);
    if (first === undefined) for (const reading of readings) firstNames.set(reading, name);
    else pairs.push([first, name]);
  }
  return pairs;
}

/** What the same secret may be written for. In lower case: who has drawn one at random has not drawn the other by chance. */
function readingsOf(secret: string): string[] {
  const bare = secret.replace(/^whsec_|=+$/g, '');
  const bytes = base64Bytes(bare.replaceAll('-', '+').replaceAll('_', '/'));
  const hex = /^(?:[\da-f]{2})+$/i.test(bare)
    ? bare.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))
    : null;
  return [bare, bytes, hex].flatMap((reading) => (reading === null ? [] : [reading.toLowerCase()]));
}

/** A global of every runtime that this is for. */
declare function atob(base64: string): string;

/** One character a byte; null: it is no base64. */
function base64Bytes(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

/** The bytes of a secret in base64 (`whsec_…`, or a key that ends with `=`), otherwise the codes of its characters. */
function codesOf(secret: string): number[] {
  const [, signing, key] = /^(?:whsec_([A-Za-z0-9+/]+)={0,2}|([A-Za-z0-9+/]{40,})={1,2})$/.exec(secret) ?? [];
  const text = base64Bytes(signing ?? key ?? '-') ?? secret;
  return Array.from(text, (character) => Number(character.codePointAt(0)));
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
