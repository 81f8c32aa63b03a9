// What an account is at: in memory only. After a crash nobody gets an answer, whoever asked repeats it or gives up, and no money is lost.

import type { Ask, Token } from './message.ts';

export type Wanted =
  | { readonly by: 'holder'; readonly ask: Ask }
  | { readonly by: 'owner'; readonly key: string; readonly amount_minor: number }
  | { readonly by: 'period'; readonly period: number };

/** Money is called back for the first in the line. */
export interface Turn {
  readonly recall: Token;
  /** By share, the total that its holder was called upon to reach. Whoever has reached it may have more. */
  readonly calledForMinor: Readonly<Record<string, number>>;
  /** The shares whose holders have not answered yet. */
  readonly waiting: readonly string[];
  /** Those that did not answer in time, or not for all below them. */
  readonly unheard: readonly string[];
  /** What the parent was asked for, and its answer. */
  readonly asked: {
    readonly ask: Token;
    readonly needed_minor: number;
    readonly answer: { readonly returned_minor: number; readonly heard_all: boolean } | null;
  } | null;
}

/** The parent has called money back. */
export interface FromAbove {
  readonly recall: Token;
  readonly from: string;
  readonly calledForMinor: number;
  /** What the account's own holders are asked by. Null: they are not asked yet. */
  readonly own: Token | null;
  readonly waiting: readonly string[];
  readonly heard_all: boolean;
}

export interface Work {
  /** Served one after the other: two that both lack money would otherwise take it from each other, and both be declined. */
  readonly line: readonly Wanted[];
  readonly turn: Turn | null;
  readonly above: readonly FromAbove[];
}

export const noWork: Work = { line: [], turn: null, above: [] };
