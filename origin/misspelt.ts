// Variables whose names are nearly those of settings. A setting that is written wrong is not set, and what holds then is its default:
// `WRONG_KEYS_PER_MINUT=10` bounds nothing. Production does not start where the right name is not set either; elsewhere, and where it is, a
// warning is logged. A variable of the machine's that is near one of ours by chance has to be renamed, or the setting set.

import type { Environment } from './secrets/secret-settings.ts';

interface Misspelt {
  readonly name: string;
  readonly meant: string;
}

/** Of a shorter name, two letters make another word: `HOST` and `POST`. */
const nameLengthMin = 6;
const differenceMax = 2;
/** One letter in so many may differ. */
const lettersPerDifference = 5;

export function misspelt(environment: Environment, settings: readonly string[]): Misspelt[] {
  return Object.keys(environment).flatMap((name) => {
    const written = plain(name);
    if (settings.includes(name) || !environment[name]?.trim() || written.length < nameLengthMin) return [];
    const near = settings
      .filter(
        (setting) => Math.abs(setting.length - written.length) <= differenceMax && setting.length >= nameLengthMin,
      )
      .map((setting) => ({ setting, difference: editDistance(written, setting) }))
      .filter(({ setting, difference }) => difference <= Math.min(differenceMax, setting.length / lettersPerDifference))
      .toSorted((one, other) => one.difference - other.difference);
    return near.slice(0, 1).map(({ setting: meant }) => ({ name, meant }));
  });
}

export function misspeltProblems(found: readonly Misspelt[], environment: Environment): string[] {
  const isProduction = environment['ENVIRONMENT'] === 'production';
  return (
    found
      // Whoever mistypes this one does not know which he has.
      .filter(({ meant }) => (isProduction || meant === 'ENVIRONMENT') && !environment[meant])
      .map(({ name, meant }) => `${name}: is no setting; did you mean ${meant}? set that one, and leave ${name} out`)
  );
}

/** In the writing that settings have. */
function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[-. ]/g, '_');
}

/** Levenshtein's: how many characters have to be put in, taken out or exchanged. */
function editDistance(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const now = [row + 1];
    for (const [column, its] of [...other].entries()) {
      const exchanged = (before[column] ?? 0) + (letter === its ? 0 : 1);
      now.push(Math.min(exchanged, (before[column + 1] ?? 0) + 1, (now[column] ?? 0) + 1));
    }
    before = now;
  }
  return before.at(-1) ?? 0;
}
