// The books of whoever looks at a world from outside: what was asked, answered and spent, and what each waiting purchase could have counted on.

import type { AccountInput } from '../../account/account.ts';
import type { CardEvent, CardInput, Decided } from '../../account/card-shares.ts';
import type { Message } from '../../account/message.ts';
import { falseDecline, type Violation } from './laws.ts';
import { accountsAbove, reachMinor, spentBelow } from './money.ts';
import type { Approval, Books, Open, World } from './world.ts';

/** What one step did. */
export interface Done {
  readonly accounts: World['accounts'];
  readonly cards: World['cards'];
  readonly messages: readonly Message[];
  readonly decided: readonly Decided[];
  readonly events: readonly CardEvent[];
  /** The account whose period began; the card that went to another account. */
  readonly refilled: string | null;
  readonly moved: string | null;
  readonly tokens: number;
  /** False: it crashed before its messages and answers left. */
  readonly isTold: boolean;
}

export const nothing = { messages: [], decided: [], events: [], refilled: null, moved: null, isTold: true } as const;

export function disturbed(world: World): World {
  return world.books.isDisturbed ? world : { ...world, books: { ...world.books, isDisturbed: true } };
}

/** A purchase or a withdrawal is asked for. */
export function acted(world: World, on: string, input: AccountInput | CardInput): World {
  const { books } = world;
  if (input.kind === 'withdraw')
    return { ...world, books: { ...books, withdrawals: { ...books.withdrawals, [input.key]: 'open' } } };
  if (input.kind !== 'request') return world;
  const open: Open = { card: on, amount_minor: input.amount_minor, asks: 0, steadyMinor: reachOf(world, on) };
  return { ...world, books: { ...books, open: { ...books.open, [input.request]: open } } };
}

export function settled(world: World, done: Done): { world: World; violation: Violation | null } {
  const { accounts, cards, messages, tokens, isTold, refilled } = done;
  const sent = messages.filter(({ kind }) => kind !== 'withdrawal');
  const after = { ...world, accounts, cards, tokens, under_way: [...world.under_way, ...sent] };
  const books: Books = {
    ...world.books,
    open: openAfter(after, done),
    approvals: approvalsAfter(world.books.approvals, done),
    withdrawals: withdrawalsAfter(world.books.withdrawals, messages),
    spentBefore:
      refilled === null
        ? world.books.spentBefore
        : { ...world.books.spentBefore, [refilled]: spentBelow(after, refilled) },
  };
  const next = { ...after, books };
  if (!isTold) return { world: next, violation: null };
  const violation = done.decided.map((one) => falseDecline(next, one)).find((one) => one !== null) ?? null;
  const answered = new Map(done.decided.map(({ request, outcome }) => [request, outcome]));
  const open = Object.fromEntries(Object.entries(books.open).filter(([request]) => !answered.has(request)));
  const answers = { ...books.answers, ...Object.fromEntries(answered) };
  return { world: { ...next, books: { ...books, open, answers } }, violation };
}

function reachOf(world: World, card: string): Record<string, number> {
  const share = world.cards[card]?.state.shares.at(-1);
  return share === undefined ? {} : reachMinor(world, share.account);
}

/** What others spend, and whatever else lowers what there is, lowers what it could count on; what comes free meanwhile does not raise it. */
function openAfter(world: World, done: Done): Books['open'] {
  const open: Record<string, Open> = {};
  for (const [request, one] of Object.entries(world.books.open)) {
    const reach = reachOf(world, one.card);
    const steadyMinor: Record<string, number> = {};
    for (const [account, now] of Object.entries(reach)) {
      const before = one.card === done.moved ? now : (one.steadyMinor[account] ?? now);
      steadyMinor[account] = Math.min(now, before - spentByOthers(world, done, request, account));
    }
    open[request] = { ...one, asks: one.asks + asksFor(request, one.card, done), steadyMinor };
  }
  return open;
}

function spentByOthers(world: World, { events }: Done, request: string, account: string): number {
  return events.reduce((sum, event) => {
    if (event.kind !== 'approved' || event.request === request) return sum;
    const share = Object.values(world.cards)
      .flatMap(({ state }) => state.shares)
      .find((one) => one.share === event.share);
    const isBelow = share !== undefined && accountsAbove(world, share.account).includes(account);
    return isBelow ? sum + event.amount_minor : sum;
  }, 0);
}

function asksFor(request: string, card: string, { cards, messages }: Done): number {
  const waiting = cards[card]?.waiting.find((one) => one.request === request);
  return waiting !== undefined && messages.some((one) => one.kind === 'ask' && one.ask === waiting.ask) ? 1 : 0;
}

function approvalsAfter(before: Books['approvals'], { events, cards, isTold }: Done): Books['approvals'] {
  const after: Record<string, Approval> = { ...before };
  for (const event of events) {
    if (event.kind === 'approved' && isTold) {
      const card = Object.values(cards).find(({ state }) => state.shares.some(({ share }) => share === event.share));
      const { share, amount_minor } = event;
      after[event.request] = { card: card?.state.id ?? '', share, amount_minor, is: 'held' };
    }
    const approval = event.kind === 'released' || event.kind === 'cleared' ? after[event.request] : undefined;
    if (approval !== undefined && (event.kind === 'released' || event.kind === 'cleared'))
      after[event.request] = { ...approval, is: event.kind };
  }
  return after;
}

function withdrawalsAfter(before: Books['withdrawals'], messages: readonly Message[]): Books['withdrawals'] {
  const after: Record<string, string> = { ...before };
  for (const message of messages) if (message.kind === 'withdrawal') after[message.key] = message.outcome;
  return after;
}
