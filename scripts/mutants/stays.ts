// How a survivor that was looked at is written down with its reason: by its line's text, not its number, so that it is found again when
// lines move; a changed line has to be looked at anew. And the reasons that several have.

export interface Accepted {
  readonly path: string;
  readonly code: string;
  readonly change: string;
  readonly because: string;
}

export type Line = readonly [code: string, ...changes: string[]];

export function stays(path: string, because: string, lines: readonly Line[]): Accepted[] {
  return lines.flatMap(([code, ...changes]) => changes.map((change) => ({ path, code, change, because })));
}

export const cache = 'a cache that keeps less, or nothing, gives the same answers later';
export const shorterWay = 'a shorter way to what the longer one finds as well';
export const addsNothing = 'where both are equal, what is added is 0';
export const neverFails = 'an assertion of what holds always: no test can break it from outside';
export const neverMissing = 'for the compiler alone: what may be missing by its type never is';
