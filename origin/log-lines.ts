// Lines of the log as they may be shown: one line each, whatever stands in a stranger's text (a merchant's name, an error's message). JSON
// escapes what ASCII has of control characters, and no others: a terminal takes U+009B for the beginning of a command, and some readers
// begin a new line at U+2028.

/** Control characters beyond ASCII's, ends of lines, and what turns the direction of writing round. */
const unescaped = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const escapeOf = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The same JSON, with nothing in it that a terminal acts on. */
export function escaped(line: string): string {
  return line.replace(unescaped, escapeOf);
}

/** An escape of JSON, or a backslash that is one itself. */
const escapes = /\\(?:u[0-9a-f]{4}|.)/gi;
/** The rest of a stack: each call stands in a line of its own, as Node writes it. */
const callInStack = /^\s+at /;

/**
 * A line of JSON from which a printer for people makes texts again: control characters are written out (`\n` as a backslash and an n)
 * but between the calls of a stack.
 */
export function writtenOut(line: string): string {
  const text = escaped(line);
  return text.replace(escapes, (found, at: number) => {
    if (found === '\\n' && callInStack.test(text.slice(at + 2, at + 12))) return found;
    return /^\\[ubfnrt]/i.test(found) ? `\\${found}` : found;
  });
}
