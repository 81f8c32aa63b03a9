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
/** How much of a secret must be new, and no repeat of its own pieces, or that is what is said of it. */
const newPartMin = 2 / 3;
/** Two texts have to share as many pieces to be alike, or all that the shorter one has. */
const sharedMin = 4;

/**
 * Why nobody should use this secret, wherever it runs; null: no reason is seen. The reason never holds any of it. Examples:
 * `whsec_` and 32 times `A` (24 zero bytes), `abcabcabcabcabcabcabcabc`, `Password1Password2Password3`. `mayBeShort`: on a laptop.
 */
export function weaknessOf(secret: string, { mayBeShort = false } = {}): string | null {
  const codes = codesOf(secret);
  if (new Set(codes).size <= 1) return 'is one character or byte, repeated';
  if (longestRun(codes) > equalInARowMax || longestRun(differences(codes)) >= codes.length / 2)
    return 'is a row that anybody can continue';
  const newPart = piecesOf(codes).size / Math.max(1, codes.length - 2);
  const isPoor = entropyBits(codes) * newPart < entropyBitsMin;
  if (isPoor && newPart < newPartMin) return 'is a short piece, repeated';
  if (isPoor && !mayBeShort) return 'is too short, or has too few different characters';
  return null;
}

/** Whether it is one that anybody can read: a sample of ours, or of a provider's documentation. Fine on a laptop only. */
export function isPublished(secret: string, sha256Hex: (text: string) => string): boolean {
  const decoded = String.fromCharCode(...codesOf(secret));
  return sampleWord.test(secret) || sampleWord.test(decoded) || isPublishedHash(sha256Hex(secret));
}

/**
 * Pairs of settings with the same secret in them, or nearly the same, however it is written: as text, in base64 (`whsec_…`, or as URLs have it),
 * in hexadecimal, percent-encoded, one of these within another, in either case, backwards, with a few characters exchanged. A setting that
 * holds one twice is paired with itself. `beside`: settings that are no secrets, of which one may hold a secret.
 */
export function alikeIn(
  secrets: readonly NamedSecret[],
  beside: readonly NamedSecret[] = [],
): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  const earlier: { name: string; readings: Set<string>[] }[] = [];
  for (const [at, { name, secret }] of [...secrets, ...beside].entries()) {
    const written = readingsOf(secret).map((reading) => reading.toLowerCase());
    // Samples are alike in how they say that they are some, and no more than that may be wrong with them on a laptop.
    const isSample = written.some((reading) => sampleWord.test(reading));
    const readings = written.map((reading) => (isSample ? new Set<string>() : piecesToCompare(reading)).add(reading));
    const first = earlier.find((known) => known.readings.some((one) => readings.some((other) => isAlike(one, other))));
    if (first !== undefined) pairs.push([first.name, name]);
    // What is no secret is compared with secrets, and with nothing else.
    else if (at < secrets.length) earlier.push({ name, readings });
  }
  return pairs;
}

/** None of what repeats itself, as hexadecimal digits of hexadecimal digits do: any two of these have most pieces in common. */
function piecesToCompare(text: string): Set<string> {
  const pieces = piecesOf(codesIn(text));
  return pieces.size < (text.length - 2) * newPartMin ? new Set() : pieces;
}

/** Whether half of the shorter one's pieces are in the other. Of two that were drawn at random it is one piece in a hundred. */
function isAlike(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const [short, long] = one.size < other.size ? [one, other] : [other, one];
  const shared = [...short].filter((piece) => long.has(piece)).length;
  return shared * 2 >= short.size && shared >= Math.min(sharedMin, short.size);
}

/** What the same secret may be written for, itself among them. */
export function readingsOf(secret: string, depth = 3): string[] {
  const bare = unescaped(secret).replace(/^whsec_|=+$/g, '');
  const hex = /^(?:[\da-f]{2})+$/i.test(bare) ? bare.replace(/../g, '%$&') : bare;
  const decoded = [base64Bytes(bare.replaceAll('-', '+').replaceAll('_', '/')), unescaped(hex)];
  const within = decoded.flatMap((text) =>
    text === null || text === bare || depth === 0 ? [] : readingsOf(text, depth - 1),
  );
  return [bare, ...within];
}

/** One character a byte, so that what is no UTF-8 is read too. */
function unescaped(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
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
  return codesIn(base64Bytes(signing ?? key ?? '-') ?? secret);
}

function codesIn(text: string): number[] {
  return Array.from(text, (character) => Number(character.codePointAt(0)));
}

/** Three characters each, of which one read backwards is the same: those of a text are all that it and its mirror image have in common. */
function piecesOf(codes: readonly number[]): Set<string> {
  const ends = codes.slice(2).map((last, index) => [codes[index] ?? 0, last] as const);
  return new Set(
    ends.map(([first, last], index) => `${Math.min(first, last)} ${codes[index + 1]} ${Math.max(first, last)}`),
  );
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
