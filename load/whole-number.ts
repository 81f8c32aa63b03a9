// A word of the command line that must be a whole number above 0.

/** Throws what is wrong, with the option's name and what was given. */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} ${text} is not a whole number above 0`);
  return value;
}
