// Identifiers: a type prefix and 26 random characters (130 bits). Nothing about time, order or owner can be read from one.
// nanoid, because it maps the platform's random bytes to letters without bias.

import { customRandom, random } from 'nanoid';
import * as z from 'zod/mini';

const prefixes = [
  ...(['auth', 'card', 'acct', 'stl', 'trf', 'evt', 'whk', 'req', 'lac', 'cset'] as const),
  ...(['mrch', 'akey', 'run', 'whm', 'oit', 'srt'] as const),
] as const;
export type IdPrefix = (typeof prefixes)[number];
export type Id<P extends IdPrefix> = `${P}_${string}`;

/** Crockford's base 32 in lower case: no i, l, o or u, so an id survives being read aloud. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const randomLength = 26;

/** Random bytes are drawn for many ids at once: each draw is a call out of the isolate. No byte is used twice. */
let pool: Uint8Array = new Uint8Array();
let used = 0;
function draw(count: number): Uint8Array {
  if (used + count > pool.length) {
    pool = random(count * 64);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}
const randomText = customRandom(alphabet, randomLength, draw);

export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return `${prefix}_${randomText()}`;
}

export function idSchema<P extends IdPrefix>(prefix: P) {
  const text = `^${prefix}_[${alphabet}]{${randomLength}}$`;
  const pattern = new RegExp(text);
  const schema = z.custom<Id<P>>((value) => typeof value === 'string' && pattern.test(value), {
    error: `must look like ${prefix}_ and ${randomLength} letters and digits`,
  });
  // For the API's document: a check written as code says nothing of itself.
  return schema.register(z.globalRegistry, { type: 'string', pattern: text });
}
