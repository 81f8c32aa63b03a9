// Received: the holder's side of granted. For a card and for an account that is itself a holder.

import type { Share } from './share.ts';

export interface Received {
  readonly kind: 'received';
  readonly granted_minor: number;
}

/** Null where the total is known: a repeat, or an older message that comes late. */
export function receiveGranted(share: Share, granted_minor: number): Received | null {
  return granted_minor > share.granted_minor ? { kind: 'received', granted_minor } : null;
}

export function foldReceived<S extends Share>(share: S, { granted_minor }: Received): S {
  return { ...share, granted_minor };
}
