// Texts with a card number in them, for tests and measurements: every brand and length, by the numbers that networks and processors
// publish for testing and by made-up ones; each between separators, among neighbours and in scripts. No card of anybody.

/** Published test numbers. */
const published =
  '4111111111111111 4242424242424242 4012888888881881 4000056655665556 4917610000000000 4222222222222 5555555555554444 ' +
  '5105105105105100 5454545454545454 2223003122003222 2223000048400011 2720990000000007 2222405343248877 378282246310005 ' +
  '371449635398431 341111111111111 378734493671000 6011111111111117 6011000990139424 6011601160116611 6445644564456445 ' +
  '6500000000000002 30569309025904 38520000023237 36227206271667 3056930009020004 3530111333300000 3566002020360505 ' +
  '6200000000000005 6212345678901265 6212345678900000003 6250941006528599 8171999927660000 6759649826438453 ' +
  '6799990100000000019 6771798021000008 586824160825533338 6304000000000000 5641821111166669 6703444444444449 ' +
  '5019717010103742 2200000000000004 2204000000000000 2201382000000013 2200000000000053 5066991111111118 6362970000457013 ' +
  '6062826786276634 5060990580000217499 9792030000000000';

/** Beginnings of issuers' numbers with their lengths, of which one is made each. */
const beginnings: readonly (readonly [prefix: string, ...lengths: number[]])[] = [
  ['4539', 13, 16, 19],
  ['5312', 16],
  ['2221', 16],
  ['2720', 16],
  ['37', 15],
  ['644', 16, 19],
  ['649', 16],
  ['6521', 16],
  ['300', 14, 16, 19],
  ['305', 14],
  ['36', 14, 19],
  ['39', 14],
  ['3528', 16, 19],
  ['3589', 16],
  ['1800', 15],
  ['2131', 15],
  ['62', 16, 17, 18, 19],
  ['5018', 12, 13, 14, 15, 16, 17, 18, 19],
  ['6761', 16, 18, 19],
  ['2203', 16, 17, 18, 19],
  ['508500', 16],
  ['606985', 16],
  ['8172', 16],
  ['506699', 16],
  ['509042', 16],
  ['637095', 16],
  ['384100', 13, 16, 19],
  ['650002', 16, 18],
  ['979200', 16],
  ['637', 16],
  ['1354', 15],
  ['8600', 16],
  ['9860', 16],
  ['9704', 16, 19],
];

/** The same digits each time, and the check digit of Luhn. */
function made(prefix: string, length: number): string {
  const body = (prefix + '7305194628051937462'.repeat(2)).slice(0, length - 1);
  const sum = [...body].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}

export const sampleCards: readonly string[] = [
  ...published.split(' '),
  ...beginnings.flatMap(([prefix, ...lengths]) => lengths.map((length) => made(prefix, length))),
];

type Form = (card: string) => string;

/** As cards of its length are printed: 4-6-5, 4-6-4, or by four. */
function grouped(card: string, separator: string): string {
  const shape = card.length === 15 || card.length === 14 ? /^(.{4})(.{6})(.*)$/ : /.{1,4}/g;
  const [whole = '', ...groups] = card.match(shape) ?? [];
  return (shape.global ? [whole, ...groups] : groups).join(separator);
}

const between =
  (separator: string): Form =>
  (card) =>
    grouped(card, separator);
/** Every digit in another form. */
const inDigits =
  (form: (digit: number) => string): Form =>
  (card) =>
    card.replace(/\d/g, (digit) => form(Number(digit)));
const fromZero = (zero: number) => inDigits((digit) => String.fromCodePoint(zero + digit));

/** Between the groups. */
const separatedForms: Readonly<Record<string, Form>> = {
  'with nothing between': (card) => card,
  'by spaces': between(' '),
  'by hyphens': between('-'),
  'by points': between('.'),
  'by underscores': between('_'),
  'by slashes': between('/'),
  'by commas': between(','),
  'by colons': between(':'),
  'by bars': between('|'),
  'by stars': between('*'),
  'by plus signs': between('+'),
  'by tabs': between('\t'),
  'by line breaks': between('\r\n'),
  'by two spaces': between('  '),
  'by a hyphen among spaces': between(' - '),
  'by NUL': between('\0'),
  'by no-break spaces': between('\u00a0'),
  'by thin spaces': between('\u2009'),
  'by ideographic spaces': between('\u3000'),
  'by zero-width spaces': between('\u200b'),
  'by word joiners': between('\u2060'),
  'by soft hyphens': between('\u00ad'),
  'by en dashes': between('\u2013'),
  'by em dashes': between('\u2014'),
  'by minus signs': between('\u2212'),
  'by no-break hyphens': between('\u2011'),
  'by middle dots': between('\u00b7'),
  'by bullets': between('\u2022'),
  'by line separators': between('\u2028'),
  'by right-to-left marks': between('\u200f'),
  'by a space after each digit': (card) => [...card].join(' '),
  'by a hyphen after each digit': (card) => [...card].join('-'),
  'by a zero-width joiner after each digit': (card) => [...card].join('\u200d'),
  'by pairs': (card) => card.match(/..?/g)?.join(' ') ?? '',
  'by brackets': (card) => `(${grouped(card, ')(')})`,
  'by two stars': between('**'),
  'by line breaks of HTML': between('<br>'),
  'by cells of a table': (card) => `<td>${grouped(card, '</td>\n<td class="pan">')}</td>`,
  'by commas and spaces': between(', '),
  'as a list of texts': (card) => `["${grouped(card, '","')}"]`,
  'as a list of texts, spaced': (card) => `["${grouped(card, '", "')}"]`,
  'as a list of texts in JSON': (card) => `{\\"n\\":[\\"${grouped(card, '\\",\\"')}\\"]}`,
  'as a list of texts in JSON in JSON': (card) =>
    `{\\\\\\"n\\\\\\":[\\\\\\"${grouped(card, '\\\\\\",\\\\\\"')}\\\\\\"]}`,
  'as a list in single quotes': (card) => `('${grouped(card, "', '")}')`,
  'by semicolons and spaces': between('; '),
  'by Hangul fillers': between('\u3164'),
  'as a program writes numbers': (card) => (card.length < 15 ? card : card.replace(/\B(?=(\d{3})+$)/g, ',')),
  'as old browsers have it': between('%u0020'),
  'as HTML has it, without a semicolon': (card) => card.replace(/\d/g, (digit) => `&#${48 + Number(digit)}`),
  'as a URL has it': between('%20'),
  'as a form has it': between('%2D'),
  'as HTML has it': between('&nbsp;'),
  'as JSON in JSON has it': between('\\u0020'),
  'as line breaks in JSON': between('\\n'),
  'as a URL in a URL has it': between('%2520'),
  'as JSON, lists in a list': (card) => `[["${grouped(card, '"],["')}"]]`,
  'as JSON, numbers in lists in a list': (card) => `{"n":[[${grouped(card, '],[')}]]}`,
  'as JSON in JSON, lists in a list': (card) => `[[\\"${grouped(card, '\\"],[\\"')}\\"]]`,
  'over a path': (card) => `https://shop.example/a/${grouped(card, '/b/')}`,
  'over a host, a path and a query': (card) => {
    const [first = '', second = '', ...others] = grouped(card, ' ').split(' ');
    return `https://${first}.shop.example/x${second}?${others.map((group, at) => `p=${at === 0 ? '' : 'q'}${group}`).join('&')}`;
  },
  'over the labels of a host': (card) => `https://a${grouped(card, '.b')}.example/`,
};

/** What stands beside it. */
const neighbourForms: Readonly<Record<string, Form>> = {
  'with an expiry date': (card) => `${card} 12/27`,
  'with an expiry date and a code': (card) => `${card} 12/27 123`,
  'with an expiry date written together': (card) => `${card}1227`,
  'with the year first': (card) => `${card}2712`,
  'with expiry and code written together': (card) => `${card}1227123`,
  // After 12 or 13 digits a code cannot be told from the rest of a longer number.
  'with a code written together': (card) => (card.length < 14 ? `${card} 123` : `${card}123`),
  'with a number before': (card) => `order 77 ${card}`,
  'with a number after': (card) => `${card} 77`,
  'with numbers on both sides': (card) => `12 ${card} 34`,
  'with a date before': (card) => `2026-11-26 ${card}`,
  'with an amount after': (card) => `${card} 12.50 EUR`,
  'among words': (card) => `paid with ${card}, thanks`,
  'with letters written together': (card) => `PAN${card}X`,
  'with zeros before': (card) => card.padStart(19, '0'),
  'in brackets': (card) => `(${card})`,
  'in quotes': (card) => `"${card}"`,
  'in a URL': (card) => `https://shop.example/pay?card=${card}&x=1`,
  'in JSON': (card) => `{"note":"${card}","n":1}`,
  'on a magnetic stripe, track 1': (card) => `%B${card}^DOE/JOHN^27121010000012345678?`,
  'on a magnetic stripe, track 2': (card) => `;${card}=27121010000012345678?`,
  'in a chip, track 2': (card) => `${card}D27121010000012345678`,
  'with another one': (card) => `${card}/${card}`,
  'in a chip, padded': (card) => `${card}FFFFFFFFFF`,
  'before a short hash': (card) => `${card}.a1b2c3d4e5f60718`,
  'after a hash': (card) => `#${card}`,
};

/** In which digits. */
const scriptForms: Readonly<Record<string, Form>> = {
  'full width': fromZero(0xff10),
  'Arabic-Indic': fromZero(0x660),
  'extended Arabic-Indic': fromZero(0x6f0),
  Devanagari: fromZero(0x966),
  Bengali: fromZero(0x9e6),
  Thai: fromZero(0xe50),
  Khmer: fromZero(0x17e0),
  Mongolian: fromZero(0x1810),
  Osmanya: fromZero(0x104a0),
  'mathematical bold': fromZero(0x1d7ce),
  'mathematical monospace': fromZero(0x1d7f6),
  segmented: fromZero(0x1fbf0),
  superscript: inDigits((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(digit)),
  subscript: fromZero(0x2080),
  circled: inDigits((digit) => (digit === 0 ? '⓪' : String.fromCodePoint(0x245f + digit))),
  'in black circles': inDigits((digit) => (digit === 0 ? '⓿' : String.fromCodePoint(0x2775 + digit))),
  keycaps: inDigits((digit) => `${digit}\ufe0f\u20e3`),
  underlined: inDigits((digit) => `${digit}\u0332`),
  'tag characters': fromZero(0xe0030),
  'percent escapes': inDigits((digit) => `%3${digit}`),
  'percent escapes of another script': inDigits((digit) => encodeURIComponent(String.fromCodePoint(0x660 + digit))),
  'HTML entities': inDigits((digit) => `&#${48 + digit};`),
  'HTML entities in hex': inDigits((digit) => `&#x3${digit};`),
  'JSON escapes': inDigits((digit) => `\\u003${digit}`),
  'percent escapes, twice': inDigits((digit) => `%253${digit}`),
  'percent escapes, four times': inDigits((digit) => `%2525253${digit}`),
  'percent escapes of another script, twice': inDigits((digit) =>
    encodeURIComponent(encodeURIComponent(String.fromCodePoint(0x660 + digit))),
  ),
  'HTML entities, twice': inDigits((digit) => `&amp;#${48 + digit};`),
  'HTML entities in hex, three times': inDigits((digit) => `&amp;amp;#x3${digit};`),
  'JSON escapes, twice': inDigits((digit) => `\\\\u003${digit}`),
};

/** Every card in every form: some thousands. */
export function eachCardText(): { readonly card: string; readonly form: string; readonly text: string }[] {
  const forms = Object.entries({ ...separatedForms, ...neighbourForms, ...scriptForms });
  return forms.flatMap(([form, write]) => sampleCards.map((card) => ({ card, form, text: write(card) })));
}
