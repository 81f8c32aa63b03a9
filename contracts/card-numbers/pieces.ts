// A card number whose groups stand in several values of JSON, one after the other: `[["4111"],["1111"],…]`, `[{"g":"4111"},…]`,
// `{"a":"4111","b":"1111",…}`, `{"4111":"1111",…}`. Values are read in the order in which they are written. A value with a letter in it ends a
// number, as a letter does in a text; null, true and signs alone do not.

import { eachRegion } from './digit-region.ts';
import { lengthMax } from './issuer-ranges.ts';
import { hasCardNumber } from './windows.ts';

interface Place {
  /** The list or object that it stands in. */
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
  readonly text: string;
  readonly digits: number;
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
    if (isCard(run)) run.forEach(mark);
    run = [];
  };
  // A stack of its own, as in card-data.ts. What is put on it last is read first.
  const open: Place[] = [{ owner: null, key: '', name: '', field: '', value: body, isName: false }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place;
    if (typeof value === 'object' && value !== null && !('toJSON' in value)) {
      markNumberedNames(value, place.field, mark);
      openAll(open, place, value);
    } else {
      const isNumberOfField = typeof value === 'number' && !Array.isArray(place.owner) && !numbersOfFields;
      const piece = isIdentifier(place.name) || isNumberOfField ? null : pieceOf(place);
      if (piece === undefined) continue;
      if (piece === null || !goesOnFrom(run.at(-1), piece)) close();
      if (piece !== null) run.push(piece);
    }
  }
  close();
  if (field === null) return null;
  const has = (owner: object, key: string) => marked.get(owner)?.has(key) ?? false;
  return { field, has: (owner, key) => has(owner, `false${key}`), hasName: (owner, key) => has(owner, `true${key}`) };
}

function openAll(open: Place[], { name, field }: Place, owner: object): void {
  const places: Place[] = Array.isArray(owner)
    ? owner.map((value: unknown, key) => ({ owner, key, name, field, value, isName: false }))
    : Object.entries(owner).flatMap(([key, value]) => {
        const at = { owner, key, field: field || key };
        const inside = { ...at, name: key, value, isName: false };
        // Most names have letters, and stand between two pieces as if they were not there.
        return /\p{L}/u.test(key) ? inside : [{ ...at, name: '', value: key, isName: true }, inside];
      });
  for (const place of places.reverse()) open.push(place);
}

/** Longer ones are looked at by themselves: twelve digits and four are a reference and a category, unless they are items of a list. */
const [alone, inList] = [8, 15];

/** undefined: nothing that ends a number; null: something that does. */
function pieceOf(place: Place): Piece | null | undefined {
  const { value } = place;
  if (typeof value === 'number') {
    const text = String(value);
    return /^\d{1,8}$/.test(text) ? { place, text, digits: text.length } : null;
  }
  if (typeof value !== 'string') return value === null || typeof value === 'boolean' ? undefined : null;
  if (value.length > 60 || /\p{L}/u.test(value)) return null;
  const digits = value.match(/\p{N}/gu)?.length ?? 0;
  if (digits === 0) return undefined;
  return digits <= inList ? { place, text: value, digits } : null;
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
    run.map(({ text }) => text),
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
    for (const one of [pieceOf({ ...at, value: key, isName: true }), pieceOf({ ...at, value, isName: false })])
      if (one) pieces.push(one);
  }
  if (names > 1 && pieces.reduce((sum, { digits }) => sum + digits, 0) >= 12) pieces.forEach(mark);
}
