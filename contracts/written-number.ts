// A number of JSON that no double holds, as it was written: `9007199254740993` would be shown as …992, `1e400` as Infinity.

import { maskCardNumbers } from './card-numbers/card-numbers.ts';

export class WrittenNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  /** For evidence and logs of ours: the text, as no number can hold it. */
  toJSON(): string {
    return maskCardNumbers(this.text);
  }
}

/** A number of sixteen digits or with an exponent, which may be rounded: by itself, or anywhere in a text. */
const long = /(?:^|[:[,])\s*-?(?:[\d.]{16}|[\d.]+e)/i;

/** For JSON.parse (ES2026: with the source of a number): each that would be shown otherwise than it was written keeps its text. Undefined: there is none. */
export function reviverFor(text: string) {
  return long.test(text)
    ? (_: string, value: unknown, { source = '' }) =>
        typeof value === 'number' && long.test(source) && `${value}` !== source ? new WrittenNumber(source) : value
    : undefined;
}
