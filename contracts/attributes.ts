// Readers of attributes: what a network says of a purchase beside its amount, currency and keys (a "decoration" of domain.md).
// A decoration is never a reason to refuse: what cannot be read is null and counted, and the rest of the message is read.
// A text is taken where a number is meant and the other way round, where only one thing can be meant: `5411` is "5411".

import type { Merchant } from './authorization-request.ts';
import { holdsCardNumber, maskCardNumbers } from './card-numbers/card-numbers.ts';
import { countryFromCode } from './country.ts';
import { limits } from './limits.ts';
import { currencyFromCode } from './money.ts';
import { cut, plain } from './text.ts';

/** What was given and could not be read, as `merchant.category`: names of ours alone, never a value. */
export type Unread = Set<string>;

/** The value that a reader finds; null where nothing is given, or where it cannot be read, which is counted. */
export function attribute<T>(
  reader: (value: string) => T | null,
  value: unknown,
  name: string,
  unread: Unread,
): T | null {
  if (value === undefined || value === null) return null;
  // Texts, numbers and flags are read by what is written. A reader need not look for padding, full width or signs unseen.
  const written =
    typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
  const read = written === null || written.length > writtenLengthMax ? null : reader(cleaned(written));
  if (read === null) unread.add(name);
  return read;
}

/** Longer than any attribute is written, and short enough to look at: a name of a megabyte is cut before it is read. */
const writtenLengthMax = 2_000;
const plainAscii = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

function cleaned(written: string): string {
  return plainAscii.test(written) ? written : plain(written).trim();
}

/** Codes and ids are ASCII in every contract: full-width letters and digits are the same ones in another form. */
function ascii(text: string): string {
  return plainAscii.test(text)
    ? text
    : text
        .normalize('NFKC')
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
        .trim();
}

/** A name as it came, without what is unfit to be kept; digits that may be a card number are masked before it is cut. */
function nameOf(text: string): string | null {
  return cut(maskCardNumbers(text)) || null;
}

/** The acquirer's id of a merchant, its padding taken off (ISO 8583 field 42 has 15 places). Case is part of it. */
export function merchantIdOf(text: string): string | null {
  const id = ascii(text);
  return id !== '' && id.length <= limits.networkKeyLengthMax && plainAscii.test(id) ? id : null;
}

/** ISO 18245: four digits. A number loses the zeros at its beginning: 742 is "0742". */
function categoryOf(text: string): string | null {
  const code = ascii(text);
  return /^\d{3,4}$/.test(code) ? code.padStart(4, '0') : null;
}

export function flagOf(text: string): boolean | null {
  const word = ascii(text).toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : null;
}

/** A count or a number in a row, from 0. */
export function countOf(text: string): number | null {
  const digits = ascii(text);
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

/** A score beyond the scale counts as its end: the riskiest stays the riskiest. */
export function riskScoreOf(text: string): number | null {
  const score = ascii(text);
  if (!/^-?\d{1,9}(?:\.\d{1,18})?(?:e[+-]?\d{1,2})?$/i.test(score)) return null;
  return Math.min(Math.max(Math.round(Number(score)), 0), limits.riskScoreMax);
}

/** An instant in milliseconds: a whole number that a clock can show. Until 2096 none of them passes for a card's number. */
export function instantMsOf(text: string): number | null {
  const at_ms = orderOf(text);
  return at_ms !== null && at_ms <= instantMsMax ? at_ms : null;
}

/** A network's own number of a message: the larger one came later. One that passes for a card's is not kept, and orders nothing. */
export function orderOf(text: string): number | null {
  const digits = ascii(text);
  const isOrder = /^\d{1,16}$/.test(digits) && Number.isSafeInteger(Number(digits)) && !holdsCardNumber(digits);
  return isOrder ? Number(digits) : null;
}

/** The last instant of an ECMAScript date. */
const instantMsMax = 8_640_000_000_000_000;

const isoInstant = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/;

/** An instant of ISO 8601 with its offset from UTC; without one, whose clock it is cannot be known. */
export function isoInstantOf(text: string): number | null {
  const iso = ascii(text);
  const at_ms = isoInstant.test(iso) ? Date.parse(iso) : Number.NaN;
  return at_ms >= 0 ? at_ms : null;
}

/** A word of a network's list, in upper case. */
export function wordOf(text: string): string | null {
  return text === '' || text.length > limits.networkKeyLengthMax ? null : ascii(text).toUpperCase();
}

/** One of few words, in any case. */
export function oneOfWords<const T extends string>(words: readonly T[]): (text: string) => T | null {
  return (text) => words.find((word) => word === ascii(text).toLowerCase()) ?? null;
}

export const merchantCurrencyOf = (text: string): string | null => currencyFromCode(ascii(text));
export const countryOf = (text: string): string | null => countryFromCode(ascii(text));

/** A merchant of which each part may be unknown. `at`: the parts' names in what is counted. */
export function merchantFrom(
  { id, name, category, country }: { [K in keyof Merchant]: unknown },
  unread: Unread,
): Merchant {
  return {
    id: attribute(merchantIdOf, id, 'merchant.id', unread),
    name: attribute(nameOf, typeof name === 'string' ? name.slice(0, writtenLengthMax) : name, 'merchant.name', unread),
    category: attribute(categoryOf, category, 'merchant.category', unread),
    country: attribute(countryOf, country, 'merchant.country', unread),
  };
}
