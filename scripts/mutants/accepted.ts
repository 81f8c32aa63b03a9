// Survivors that were looked at and stay, each with its reason. Named by the line's text, not its number, so that they are found
// again when lines move; a changed line has to be looked at anew.

export interface Accepted {
  readonly path: string;
  readonly code: string;
  readonly change: string;
  readonly because: string;
}

export const accepted: readonly Accepted[] = [];
