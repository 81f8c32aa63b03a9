// What JSON.parse keeps silent about: of two fields with one name it returns the last (RFC 8259 section 4 leaves it open, so that two
// programs read two bodies), and of a number only the double beside it (`100.00000000000000001` is 100). For texts that JSON.parse has taken. Whether two names are one is told after their escapes: `"a"` and `"\u0061"` are.

import { maskCardNumbers } from './card-numbers/card-numbers.ts';
import type { FieldProblem } from './problem.ts';
import { cut, plain } from './text.ts';

export interface Lost extends FieldProblem {
  /** The path to it: names of fields, places in lists. */
  readonly path: readonly (string | number)[];
  /** Where in the text the second name, or the number, stands. */
  readonly begin: number;
  readonly end: number;
  readonly isName: boolean;
}

/**
 * Of a text and what JSON.parse has made of it. Where nothing is escaped, each quotation mark is of a name or a text that is in the value, and no
 * amount is long, nothing is lost: that costs half of reading the text by hand, and is so for all usual messages.
 */
export function lostOf(text: string, value: unknown): Lost[] {
  const isUsual = !text.includes('\\') && quotesOf(text) === 2 * textsIn(value) && !longAmount.test(text);
  return isUsual ? [] : lostByJson(text);
}

/** Longer than what a double keeps as it was written (IEEE 754), or with an exponent, which no sender of amounts writes. */
const longAmount = /(?:_minor|amount)"\s*:\s*-?(?:[\d.]{17}|[\d.]+[eE])/;
const isLong = (number: string) => number.length > 16 || /e/i.test(number);

function quotesOf(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count++;
  return count;
}

/** Names and texts. */
function textsIn(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const at = open.pop();
    if (typeof at === 'string') count++;
    else if (Array.isArray(at)) {
      for (const item of at)
        if (typeof item === 'object') open.push(item);
        else if (typeof item === 'string') count++;
    } else if (typeof at === 'object' && at !== null)
      for (const name in at) {
        count++;
        const inside = (at as Record<string, unknown>)[name];
        if (typeof inside === 'string') count++;
        else if (typeof inside === 'object') open.push(inside);
      }
  }
  return count;
}

/** A string, a sign that opens, closes or goes on, a number. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]|-?\d[\d.eE+-]*/g;

interface Level {
  /** Null: a list. */
  readonly names: Set<string> | null;
  /** The name that was read last, or the place in the list. */
  at: string | number;
}

/** All of them. */
export function lostByJson(text: string): Lost[] {
  const lost: Lost[] = [];
  const open: Level[] = [];
  const lose = (problem: string, begin: number, end: number, isName: boolean) => {
    const path = open.map(({ at }) => at);
    const field = path.map((at) => (typeof at === 'number' ? `[${at}]` : `.${at}`)).join('');
    lost.push({ path, field: shown(field), problem, begin, end, isName });
  };
  let isNameNext = false;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const level = open.at(-1);
    const end = index + token.length;
    if (token === '{' || token === '[') {
      isNameNext = token === '{';
      open.push(isNameNext ? { names: new Set(), at: '' } : { names: null, at: 0 });
    } else if (token === '}' || token === ']') {
      isNameNext = false;
      open.pop();
    } else if (token === ',') {
      if (typeof level?.at === 'number') level.at++;
      else isNameNext = true;
    } else if (isNameNext && level?.names) {
      isNameNext = false;
      const name: string = JSON.parse(token);
      level.at = name;
      if (level.names.size === level.names.add(name).size) lose(standsTwice, index + 1, end - 1, true);
    } else if (!token.startsWith('"') && isLong(token) && /(?:_minor|amount)$/.test(String(level?.at)))
      lose('must have fifteen digits at most, and no exponent', index, end, false);
  }
  return lost;
}

/**
 * The text as a person may be shown it and nothing is lost by parsing it: each repeated name is made another one (`"a (again, at 12)"`), and each
 * rounded number a text. Nothing that was read so may be booked: `fieldAgain` finds the names, and no amount is a text.
 */
export function withNothingLost(text: string, lost: readonly Lost[]): string {
  let all = '';
  let done = 0;
  for (const { begin, end, isName } of lost) {
    all +=
      text.slice(done, begin) +
      (isName ? `${text.slice(begin, end)} (again, at ${end})` : `"${text.slice(begin, end)}"`);
    done = end;
  }
  return all + text.slice(done);
}

const again = / \(again, at \d+\)$/;

/** Whether the name was made another one by `withNothingLost`. */
export function isAgain(name: string): boolean {
  return name.endsWith(')') && again.test(name);
}

/** The path of the first name in the value that was there twice; null: none was. */
export function fieldAgain(value: unknown): string | null {
  const open: [path: string, value: unknown][] = [['', value]];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const [path, at] = one;
    if (Array.isArray(at)) {
      for (let index = 0; index < at.length; index++)
        if (typeof at[index] === 'object') open.push([`${path}[${index}]`, at[index]]);
    } else if (typeof at === 'object' && at !== null)
      for (const name in at) {
        if (isAgain(name)) return shown(`${path}.${name.replace(again, '')}`);
        const inside = (at as Record<string, unknown>)[name];
        if (typeof inside === 'object') open.push([`${path}.${name}`, inside]);
      }
  }
  return null;
}

export const standsTwice = 'stands there twice';

/** A path as it may be said: names are anything that somebody outside has written. */
function shown(path: string): string {
  return cut(maskCardNumbers(plain(path.replace(/^\./, '')))) || 'body';
}
