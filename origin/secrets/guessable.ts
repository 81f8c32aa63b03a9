// Whether a person made a secret up: how few bits it takes to spell it in words, walks over a keyboard, repeats and single characters.
// Example: `Password1Password2Password3` is a word (7 bits), a digit, and twice a repeat of both: about 40 bits, where 27 characters that
// were drawn at random have 130. No kept library does it: zxcvbn gives 24 random digits fewer guesses than a sentence of six words, and costs half
// a second at each start. A long sentence has more bits than any bound, and nobody draws one: how its letters follow one another tells it, whether or
// not its words are in the list. Does not know phrases of other languages.

import { readFileSync } from 'node:fs';
import { instantAt, knownDigitsAt } from './known-digits.ts';

/** As an attacker goes through them: the most frequent first, so that an early one costs fewer bits. */
const words = readFileSync(new URL('common-words.txt', import.meta.url), 'utf8')
  .trim()
  .split(/\s+/);
const bitsOfWord = new Map(words.map((word, index) => [word, 1 + Math.log2(index + 1)] as const).toReversed());
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

/** An instant in seconds and one in digits of π: what somebody who knows of such secrets would try first. */
const bits = { step: 1.5, repeat: 6, digit: 3.3, letter: 5.2, sign: 3, instant: 20, known: 9 } as const;
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
    const known = knownDigitsAt(text, at);
    if (known > 0) reach(at + known, spent + bits.known);
    const instant = instantAt(text, at);
    if (instant > 0) reach(at + instant, spent + bits.instant);
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

/** Of three letters in a row, how often the third follows the other two in words; `^` stands before the first. */
const [followed, follows] = [new Map<string, number>(), new Map<string, number>()];
for (const word of words) {
  if (!/^[a-z]{3,14}$/.test(word)) continue;
  for (const three of threesOf(word)) {
    followed.set(three.slice(0, 2), (followed.get(three.slice(0, 2)) ?? 0) + 1);
    follows.set(three, (follows.get(three) ?? 0) + 1);
  }
}

function threesOf(word: string): string[] {
  return [...word].map((letter, at) => `^^${word}`.slice(at, at + 2) + letter);
}

/** Of 20,000 texts of 24 drawn letters, digits, `-` and `_` the lowest mean had 4.0 bits a letter; sentences have 3.1 to 3.8. */
const [letterBitsMin, lettersMin, lettersShareMin] = [3.8, 18, 0.7];

/** Whether it is a sentence, with whatever between its words: `the-payments-service-needs-a-long-key`, `thisisoursecretforatlas`. */
export function readsLikeWords(secret: string): boolean {
  const text = secret.slice(0, lengthMax);
  const plain = text.replace(/([a-z])(?=[A-Z])/g, '$1 ').toLowerCase();
  const read = [...plain].map((character) => lettersOf[character] ?? character).join('');
  const runs = read.match(/[a-z]+/g) ?? [];
  const letters = runs.join('').length;
  if (letters < lettersMin || letters < text.length * lettersShareMin) return false;
  return runs.reduce((sum, run) => sum + bitsAsWords(run), 0) < letters * letterBitsMin;
}

/** That one word ends and another begins, and how many letters it has at least. */
const [boundaryBits, wordLettersMin] = [1.5, 3];

/** The fewest in which the run is read as words one after the other. */
function bitsAsWords(run: string): number {
  // By how many letters the word has until here; the last place is for as many and more.
  let fewest = [0, ...Array.from({ length: wordLettersMin }, () => Number.POSITIVE_INFINITY)];
  for (let at = 0; at < run.length; at++) {
    const next = fewest.map(() => Number.POSITIVE_INFINITY);
    const reach = (length: number, spent: number) => {
      const place = Math.min(length, wordLettersMin);
      next[place] = Math.min(next[place] ?? spent, spent);
    };
    for (const [length, spent] of fewest.entries()) {
      if (spent === Number.POSITIVE_INFINITY) continue;
      reach(length + 1, spent + bitsOfThird(`^^${run.slice(at - Math.min(length, 2), at)}`.slice(-2) + run.charAt(at)));
      if (length === wordLettersMin) reach(1, spent + boundaryBits + bitsOfThird(`^^${run.charAt(at)}`));
    }
    fewest = next;
  }
  return Math.min(...fewest.slice(1));
}

/** A third that was never met has few of them too, and not none. */
function bitsOfThird(three: string): number {
  const share = ((follows.get(three) ?? 0) + 0.05) / ((followed.get(three.slice(0, 2)) ?? 0) + 1.3);
  return Math.min(9, -Math.log2(share));
}
