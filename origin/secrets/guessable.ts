// Whether a person made a secret up: how few bits it takes to spell it in words, walks over a keyboard, repeats and single characters.
// Example: `Password1Password2Password3` is a word (7 bits), a digit, and twice a repeat of both: about 40 bits, where 27 characters that
// were drawn at random have 130. No kept library does it: zxcvbn gives 24 random digits fewer guesses than a sentence of six words, and costs half
// a second at each start. Does not know phrases of other languages, nor words that are beyond the 8,000 of its list.

import { readFileSync } from 'node:fs';

/** As an attacker goes through them: the most frequent first, so that an early one costs fewer bits. */
const words = readFileSync(new URL('common-words.txt', import.meta.url), 'utf8')
  .trim()
  .split(/\s+/);
const bitsOfWord = new Map(words.map((word, index) => [word, 1 + Math.log2(index + 1)]));
const wordLengthMax = Math.max(...words.map((word) => word.length));

/** Rows and columns of a keyboard, and the alphabet: whoever walks along one, either way, is followed for little. */
const walks = ['1234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'abcdefghijklmnopqrstuvwxyz', '01', '!@#$%^&*()']
  .concat([
    '1qaz',
    '2wsx',
    '3edc',
    '4rfv',
    '5tgb',
    '6yhn',
    '7ujm',
    '8ik',
    '9ol',
    '0p',
    'zaq',
    'qwertzuiop',
    'azertyuiop',
  ])
  .flatMap((row) => [row, [...row].toReversed().join('')]);
const steps = new Set(walks.flatMap((row) => [...row].slice(1).map((next, index) => `${row[index]}${next}`)));

/** Signs that stand for letters in words (`P@ssw0rd`). */
const lettersOf: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' },
};

const bits = { step: 1.5, repeat: 6, digit: 3.3, letter: 5.2, sign: 3 } as const;
const repeatLengthMin = 4;
/** Longer ones are not looked at beyond it: no phrase of so many characters is spelled in fewer bits than are asked for. */
const lengthMax = 200;

/** As few as it can be spelled in, forwards or backwards: `drowssap` is a word too. */
export function bitsToSpell(secret: string): number {
  const text = [...secret.slice(0, lengthMax).toLowerCase()];
  return Math.min(bitsForwards(text.join('')), bitsForwards(text.toReversed().join('')));
}

function bitsForwards(text: string): number {
  const read = [...text].map((character) => lettersOf[character] ?? character).join('');
  // Of each length, the fewest bits that its beginning takes.
  const fewest = [0];
  const reach = (end: number, spent: number) => {
    fewest[end] = Math.min(fewest[end] ?? Number.POSITIVE_INFINITY, spent);
  };
  for (let at = 0; at < text.length; at++) {
    const spent = fewest[at] ?? Number.POSITIVE_INFINITY;
    reach(at + 1, spent + bitsOfCharacter(text, at));
    for (let length = 2; length <= wordLengthMax && at + length <= text.length; length++)
      for (const spelled of [text, read]) {
        const ofWord = bitsOfWord.get(spelled.slice(at, at + length));
        if (ofWord !== undefined) reach(at + length, spent + ofWord);
      }
    for (let length = repeatLengthMin; at + length <= text.length; length++) {
      if (text.lastIndexOf(text.slice(at, at + length), at - length) === -1 || at < length) break;
      reach(at + length, spent + bits.repeat);
    }
  }
  return fewest[text.length] ?? 0;
}

function bitsOfCharacter(text: string, at: number): number {
  const character = text.charAt(at);
  const before = text.charAt(at - 1);
  if (at > 0 && (before === character || steps.has(before + character))) return bits.step;
  if (/\d/.test(character)) return bits.digit;
  return /\p{L}/u.test(character) ? bits.letter : bits.sign;
}
