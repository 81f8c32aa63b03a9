// Random ids as processors and banks make them, by their shape: a card's digits in one are chance, and it may not be refused for them.

import { sampleCards } from './sample-card-texts.ts';

type Signs = (alphabet: string, length: number) => string;

const [lower, upper, ten] = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789'];
const hex = `${ten}abcdef`;

/** `below(n)`: a whole number from 0 to n - 1. */
export function tokenShapes(below: (end: number) => number): Readonly<Record<string, () => string>> {
  const signs: Signs = (alphabet, length) =>
    Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join('');
  return {
    'hex of 24': () => signs(hex, 24),
    'hex of 32': () => signs(hex, 32),
    'hex of 32, upper case': () => signs(hex, 32).toUpperCase(),
    'hex of 40': () => signs(hex, 40),
    'hex of 64': () => signs(hex, 64),
    'hex of 128': () => signs(hex, 128),
    'hex of 32 behind a prefix': () => `tok_${signs(hex, 32)}`,
    'hex as programs write it': () => `0x${signs(hex, 40)}`,
    'GUIDs of any kind': () => [8, 4, 4, 4, 12].map((length) => signs(hex, length)).join('-'),
    'base 32': () => signs(`${upper}234567`, 26),
    'base 32 of Crockford': () => signs('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 26),
    'base 36': () => signs(ten + lower, 25),
    'base 62': () => signs(ten + upper + lower, 22),
    'base 64 for URLs': () => signs(`${ten}${upper}${lower}-_`, 22),
  };
}

/** In which JSON a number's groups are told apart: each is searched as a whole value. */
export const scattered: Readonly<Record<string, (groups: readonly string[]) => unknown>> = {
  'lists of one': (groups) => groups.map((group) => [group]),
  'lists of one, deep': (groups) => groups.map((group) => [[[group]]]),
  'lists of numbers': (groups) => groups.map((group) => [Number(group)]),
  'lists of two': (groups) => [groups.slice(0, 2), groups.slice(2)],
  'objects of one': (groups) => groups.map((g) => ({ g })),
  'objects of one, of other names': (groups) => groups.map((group, at) => ({ [`g${'abcdefg'[at]}`]: group })),
  'objects with a number': (groups) => groups.map((group) => ({ g: Number(group) })),
  'fields beside each other': (groups) =>
    Object.fromEntries(groups.map((group, at) => [`part_${'abcdefg'[at]}`, group])),
  'fields with numbers': (groups) =>
    Object.fromEntries(groups.map((group, at) => [`part_${'abcdefg'[at]}`, Number(group)])),
  'fields at different depths': ([first, ...others]) => ({ a: first, b: { c: others[0], d: { e: others.slice(1) } } }),
  'all kinds in turn': (groups) =>
    groups.map((group, at) => [[group], { g: group }, Number(group), [[{ x: [group] }]]][at % 4]),
  'nothing and signs between': (groups) => groups.flatMap((group) => [group, null, '-', true, '', ' / ']),
  'signs around each': (groups) => groups.map((group) => [`(${group})`]),
  'in other digits': (groups) =>
    groups.map((group) => [group.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)))]),
  'names and values in turn': ([first = '', second, third = '', ...others]) => ({
    [`${first} `]: second,
    [`${third} `]: others[0],
    rest: others.slice(1),
  }),
  'names that are numbers': (groups) => Object.fromEntries(groups.map((group) => [group, 'x'])),
};

/** Cards that are printed in groups of which none begins with a zero, which a number would lose. */
export const scatteredCards: readonly (readonly string[])[] = sampleCards
  .filter((card) => card.length === 16)
  .map((card) => card.match(/.{4}/g) ?? [])
  .filter((groups) => groups.every((group) => !group.startsWith('0')) && new Set(groups).size === 4);
