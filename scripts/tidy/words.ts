// Words that may not be written, each with what to write instead.

import { type Finding, isTest, lineAt, roomOf } from './finding.ts';
import type { Source } from './source.ts';

interface BannedWord {
  readonly word: string;
  readonly pattern: RegExp;
  readonly where: (path: string) => boolean;
  readonly instead: string;
}

const everywhere = () => true;
const inRooms =
  (...rooms: readonly string[]) =>
  (path: string) =>
    rooms.includes(roomOf(path)) && !isTest(path);
const pure = inRooms('contracts', 'core');
const shipped = inRooms('contracts', 'core', 'durable-objects', 'worker', 'origin', 'sdk');

const money = 'keep integer minor units, and let contracts/money.ts convert texts';
const clock = 'take nowMs as a parameter: the shell reads the clock once';
const effects = 'return a value and let the shell do it';

const bannedWords: readonly BannedWord[] = [
  { word: 'parseFloat', pattern: /\bparseFloat\b/g, where: everywhere, instead: money },
  { word: 'toFixed', pattern: /\.toFixed\b/g, where: shipped, instead: money },
  { word: 'Math.random', pattern: /\bMath\.random\b/g, where: pure, instead: 'take what is drawn as a parameter' },
  { word: 'Date.now', pattern: /\bDate\.now\b/g, where: pure, instead: clock },
  { word: 'new Date()', pattern: /\bnew Date\(\s*\)/g, where: pure, instead: clock },
  { word: 'performance.now', pattern: /\bperformance\.now\b/g, where: pure, instead: clock },
  { word: 'fetch', pattern: /(?<![.\w])fetch\(/g, where: pure, instead: effects },
  { word: 'console', pattern: /\bconsole\./g, where: pure, instead: effects },
  {
    word: 'console.log',
    pattern: /\bconsole\.log\b/g,
    where: inRooms('durable-objects', 'worker', 'origin', 'sdk'),
    instead: "write to the room's log, one JSON object a line",
  },
  {
    word: 'as any',
    pattern: /\bas any\b/g,
    where: everywhere,
    instead: 'parse with a schema, or narrow from unknown',
  },
  {
    word: '.only( or .skip(',
    pattern: /\.(?:only|skip)\(/g,
    where: isTest,
    instead: 'run it, or delete it and say why in the commit',
  },
];

export function wordFindings({ file, code }: Source): Finding[] {
  return bannedWords
    .filter(({ where }) => where(file.path))
    .flatMap(({ word, pattern, instead }) =>
      [...code.matchAll(pattern)].map(({ index }) => ({
        path: file.path,
        line: lineAt(file.text, index),
        rule: 'word',
        message: `${word} is not written here; instead ${instead}`,
      })),
    );
}
