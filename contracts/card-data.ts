// Finds card data in a parsed body, so that it can be refused before anything is kept: no card number ever enters. Fields made
// for card data are known by their names; card numbers in texts by the rule of card-numbers.ts. A few random numbers in a hundred
// pass for a card's (a ticket's 13 digits), so fields that a contract defines as identifiers are not searched, and what a
// network says of a purchase is masked rather than refused.

import { holdsCardNumber, isCardInPieces, isCardLikeNumber } from './card-numbers/card-numbers.ts';

export interface CardDataFinding {
  /** Where, as `merchant.name` or `transactions[0].memo`. Never what. */
  readonly path: string;
  readonly problem: string;
}

const fieldsForCardData = new Set(
  (
    'pan fullpan cardpan cardnumber cardno ccnumber primaryaccountnumber cvv cvv2 cvc cvc2 csc cav2 cvvcode cvccode ' +
    'securitycode cardsecuritycode cardverificationcode cardverificationvalue track track1 track2 track3 trackdata ' +
    'track1data track2data track3data trackequivalentdata track2equivalentdata magstripe magneticstripe pin pinblock pindata'
  ).split(' '),
);

/** A value that is still to be looked at, and where it stands: the path is put together only for a finding. */
interface Place {
  readonly parent: Place | null;
  readonly name: string;
  readonly index: number | null;
  readonly value: unknown;
}

/**
 * The first field with card data, or null. `identifiers`: names of fields that a contract defines as identifiers
 * (merchant id, reference numbers), alone or as `owner.name`; numbers in them are not looked at.
 */
export function findCardData(
  body: unknown,
  { identifiers = noIdentifiers, namesOnly = false }: { identifiers?: ReadonlySet<string>; namesOnly?: boolean } = {},
): CardDataFinding | null {
  const isFound = (value: unknown, ownName: string, inside: () => Place): boolean => {
    // A card's token is the field that a card number would be put into by mistake.
    if ((namesOnly && ownName !== 'card_token') || !isCardLike(value)) return false;
    const place = inside();
    return !identifiers.has(place.name) && !identifiers.has(nameInOwner(place));
  };
  // A stack of its own: a body nested thousands deep must not exhaust the call stack. Only lists and objects are put on it, since a
  // body of 64 KiB may hold 32,000 numbers.
  const root: Place = { parent: null, name: '', index: null, value: body };
  const open = [root];
  if (isFound(body, '', () => root)) return { path: 'body', problem: problemOfNumber };
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const parent = place;
    const { name, value } = parent;
    if (Array.isArray(value)) {
      if (isFound(value, name, () => parent)) return { path: pathOf(parent), problem: problemOfNumber };
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index];
        const inside = (): Place => ({ parent, name, index, value: item });
        if (typeof item === 'object') open.push(inside());
        else if (isFound(item, name, inside)) return { path: pathOf(inside()), problem: problemOfNumber };
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const key in value) {
        const member = (value as Record<string, unknown>)[key];
        const inside = (): Place => ({ parent, name: key, index: null, value: member });
        const problem = problemOfName(key);
        // A name that holds a number is not repeated: the path would carry it on.
        if (problem !== null) return { path: pathOf(holdsCardNumber(key) ? place : inside()), problem };
        if (typeof member === 'object') open.push(inside());
        else if (isFound(member, key, inside)) return { path: pathOf(inside()), problem: problemOfNumber };
      }
    }
  }
  return null;
}

/** How it is mended, for a card number and for a number that is none: the one who sent it knows which it is. */
export const problemOfNumber =
  'holds what looks like a card number; send a token instead, or, if it is none, put a letter into its digits';

function isCardLike(value: unknown): boolean {
  if (Array.isArray(value)) return isCardInPieces(value);
  return typeof value === 'string' ? holdsCardNumber(value) : typeof value === 'number' && isCardLikeNumber(value);
}

const noIdentifiers: ReadonlySet<string> = new Set();

/** The first field that is made for card data, by its name, or a card number as a card's token; null where there is none. Other texts are not searched. */
export function findCardField(body: unknown): CardDataFinding | null {
  return findCardData(body, { identifiers: noIdentifiers, namesOnly: true });
}

/** Identifiers in a control: names of merchants are searched, their ids are not, nor whether four categories in a row are a card's groups. */
export const controlIdentifiers = ['merchant', 'category'].flatMap((of) => [`${of}.any_of`, `${of}.none_of`]);

/** `owner.name`, for a name that is an identifier in one object and free text in another. */
function nameInOwner({ parent, name, index }: Place): string {
  const owner = index === null ? parent : parent?.parent;
  return `${owner?.name ?? ''}.${name}`;
}

function pathOf(place: Place): string {
  const parts: string[] = [];
  for (let at = place; at.parent !== null; at = at.parent)
    parts.push(at.index === null ? `.${at.name}` : `[${at.index}]`);
  return parts.reverse().join('').replace(/^\./, '') || 'body';
}

/** Names that were fine: a network sends the same ones every time. Bounded, since anyone may send new ones. */
const fineNames = new Set<string>();
const fineNamesMax = 1_000;
const fineNameLengthMax = 64;

/** Names that are made for nothing of a card. Bounded likewise. */
const usualNames = new Set<string>();

/** Whether a field is made for card data, by its name: `CVV2` and `card_number` are. */
export function isCardField(name: string): boolean {
  if (usualNames.has(name)) return false;
  const isField = fieldsForCardData.has(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  if (!isField && name.length <= fineNameLengthMax && usualNames.size < fineNamesMax) usualNames.add(name);
  return isField;
}

function problemOfName(name: string): string | null {
  if (fineNames.has(name)) return null;
  if (isCardField(name)) return 'is a field for card data, which must not be sent here';
  if (holdsCardNumber(name)) return 'has a field named with a card number';
  if (name.length <= fineNameLengthMax && fineNames.size < fineNamesMax) fineNames.add(name);
  return null;
}
