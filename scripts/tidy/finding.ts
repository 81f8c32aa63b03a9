// What a rule reads and what it says: files as text, so that a test can make them up, and findings a person can act on.

export interface RepositoryFile {
  /** From the repository's top, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  /** What is wrong, and what to do instead. */
  readonly message: string;
}

/** The line, from 1, that holds the character. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** What only tests need and several of them share: samples, stand-ins. It stands in a room's folder `testing`. */
export function isTestAid(path: string): boolean {
  return path.includes('/testing/');
}

/** The room a file is in: its first folder, or an empty text at the top. */
export function roomOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
