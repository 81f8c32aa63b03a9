// Marked test numbers: one for each channel, so that what is found says where it came in. They are no cards: issuers leave the
// range 411111 to testing.

export interface Mark {
  readonly channel: string;
  readonly number: string;
}

export function markOf(channel: string, index: number): Mark {
  const body = `411111${`${index}`.padStart(3, '0')}902718`.slice(0, 15);
  const sum = [...body].reverse().reduce((total, sign, place) => {
    const value = Number(sign) * (place % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return { channel, number: body + ((10 - (sum % 10)) % 10) };
}

const byFour = (number: string, separator: string) => number.replace(/(.{4})(?=.)/g, `$1${separator}`);

/** Ways to write a number that a filter has missed before; the next channel takes the next one. */
const spellings: readonly ((number: string) => string)[] = [
  (number) => `${number} 12/27`,
  (number) => byFour(number, '.'),
  (number) => `order 77 ${number}`,
  (number) => `${number}1227`,
  (number) => byFour(number, '\u00a0'),
  (number) => number.replace(/\d/g, (sign) => String.fromCharCode(0x660 + Number(sign))),
  (number) => byFour(number, '\u200b'),
  (number) => byFour(number, ' - '),
];

export function spelled({ number }: Mark, index: number): string {
  return `paid by ${spellings[index % spellings.length]?.(number) ?? number}, thanks`;
}

/** Which of the marks stand in a text, however they are written there: digits alone are compared. */
export function marksIn(text: string, marks: readonly Mark[]): readonly Mark[] {
  const digits = text
    .normalize('NFKC')
    .replace(/[\u0660-\u0669]/g, (sign) => `${sign.charCodeAt(0) - 0x660}`)
    .replace(/[^0-9A-Za-z]+/g, '');
  // In pieces, too: over the fields of a row that it is kept in.
  const alone = digits.replace(/\D+/g, '');
  return marks.filter(({ number }) => digits.includes(number) || alone.includes(number));
}
