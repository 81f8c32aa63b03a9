// Finds card data in a parsed body, so that it can be refused, or masked, before anything is kept: no card number ever enters.
// Fields made for card data are known by name; a card number in text by its length, its issuer's range and Luhn's check digit.
// One random number in ten passes Luhn (airline tickets have 13 digits), so fields that a contract defines as identifiers are
// never searched, and what a network says of a purchase is masked rather than refused.

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

/** A run of 13 to 19 digits with single spaces or hyphens between them, and no digit on either side. */
const candidate = /(?<!\d)(?<!\d[ -])\d(?:[ -]?\d){12,18}(?![ -]?\d)/g;

/** Leading digits and lengths that issuers use (ISO/IEC 7812 ranges as the networks publish them). */
const issuerRanges =
  /^(?:4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|(?:5[06-8]|6[0-9])\d{11,17})$/;

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
  // A stack of its own: a body nested thousands deep must not exhaust the call stack.
  const open: Place[] = [{ parent: null, name: '', index: null, value: body }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { name, value } = place;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) open.push({ parent: place, name, index, value: item });
    } else if (typeof value === 'object' && value !== null) {
      for (const key in value) {
        const inside = { parent: place, name: key, index: null, value: (value as Record<string, unknown>)[key] };
        const problem = problemOfName(key);
        // A name that holds a number is not repeated: the path would carry it on.
        if (problem !== null) return { path: pathOf(holdsCardNumber(key) ? place : inside), problem };
        open.push(inside);
      }
    } else if (!namesOnly && (typeof value === 'string' || typeof value === 'number') && !identifiers.has(name)) {
      if (holdsCardNumber(String(value)) && !identifiers.has(nameInOwner(place)))
        return { path: pathOf(place), problem: 'holds what looks like a card number' };
    }
  }
  return null;
}

const noIdentifiers: ReadonlySet<string> = new Set();

/** The first field that is made for card data, by its name alone; null where there is none. Texts are not searched. */
export function findCardField(body: unknown): CardDataFinding | null {
  return findCardData(body, { identifiers: noIdentifiers, namesOnly: true });
}

/** Identifiers in a control: names of merchants are searched, their ids are not. */
export const controlIdentifiers = ['control_id', 'merchant.any_of', 'merchant.none_of'] as const;

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

/** Whether a field is made for card data, by its name: `CVV2` and `card_number` are. */
export function isCardField(name: string): boolean {
  return fieldsForCardData.has(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
}

function problemOfName(name: string): string | null {
  if (fineNames.has(name)) return null;
  if (isCardField(name)) return 'is a field for card data, which must not be sent here';
  if (holdsCardNumber(name)) return 'has a field named with a card number';
  if (fineNames.size < fineNamesMax) fineNames.add(name);
  return null;
}

/** Whether a text holds a card number, plain or grouped by single spaces or hyphens, in ASCII or full-width digits. */
export function holdsCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  const plain = plainAscii.test(text) ? text : text.normalize('NFKC');
  for (const [match] of plain.matchAll(candidate)) {
    const digits = match.replace(/[ -]/g, '');
    if (isCardNumber(digits)) return true;
  }
  return false;
}

/** Digits in groups, however many: single spaces, hyphens or points between them. */
const digitGroups = /\d(?:[ .-]?\d){12,}/g;

/**
 * The text with every digit masked of what may be a card number: nothing of it is left to guess from. Wider than
 * `holdsCardNumber`, since masking loses no money: groups of digits side by side are tried in every combination, so that
 * `4111111111111111 0123` is found.
 */
export function maskCardNumbers(text: string): string {
  if (text.length < 13) return text;
  const written = plainAscii.test(text) ? text : text.normalize('NFKC');
  const masked = written.replace(digitGroups, (run) => (mayHoldCardNumber(run) ? run.replace(/\d/g, '*') : run));
  return masked === written ? text : masked;
}

const plainAscii = /^[\x20-\x7e]*$/;

function mayHoldCardNumber(run: string): boolean {
  const groups = run.split(/[ .-]/);
  return groups.some((group, first) => {
    // A number that is longer than any card's may begin with one: its expiry date follows in a magnetic stripe.
    for (let length = 13; length <= 19 && length < group.length; length++)
      if (group.length > 19 && isCardNumber(group.slice(0, length))) return true;
    let digits = '';
    for (let last = first; last < groups.length && digits.length < 19; last++) {
      digits += groups[last] ?? '';
      if (isCardNumber(digits)) return true;
    }
    return false;
  });
}

function isCardNumber(digits: string): boolean {
  return issuerRanges.test(digits) && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - 48;
    const weighed = place % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}
