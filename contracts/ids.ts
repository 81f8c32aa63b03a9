// Identifiers: a type prefix and 26 random characters (130 bits). Nothing about time, order or owner can be read from one.

import { random } from 'nanoid';
import * as z from 'zod/mini';

const prefixes = [
  ...(['auth', 'card', 'acct', 'stl', 'trf', 'evt', 'whk', 'req', 'lac', 'cset'] as const),
  ...(['mrch', 'akey', 'run', 'whm', 'oit', 'srt', 'comp', 'dept', 'empl'] as const),
] as const;
export type IdPrefix = (typeof prefixes)[number];
export type Id<P extends IdPrefix> = `${P}_${string}`;

/** Crockford's base 32 in lower case: no i, l, o or u, so an id survives being read aloud. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const randomLength = 26;

/** Random bytes are drawn for many ids at once: each draw is a call out of the isolate. No byte is used twice. */
let pool: Uint8Array = new Uint8Array();
let used = 0;

const letterCodes = Array.from(alphabet, (letter) => letter.charCodeAt(0));
const codes = new Array<number>(randomLength).fill(0);

/** Five bits of a byte are a letter of the 32, each as likely. Made as one text: 26 joined pieces would be kept as a chain of them. */
function randomText(): string {
  if (used + randomLength > pool.length) {
    pool = random(randomLength * 64);
    used = 0;
  }
  for (let place = 0; place < randomLength; place++) codes[place] = letterCodes[(pool[used++] ?? 0) & 31] ?? 0;
  return String.fromCharCode(...codes);
}

export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return `${prefix}_${randomText()}`;
}

/** The same id for the same bytes, of which it takes 26: for what must have one id, whenever it is made. Of a digest, nothing can be read. */
export function idOfBytes<P extends IdPrefix>(prefix: P, bytes: Uint8Array): Id<P> {
  return `${prefix}_${Array.from(bytes.subarray(0, randomLength), (byte) => alphabet[byte & 31]).join('')}`;
}

export function idSchema<P extends IdPrefix>(prefix: P) {
  const pattern = new RegExp(`^${prefix}_[${alphabet}]{${randomLength}}$`);
  const error = `must look like ${prefix}_ and ${randomLength} letters and digits`;
  return z.string(error).check(z.regex(pattern, error)) as unknown as z.ZodMiniType<Id<P>, Id<P>>;
}
