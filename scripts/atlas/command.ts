// What a command of `npx atlas` is: its words, and what it finds. How it ends is the same for all:
// 0 all is well · 1 something was found, or the API refused it · 2 used wrongly · 3 what it needs cannot be reached.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { portBaseOption } from '../dev/home.ts';
import type { Connection } from './connection.ts';

export interface Found {
  /** For people, with its last newline. */
  readonly text: string;
  /** With --json, as one object on one line. */
  readonly answer: unknown;
  /** False ends with 1. */
  readonly isWell: boolean;
  /** Goes before `isWell`: some of it was found, and the key is not known, or a part does not answer. */
  readonly end?: 'usedWrongly' | 'unreachable';
}

export const exits = { well: 0, found: 1, usedWrongly: 2, unreachable: 3 } as const;

export interface Command {
  /** Of --help, without the options that all have. */
  readonly help: string;
  /** Throws what is wrong with the words; the work is done by what it returns. */
  readonly read: (args: readonly string[]) => (connection: () => Connection) => Promise<Found>;
}

/** Words that make no sense together with what is there: ends with 2. */
export class UsedWrongly extends Error {}

/** What a command needs does not answer: ends with 3. */
export class Unreachable extends Error {}

/** Options of every command. */
export const commonOptions = {
  url: { type: 'string' },
  key: { type: 'string' },
  'inner-url': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  ...portBaseOption,
} as const satisfies ParseArgsConfig['options'];

export const commonHelp = `  --url URL         the origin's API (ATLAS_URL)
  --key KEY         an operator's API key (better ATLAS_API_KEY: a command line is seen by others on the machine)
  --inner-url URL   where /health and /metrics are answered, if not at --url (ATLAS_INNER_URL)
  --json            one object on one line
  --help            this
Without a URL: the system that npm start runs here (--port-base N for that of another port base, which goes before ATLAS_URL).

Exit codes: 0 all is well, 1 something was found or refused, 2 used wrongly, 3 cannot be reached.`;

/** Positional words by their names; more or fewer of them are wrong. */
export function wordsIn<const O extends NonNullable<ParseArgsConfig['options']>, const N extends string = never>(
  args: readonly string[],
  { names = [], options }: { readonly names?: readonly N[]; readonly options?: O },
) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...commonOptions, ...options } as typeof commonOptions & O,
  });
  const missing = names[positionals.length];
  if (missing !== undefined) throw new Error(`say which: <${missing}>`);
  if (positionals.length > names.length) throw new Error(`${positionals[names.length]} is one word too many`);
  return {
    values,
    words: Object.fromEntries(names.map((name, at) => [name, positionals[at] ?? ''])) as Record<N, string>,
  };
}

/** For those that people have another word of. */
const howToFind: Readonly<Record<string, string>> = {
  card: "; a network's token leads to it by atlas card find <card_token>",
};

/** An id as the API has it, so that a slip is told before anything is asked. */
export function idIn(word: string, prefix: string): string {
  if (!new RegExp(`^${prefix}_[0-9a-z]{26}$`).test(word))
    throw new Error(
      `${word} is no ${prefix}_ id: those have 26 letters and digits after ${prefix}_${howToFind[prefix] ?? ''}`,
    );
  return word;
}

export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} ${text} is not a whole number above 0`);
  return Number(text);
}
