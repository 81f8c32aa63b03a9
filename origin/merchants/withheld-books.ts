// What is withheld goes two ways: clearings that no card approved (their shop is not owed them), and refunds of what no purchase had
// cleared (their shop is not charged with them). Both are judged, kept, decided and shown alike, each in tables of its own.

import type { OpenItemKind } from '../open-items/kinds.ts';

export interface WithheldBook {
  /** Names of tables and of the column that counts, as SQL has them. */
  readonly each: 'unapproved_clearings' | 'unmatched_refunds';
  readonly sums: 'withheld_clearings' | 'withheld_refunds';
  readonly count: 'clearings' | 'refunds';
  readonly passed: 'unapproved_sums' | 'unmatched_sums';
  /** Of what shops are charged with; null: what they are owed needs no bound of its own. */
  readonly shopSums: 'unmatched_shop_sums' | null;
  readonly kind: OpenItemKind;
  /** What withholding one unit does to what the shop is owed. */
  readonly sign: 1n | -1n;
  /** Of a clearing that its cardholder's account covers, no part counts against the card's bound; a refund counts whole. */
  readonly isCoveredByFunds: boolean;
  /** Cards withhold it too, and are told of its release. */
  readonly isToldToCards: boolean;
}

export const clearingsBook: WithheldBook = {
  ...{ each: 'unapproved_clearings', sums: 'withheld_clearings', count: 'clearings', passed: 'unapproved_sums' },
  ...{ shopSums: null, kind: 'clearing_withheld', sign: -1n, isCoveredByFunds: true, isToldToCards: false },
};

export const refundsBook: WithheldBook = {
  ...{ each: 'unmatched_refunds', sums: 'withheld_refunds', count: 'refunds', passed: 'unmatched_sums' },
  ...{
    shopSums: 'unmatched_shop_sums',
    kind: 'refund_withheld',
    sign: 1n,
    isCoveredByFunds: false,
    isToldToCards: true,
  },
};

export const withheldBooks: readonly WithheldBook[] = [clearingsBook, refundsBook];
