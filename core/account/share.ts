// A share: the part of an account's balance that a card, or an account below it, may spend without asking. Each side keeps two totals since
// ever, which only grow, and every message carries them: one that is lost, repeated or late changes nothing.
// Example: 500 granted, 120 returned: 380 are out, whether they are unspent, held or cleared.

export interface Share {
  /** Written by the account. */
  readonly granted_minor: number;
  /** Written by its holder. */
  readonly returned_minor: number;
}

export const newShare: Share = { granted_minor: 0, returned_minor: 0 };

/** What its holder has of it, spent or not. Below 0 where refunds brought back more than was granted. */
export function outMinor({ granted_minor, returned_minor }: Share): number {
  return granted_minor - returned_minor;
}
