// One thing that the doctor looked at, and what to do where it is wrong.

export interface Check {
  readonly name: string;
  /** `unreachable`: wrong, since it does not answer. */
  readonly outcome: 'ok' | 'wrong' | 'unreachable' | 'not looked at';
  /** What was seen; for what was not looked at, what it would need. */
  readonly says: string;
  /** Null where nothing is to be done. */
  readonly fix: string | null;
}

export const ok = (name: string, says: string): Check => ({ name, outcome: 'ok', says, fix: null });
export const wrong = (name: string, says: string, fix: string): Check => ({ name, outcome: 'wrong', says, fix });
export const unreachable = (name: string, says: string, fix: string): Check => ({
  ...{ name, outcome: 'unreachable', says, fix },
});
export const notLookedAt = (name: string, says: string): Check => ({ name, outcome: 'not looked at', says, fix: null });

export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // Of several addresses that all refuse, the message is empty and the code is not.
  return error.message || ('code' in error ? String(error.code) : error.name);
};
