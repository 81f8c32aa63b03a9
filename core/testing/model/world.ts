// The small world that the checker walks through: accounts and cards that run the protocol, messages under way in no order, and what an
// onlooker knows of it, in books that ask none of them.

import type { Account, AccountInput, Stepped } from '../../account/account.ts';
import type { AccountEvent } from '../../account/account-event.ts';
import type { CardInput, Decided, HoldingCard } from '../../account/card-shares.ts';
import type { CardStepped } from '../../account/card-step.ts';
import type { Message, Token } from '../../account/message.ts';

export interface Protocol {
  readonly stepAccount: (
    account: Account,
    input: AccountInput,
    newToken: () => Token,
  ) => Stepped<Account, AccountEvent>;
  readonly stepCard: (card: HoldingCard, input: CardInput, newToken: () => Token) => CardStepped;
  /** Broken: these send before what they say is durable, so that a crash between the two forgets what was said. */
  readonly tellsEarly?: 'accounts' | 'cards';
}

/** What happens from outside, each once and at any moment. */
export type Action =
  | {
      readonly on: string;
      readonly does: Extract<AccountInput, { kind: 'withdraw' | 'fund' | 'set_limit' | 'begin_period' | 'close' }>;
    }
  | {
      readonly on: string;
      readonly does: Exclude<CardInput, { kind: 'granted' | 'recall' | 'release' | 'clear' | 'time_up' }>;
    }
  /** Of what was approved for this request. */
  | { readonly on: string; readonly does: { readonly kind: 'reversal'; readonly request: string } }
  | { readonly on: string; readonly does: { readonly kind: 'clearing'; readonly request: string } };

export interface Faults {
  readonly lose: number;
  readonly repeat: number;
  readonly crash: number;
  readonly time_up: number;
}

export interface Approval {
  readonly card: string;
  readonly share: string;
  readonly amount_minor: number;
  readonly is: 'held' | 'released' | 'cleared';
}

/** A purchase that waits for its answer. */
export interface Open {
  readonly card: string;
  readonly amount_minor: number;
  readonly asks: number;
  /** By each account above the card: what there was all the time for it, without what others have spent since. */
  readonly steadyMinor: Readonly<Record<string, number>>;
}

export interface Books {
  readonly approvals: Readonly<Record<string, Approval>>;
  readonly open: Readonly<Record<string, Open>>;
  readonly answers: Readonly<Record<string, Decided['outcome']>>;
  readonly withdrawals: Readonly<Record<string, string>>;
  /** What had been spent below an account when its period began. */
  readonly spentBefore: Readonly<Record<string, number>>;
  /** Something went wrong on the way: nobody has promised an answer since. */
  readonly isDisturbed: boolean;
}

export interface World {
  readonly accounts: Readonly<Record<string, Account>>;
  readonly cards: Readonly<Record<string, HoldingCard>>;
  readonly under_way: readonly Message[];
  /** Actions that have not happened yet, by their number. */
  readonly to_come: readonly number[];
  readonly faults: Faults;
  readonly books: Books;
  /** How many tokens were made. Not part of what tells two worlds apart. */
  readonly tokens: number;
}

export const noBooks: Books = {
  ...{ approvals: {}, open: {}, answers: {}, withdrawals: {}, spentBefore: {} },
  isDisturbed: false,
};

/** Nothing of a world ever changes, so that most of the text of one is known from the world before it. */
const texts = new WeakMap<object, string>();

function textFor(part: object): string {
  const known = texts.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part);
  texts.set(part, text);
  return text;
}

/** Two worlds with one text behave alike: messages have no order, and tokens are named anew as they appear. */
export function textOf({ accounts, cards, under_way, to_come, faults, books }: World): string {
  const messages = under_way.map(textFor);
  if (messages.length > 1) messages.sort(byNamelessText);
  const parts = [...Object.values(accounts), ...Object.values(cards)].map(textFor);
  const text = [...parts, ...messages, to_come.join(), textFor(faults), textFor(books)].join('\n');
  const names = new Map<string, string>();
  return text.replace(/#\d+/g, (token) => {
    const name = names.get(token) ?? `#${names.size}`;
    names.set(token, name);
    return name;
  });
}

function byNamelessText(one: string, other: string): number {
  const [a, b] = [one.replace(/#\d+/g, '#'), other.replace(/#\d+/g, '#')];
  if (a !== b) return a < b ? -1 : 1;
  return one < other ? -1 : 1;
}
