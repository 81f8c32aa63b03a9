// Which leading digits and which lengths issuers use (ISO/IEC 7812 ranges as the networks publish them, November 2026).
// A table row costs nothing at run time: all rows are folded into one look-up by the first four digits.

export const lengthMin = 12;
export const lengthMax = 19;

/**
 * First and last prefix with the same number of digits (`51-55`, `2221-2720`), or one prefix that stands for itself, with spaces between;
 * lengths; and those that are looked for in the middle of a longer run of digits too. These only where the prefix is rare or the brand
 * is common: each such row finds cards by chance in long numbers (docs/decisions/0017 has the rates). Brands are named beside the rows,
 * and not in them: nothing asks for one, and the edge's bundle would carry them.
 */
type Range = readonly [prefixes: string, lengths: readonly number[], glued?: readonly number[]];

const from16 = [16, 17, 18, 19];
const from12 = [12, 13, 14, 15, ...from16];
const only16 = [16];

const ranges: readonly Range[] = [
  // Visa
  ['4', [13, 16, 19], only16],
  // Mastercard
  ['51-55 2221-2720', only16, only16],
  // American Express
  ['34 37', [15], [15]],
  // Discover
  ['6011 644-649 65', from16, only16],
  // Diners Club
  ['300-305 3095 36 38-39', [14, 15, ...from16]],
  // JCB, and its old numbers
  ['3528-3589', from16, only16],
  ['1800 2131', [15]],
  // UnionPay
  ['62 81', from16, only16],
  // China T-Union
  ['31', [19]],
  // Mastercard gives Maestro's numbers out of all of these. In the middle of other digits only the prefixes that are in use.
  ['50 56-58 60-69', from12],
  ['5018 5020 5038 5641 5893 6304 6333-6334 6390 6703 6706 6709', from12, [16, 18, 19]],
  ['6759 6761-6763 6767 6771 6799', from12, only16],
  // Mir
  ['2200-2205', from16, only16],
  // RuPay
  ['508500-508999 606985-608500 652150-653149', only16, only16],
  ['82 817200-820199', only16],
  // Elo
  ['504175 506699-506778 509000-509999 636297 636368 627780 650031-650051 655000-655058', only16, only16],
  // Hipercard
  ['384100 384140 384160 606282 637095 637568 637599 637609 637612', [13, 16, 19], only16],
  // Verve
  ['506099-506198 507865-507964 650002-650027', [16, 18, 19], only16],
  // InstaPayment
  ['637-639', only16],
  // UATP
  ['1', [15]],
  // Napas
  ['9704', [16, 19], only16],
  // Troy, Dankort, Uzcard, Humo, GPN, Belkart, ArCa
  ['9792 5019 8600 9860 1946 9112 9051', only16, only16],
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

for (const [prefixes, alone, glued = []] of ranges) {
  const lengths = bitsOf(alone) | (bitsOf(glued) << 8);
  for (const prefix of prefixes.split(' ')) {
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
