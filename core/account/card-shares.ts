// A card's side of its shares. What it has spent is its own business (`core/card`): here are the figures by which it asks, gives back and judges
// an answer. It spends of one share; those that it has left give back what comes free of what was approved by them.

import type { GivenBack } from './given-back.ts';
import type { Granted, Recall, Token } from './message.ts';
import type { Received } from './received.ts';
import { newShare, outMinor, type Share } from './share.ts';

export interface CardShare extends Share {
  readonly share: string;
  readonly account: string;
  /** Held and cleared, of what was approved by this share. */
  readonly spent_minor: number;
  readonly held_minor: number;
  readonly status: 'current' | 'left';
}

/** Durable. The last one is the one that it spends of. */
export interface CardShares {
  readonly id: string;
  readonly shares: readonly CardShare[];
}

/** A purchase that waits for money; in memory. */
export interface Waiting {
  readonly request: string;
  readonly amount_minor: number;
  readonly spare_minor: number;
  readonly ask: Token;
  readonly needed_minor: number;
}

export interface HoldingCard {
  readonly state: CardShares;
  readonly waiting: readonly Waiting[];
}

type OfShare<Event> = Event & { readonly share: string };

export type CardEvent =
  | OfShare<Received>
  | OfShare<GivenBack>
  | { readonly kind: 'approved'; readonly share: string; readonly request: string; readonly amount_minor: number }
  /** Of what is held: given up, or turned into posted. */
  | {
      readonly kind: 'released' | 'cleared';
      readonly share: string;
      readonly request: string;
      readonly amount_minor: number;
    }
  | { readonly kind: 'moved'; readonly share: string; readonly account: string }
  | { readonly kind: 'left' };

export type CardInput =
  | Granted
  | Recall
  | {
      readonly kind: 'request';
      readonly request: string;
      readonly amount_minor: number;
      /** What to ask for beyond it, where it has to be asked for (`share-size.ts`). */
      readonly spare_minor: number;
    }
  | {
      readonly kind: 'release' | 'clear';
      readonly share: string;
      readonly request: string;
      readonly amount_minor: number;
    }
  /** The deadline of a purchase has passed. */
  | { readonly kind: 'time_up'; readonly request: string }
  | { readonly kind: 'move'; readonly share: string; readonly account: string }
  | { readonly kind: 'return_idle'; readonly keep_minor: number }
  | { readonly kind: 'close' };

/** `unreachable`: the answer is the failure policy's. */
export interface Decided {
  readonly request: string;
  readonly outcome: 'approved' | 'insufficient_funds' | 'unreachable' | 'card_closed';
}

export function freeMinor(share: CardShare): number {
  return outMinor(share) - share.spent_minor;
}

export function newCardShares(id: string, share: string, account: string): CardShares {
  return { id, shares: [openedShare(share, account)] };
}

export function openedShare(share: string, account: string): CardShare {
  return { ...newShare, share, account, spent_minor: 0, held_minor: 0, status: 'current' };
}
