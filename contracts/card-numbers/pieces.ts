// A card number whose groups stand in several values of JSON, one after the other: `[["4111"],["1111"],…]`, `[{"g":"4111"},…]`,
// `{"a":"4111","b":"1111",…}`, `{"4111":"1111",…}`. Values are read in the order in which they are written. A value with a letter in it ends a
// number, as a letter does in a text; null, true and signs alone do not.

import { eachRegion } from './digit-region.ts';
import { lengthMax } from './issuer-ranges.ts';
import { hasCardNumber } from './windows.ts';

interface Place {
  /** The list or object that it stands in; null: it is the body itself. */
  readonly owner: object | null;
  /** Its name in it, or its index. */
  readonly key: string | number;
  /** The name of the field, of a list's items that of the list. */
  readonly name: string;
  /** The outermost field. */
  readonly field: string;
  readonly value: unknown;
  /** This is the name itself. */
  readonly isName: boolean;
}

interface Piece {
  readonly place: Place;
  readonly digits: number;
}

/** A list or an object that is being read, and how far. Values get no place of their own before they are pieces: most are none. */
interface Open {
  readonly owner: object;
  /** Of a list none. */
  readonly names: readonly string[] | null;
  readonly length: number;
  next: number;
  readonly name: string;
  readonly field: string;
}

export interface Pieces {
  /** The outermost field of the first one. */
  readonly field: string;
  /** Whether the value under this name is one. */
  has(owner: object, key: string | number): boolean;
  /** Whether the name itself is one. */
  hasName(owner: object, key: string): boolean;
}

interface Reading {
  /** Names of fields whose values are no card's. */
  readonly isIdentifier: (name: string) => boolean;
  /** False: a number that a field has by itself is none, since it is an amount or a count; in a list it is one. */
  readonly numbersOfFields: boolean;
}

/** Null: there are none. */
export function piecesOfCards(body: unknown, { isIdentifier, numbersOfFields }: Reading): Pieces | null {
  const marked = new Map<object, Set<string>>();
  let field: string | null = null;
  let run: Piece[] = [];
  const mark = ({ place }: Piece) => {
    if (place.owner === null) return;
    field ??= place.field;
    const keys = marked.get(place.owner) ?? new Set();
    marked.set(place.owner, keys.add(`${place.isName}${place.key}`));
  };
  const close = () => {
    if (run.length === 0) return;
    if (isCard(run)) run.forEach(mark);
    run = [];
  };
  const read = (value: unknown, name: string, at: Omit<Place, 'value' | 'name'>) => {
    const isNumberOfField = typeof value === 'number' && !Array.isArray(at.owner) && !numbersOfFields;
    const digits = isNumberOfField || isIdentifier(name) ? null : digitsOf(value);
    if (digits === undefined) return;
    const piece =
      digits === null
        ? null
        : { place: { owner: at.owner, key: at.key, field: at.field, isName: at.isName, name, value }, digits };
    if (piece === null || !goesOnFrom(run.at(-1), piece)) close();
    if (piece !== null) run.push(piece);
  };
  // A stack of its own, as in card-data.ts: a body may be as deep as it is long.
  const open: Open[] = [];
  const enter = (value: unknown, name: string, at: Omit<Place, 'value' | 'name'>) => {
    if (typeof value !== 'object' || value === null || 'toJSON' in value) return read(value, name, at);
    markNumberedNames(value, at.field, mark);
    const names = Array.isArray(value) ? null : Object.keys(value);
    open.push({ owner: value, names, length: (names ?? (value as unknown[])).length, next: 0, name, field: at.field });
  };
  enter(body, '', { owner: null, key: '', field: '', isName: false });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { owner, names, next: key } = top;
    if (key >= top.length) {
      open.pop();
      continue;
    }
    top.next++;
    if (names === null) {
      enter((owner as unknown[])[key], top.name, { owner, key, field: top.field, isName: false });
      continue;
    }
    const name = names[key] as string;
    const field = top.field || name;
    // Most names have letters, and stand between two pieces as if they were not there.
    if (!hasLetter(name)) read(name, '', { owner, key: name, field, isName: true });
    enter((owner as Record<string, unknown>)[name], name, { owner, key: name, field, isName: false });
  }
  close();
  if (field === null) return null;
  const has = (owner: object, key: string) => marked.get(owner)?.has(key) ?? false;
  return { field, has: (owner, key) => has(owner, `false${key}`), hasName: (owner, key) => has(owner, `true${key}`) };
}

/** Longer ones are looked at by themselves: twelve digits and four are a reference and a category, unless they are items of a list. */
const [alone, inList] = [8, 15];

/** How many digits a piece has; undefined: nothing that ends a number; null: something that does. */
function digitsOf(value: unknown): number | null | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value < 1e8 ? lengthOf(value) : null;
  if (typeof value !== 'string') return value === null || typeof value === 'boolean' ? undefined : null;
  if (value.length > 60) return null;
  const digits = digitsOfText(value);
  if (digits === 0) return undefined;
  return digits !== null && digits <= inList ? digits : null;
}

/** Of a whole number below 100,000,000. */
function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 10; rest /= 10) length++;
  return length;
}

/** Null: it has a letter. Nearly all texts are of ASCII, where the two classes of Unicode are ranges. */
function digitsOfText(text: string): number | null {
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return /\p{L}/u.test(text) ? null : (text.match(/\p{N}/gu)?.length ?? 0);
    if (code >= 0x30 && code <= 0x39) digits++;
    else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) return null;
  }
  return digits;
}

function hasLetter(text: string): boolean {
  return digitsOfText(text) === null;
}

function goesOnFrom(last: Piece | undefined, { place, digits }: Piece): boolean {
  return last === undefined || last.place.name === place.name || (last.digits <= alone && digits <= alone);
}

/** Items of one list may be grouped in any way, as in a list of texts; fields that stand beside each other only as cards are printed. */
function isCard(run: readonly Piece[]): boolean {
  if (run.length < 2) return false;
  // A list of many numbers is a list of numbers: some four in a row always are a card's.
  if (
    run.length > lengthMax &&
    run.every(({ place }) => typeof place.value === 'number' && place.owner === run[0]?.place.owner)
  )
    return false;
  const isList = run.length <= lengthMax && run.every(({ place }) => place.name === run[0]?.place.name);
  return isCardInGroups(
    run.map(({ place }) => String(place.value)),
    isList ? ' ' : '/',
  );
}

/** A piece as it may be kept. */
export function withoutDigits(piece: unknown): string {
  return String(piece).replace(/\p{N}/gu, '*');
}

export function isCardInGroups(groups: readonly string[], separator: ' ' | '/'): boolean {
  const text = groups.join(separator);
  let found = false;
  eachRegion(text, false, (region) => {
    found = hasCardNumber(region, text);
    return !found;
  });
  return found;
}

/**
 * Names that are numbers come out of an object in the order of their size, so nobody can say any more which number they were. Two of them
 * with twelve digits together, their values with them, are pieces.
 */
function markNumberedNames(owner: object, field: string, mark: (piece: Piece) => void): void {
  if (Array.isArray(owner)) return;
  const pieces: Piece[] = [];
  let names = 0;
  for (const key in owner) {
    // They come first.
    if (!/^\d{1,8}$/.test(key)) break;
    names++;
    const at = { owner, key, name: '', field: field || key };
    const value = (owner as Record<string, unknown>)[key];
    for (const place of [
      { ...at, value: key, isName: true },
      { ...at, value, isName: false },
    ]) {
      const digits = digitsOf(place.value);
      if (digits) pieces.push({ place, digits });
    }
  }
  if (names > 1 && pieces.reduce((sum, { digits }) => sum + digits, 0) >= 12) pieces.forEach(mark);
}
