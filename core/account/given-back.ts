// Given back: the holder's side of returned. Durable before the account hears of it, or the money could be spent twice.

import type { Share } from './share.ts';

export interface GivenBack {
  readonly kind: 'given_back';
  readonly returned_minor: number;
}

/** As a total. */
export const allOfIt = Number.MAX_SAFE_INTEGER;

/** Of what is free, as much as brings the total to what is called for; null: nothing. */
export function receiveRecall(share: Share, calledForMinor: number, freeMinor: number): GivenBack | null {
  const amount = Math.min(freeMinor, calledForMinor - share.returned_minor);
  return amount <= 0 ? null : { kind: 'given_back', returned_minor: share.returned_minor + amount };
}

export function foldGivenBack<S extends Share>(share: S, { returned_minor }: GivenBack): S {
  return { ...share, returned_minor };
}
