// Texts with digits that are no card numbers, by class, for tests and for the rates of false alarms on decision page 17: a
// thousand of each, from a seed. What is random in life is random here: some of them have a card's digits by chance.

export interface TextClass {
  readonly name: string;
  /** Whether its texts come to the API (a false alarm refuses one), or only in what networks state (it masks one). */
  readonly comes: 'to the API' | 'from networks';
  readonly texts: readonly string[];
}

const perClass = 1_000;

/** Mulberry32: the same texts each time. As scripts/seeded-random.ts, which contracts cannot import: they know nobody. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
let random = seeded(1);

const below = (end: number) => Math.floor(random() * end);
const pick = <T>(...items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
const signs = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join('');
const digits = (length: number) => signs('0123456789', length);
/** Without a zero at its beginning. */
const number = (length: number) => `${1 + below(9)}${digits(length - 1)}`;
const two = (from: number, to: number) => `${from + below(to - from + 1)}`.padStart(2, '0');
const hex = (length: number) => signs('0123456789abcdef', length);
const base32 = (length: number) => signs('0123456789abcdefghjkmnpqrstvwxyz', length);
/** An instant within ten years from 2020. */
const atMs = () => 1_577_836_800_000 + below(315_576_000_000);
const iso = () => new Date(atMs()).toISOString();
const amount = () => `${below(20_000)}.${two(0, 99)}`;
const phone = () =>
  pick(
    () => `+49 ${number(3)} ${digits(3)} ${digits(5)}`,
    () => `+1 (${number(3)}) ${number(3)}-${digits(4)}`,
    () => `+44 ${number(4)} ${digits(6)}`,
    () => `+91 ${number(5)} ${digits(5)}`,
    () => `00${number(2)}${digits(10)}`,
  )();
const uuid = () => `${hex(8)}-${hex(4)}-${pick('4', '7')}${hex(3)}-${pick('8', '9', 'a', 'b')}${hex(3)}-${hex(12)}`;
/** With its check digits (ISO 7064, MOD 97-10). */
const checked = (country: string, account: string) => {
  const value = [...`${account}${country}00`].reduce(
    (rest, sign) => (rest * (/\d/.test(sign) ? 10 : 100) + Number.parseInt(sign, 36)) % 97,
    0,
  );
  return `${country}${`${98 - value}`.padStart(2, '0')}${account}`;
};
const iban = () =>
  pick(
    () => checked('DE', digits(18)),
    () => checked('FR', `${digits(10)}${signs('0123456789ABC', 11)}${digits(2)}`),
    () => checked('NL', `INGB${digits(10)}`),
    () => checked('CH', digits(17)),
    () => checked('GB', `BARC${digits(14)}`),
  )();

/** The airlines' own three digits, then the ticket's ten. */
const airlines: readonly (readonly [name: string, code: string])[] = [
  ['SINGAPORE AI', '618'],
  ['LUFTHANSA', '220'],
  ['BRITISH A', '125'],
  ['AIR FRANCE', '057'],
  ['DELTA AIR', '006'],
  ['UNITED', '016'],
  ['EMIRATES', '176'],
  ['QANTAS AIR', '081'],
  ['AMERICAN AI', '001'],
  ['RYANAIR', '224'],
  ['TURKISH AIR', '235'],
  ['AVIANCA', '134'],
  ['ETIHAD AIR', '607'],
  ['AIR INDIA', '098'],
];

const airlineName = () => {
  const [name, code] = airlines[below(airlines.length)] ?? ['', ''];
  return `${name}${code}${digits(10)}`;
};

const toTheApi: Readonly<Record<string, () => string>> = {
  'order numbers of 5 to 11 digits': () => `${pick('', 'order ', '#', 'ORD-')}${number(5 + below(7))}`,
  'order numbers with a date': () => `${pick('PO', 'R', 'INV')}-20${two(20, 29)}-${two(1, 12)}-${digits(6)}`,
  'numbers of 12 to 15 digits': () => number(12 + below(4)),
  'numbers of 16 digits': () => number(16),
  'numbers of 17 to 19 digits': () => number(17 + below(3)),
  'numbers of 20 to 27 digits': () => number(20 + below(8)),
  'our ids': () => `${pick('auth', 'stl', 'card', 'acct')}_${base32(26)}`,
  UUIDs: uuid,
  ULIDs: () => `01${pick('H', 'J', 'K')}${base32(23).toUpperCase()}`,
  'hex of 32, 40 and 64 digits': () => hex(pick(32, 40, 64)),
  'instants as ISO 8601 has them': () => pick(iso(), iso().replace('T', ' ').replace('Z', ''), iso().slice(0, 10)),
  'instants in milliseconds': () => `${atMs()}`,
  'instants as 14 or 17 digits': () => iso().replace(/\D/g, '').slice(0, pick(14, 17)),
  'instants in nanoseconds': () => `${atMs()}${digits(6)}`,
  'dates and times of day': () =>
    `${two(1, 28)}.${two(1, 12)}.20${two(20, 29)} ${two(0, 23)}:${two(0, 59)}${pick('', `:${two(0, 59)}`)}`,
  'one phone number': phone,
  'two phone numbers': () => `${phone()}, ${phone()}`,
  amounts: () => pick(`${amount()} EUR`, `USD ${amount()} of ${amount()}`, `1,${number(3)},${digits(3)}.${digits(2)}`),
  IBANs: iban,
  'IBANs by four': () => iban().replace(/(.{4})(?=.)/g, '$1 '),
  'creditor references (RF, KID, QR)': () => pick(checked('RF', number(14)), digits(15), digits(27)),
  'category codes in a list': () => `allow ${Array.from({ length: 5 }, () => `5${digits(3)}`).join(', ')}`,
  'sentences with numbers': () =>
    `Refund ${number(3)} for order ${number(8)} of ${iso().slice(0, 10)}, ${amount()} USD, call ${phone()}`,
};

/** Later than the others, whose texts are the same from one year to the next. */
const toTheApiToo: Readonly<Record<string, () => string>> = {
  'four category codes in a list': () =>
    `allow ${Array.from({ length: 4 }, () => `${pick('4', '5', '7')}${digits(3)}`).join(', ')}`,
  'category codes as JSON': () => JSON.stringify(Array.from({ length: 3 + below(6) }, () => `5${digits(3)}`)),
};

const fromNetworks: Readonly<Record<string, () => string>> = {
  'airlines with a ticket': airlineName,
  'shops with their number and phone': () =>
    `${pick('EXAMPLE MART', 'COFFEE', 'PARKING')} #${number(4)} ${number(3)}-${number(3)}-${digits(4)} ${pick('CA', 'NY')}`,
  'shops with an order': () =>
    `${pick('AMZN MKTP US*', 'PAYPAL *SHOP ', 'SQ *')}${signs('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', 9)}`,
  'acquirer reference data (23 digits)': () => `${pick('2', '7')}${digits(22)}`,
  'retrieval reference numbers (12 digits)': () => digits(12),
  'trace ids (15 digits)': () => `${pick('0', '1', '3', '4')}${digits(14)}`,
  'parcels (12, 15, 20 and 22 digits)': () => pick(number(12), number(15), number(20), `9${digits(21)}`),
};

function classesOf(comes: TextClass['comes'], makers: Readonly<Record<string, () => string>>): TextClass[] {
  return Object.entries(makers).map(([name, make]) => ({ name, comes, texts: Array.from({ length: perClass }, make) }));
}

/** Thirty thousand texts: the same ones at each call. */
export function otherTexts(): readonly TextClass[] {
  random = seeded(20_261_126);
  return [
    ...classesOf('to the API', toTheApi),
    ...classesOf('from networks', fromNetworks),
    ...classesOf('to the API', toTheApiToo),
  ];
}
