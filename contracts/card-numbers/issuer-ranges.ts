// Which leading digits and which lengths issuers use (ISO/IEC 7812 ranges as the networks publish them, November 2026).
// A table row costs nothing at run time: all rows are folded into one look-up by the first four digits.

export const lengthMin = 12;
export const lengthMax = 19;

interface Range {
  readonly brand: string;
  /** `51-55`, `2221-2720`: first and last prefix, with the same number of digits. One prefix alone stands for itself. */
  readonly prefixes: readonly string[];
  readonly lengths: readonly number[];
  /**
   * Lengths that are looked for in the middle of a longer run of digits too. Only where the prefix is rare or the brand is
   * common: each such row finds cards by chance in long numbers (docs/decisions/0017 has the rates).
   */
  readonly glued?: readonly number[];
}

const from16 = [16, 17, 18, 19];
const from12 = [12, 13, 14, 15, 16, 17, 18, 19];

const ranges: readonly Range[] = [
  { brand: 'Visa', prefixes: ['4'], lengths: [13, 16, 19], glued: [16] },
  { brand: 'Mastercard', prefixes: ['51-55', '2221-2720'], lengths: [16], glued: [16] },
  { brand: 'American Express', prefixes: ['34', '37'], lengths: [15], glued: [15] },
  { brand: 'Discover', prefixes: ['6011', '644-649', '65'], lengths: from16, glued: [16] },
  { brand: 'Diners Club', prefixes: ['300-305', '3095', '36', '38-39'], lengths: [14, 15, 16, 17, 18, 19] },
  { brand: 'JCB', prefixes: ['3528-3589'], lengths: from16, glued: [16] },
  { brand: 'JCB, old', prefixes: ['1800', '2131'], lengths: [15] },
  { brand: 'UnionPay', prefixes: ['62', '81'], lengths: from16, glued: [16] },
  { brand: 'China T-Union', prefixes: ['31'], lengths: [19] },
  // Mastercard gives Maestro's numbers out of all of these. In the middle of other digits only the prefixes that are in use.
  { brand: 'Maestro', prefixes: ['50', '56-58', '60-69'], lengths: from12 },
  {
    brand: 'Maestro, in use',
    prefixes: ['5018', '5020', '5038', '5641', '5893', '6304', '6333-6334', '6390', '6703', '6706', '6709'],
    lengths: from12,
    glued: [16, 18, 19],
  },
  { brand: 'Maestro, in use', prefixes: ['6759', '6761-6763', '6767', '6771', '6799'], lengths: from12, glued: [16] },
  { brand: 'Mir', prefixes: ['2200-2205'], lengths: from16, glued: [16] },
  { brand: 'RuPay', prefixes: ['508500-508999', '606985-608500', '652150-653149'], lengths: [16], glued: [16] },
  { brand: 'RuPay', prefixes: ['82', '817200-820199'], lengths: [16] },
  {
    brand: 'Elo',
    prefixes: ['504175', '506699-506778', '509000-509999', '636297', '636368'],
    lengths: [16],
    glued: [16],
  },
  { brand: 'Elo', prefixes: ['627780', '650031-650051', '655000-655058'], lengths: [16], glued: [16] },
  {
    brand: 'Hipercard',
    prefixes: ['384100', '384140', '384160', '606282', '637095', '637568', '637599', '637609', '637612'],
    lengths: [13, 16, 19],
    glued: [16],
  },
  { brand: 'Verve', prefixes: ['506099-506198', '507865-507964', '650002-650027'], lengths: [16, 18, 19], glued: [16] },
  { brand: 'Troy', prefixes: ['9792'], lengths: [16], glued: [16] },
  { brand: 'InstaPayment', prefixes: ['637-639'], lengths: [16] },
  { brand: 'UATP', prefixes: ['1'], lengths: [15] },
  { brand: 'Dankort', prefixes: ['5019'], lengths: [16], glued: [16] },
  { brand: 'Uzcard', prefixes: ['8600'], lengths: [16], glued: [16] },
  { brand: 'Humo', prefixes: ['9860'], lengths: [16], glued: [16] },
  { brand: 'Napas', prefixes: ['9704'], lengths: [16, 19], glued: [16] },
  { brand: 'GPN', prefixes: ['1946'], lengths: [16], glued: [16] },
  { brand: 'Belkart', prefixes: ['9112'], lengths: [16], glued: [16] },
  { brand: 'ArCa', prefixes: ['9051'], lengths: [16], glued: [16] },
];

interface SixDigits {
  readonly first: number;
  readonly last: number;
  readonly lengths: number;
}

/**
 * Lengths that a card may have by its first four digits: bit n for n + 12 digits where it stands alone, bit n + 8 where it stands
 * in the middle of other digits.
 */
export const lengthsByFour = new Uint32Array(10_000);
/** In the same: ranges of six digits begin with these four. */
export const firstSixMatter = 1 << 16;
const bySix = new Map<number, readonly SixDigits[]>();

for (const { prefixes, lengths: alone, glued = [] } of ranges) {
  const lengths = bitsOf(alone) | (bitsOf(glued) << 8);
  for (const prefix of prefixes) {
    const [first = '', last = first] = prefix.split('-');
    const [from, to] = [Number(first.padEnd(4, '0').slice(0, 4)), Number(last.padEnd(4, '9').slice(0, 4))];
    const six = { first: Number(first), last: Number(last), lengths };
    for (let four = from; four <= to; four++) {
      lengthsByFour[four] = (lengthsByFour[four] ?? 0) | (first.length > 4 ? firstSixMatter : lengths);
      if (first.length > 4) bySix.set(four, [...(bySix.get(four) ?? []), six]);
    }
  }
}

function bitsOf(lengths: readonly number[]): number {
  return lengths.reduce((bits, length) => bits | (1 << (length - lengthMin)), 0);
}

/** The same by ranges of six digits, which fewer issuers have. */
export function lengthsBySix(firstFour: number, firstSix: number): number {
  let bits = 0;
  for (const { first, last, lengths } of bySix.get(firstFour) ?? [])
    if (firstSix >= first && firstSix <= last) bits |= lengths;
  return bits;
}
