// One step of a card as a holder of shares. Pure, as `account.ts`: events are durable before a message or a decision leaves.

import { assert } from '../assert.ts';
import type { Stepped } from './account.ts';
import {
  type CardEvent,
  type CardInput,
  type CardShare,
  type CardShares,
  type Decided,
  freeMinor,
  type HoldingCard,
  openedShare,
  type Waiting,
} from './card-shares.ts';
import { allOfIt, foldGivenBack, receiveRecall } from './given-back.ts';
import type { Granted, Message, Recall, Token } from './message.ts';
import { foldReceived, receiveGranted } from './received.ts';

export interface CardStepped extends Stepped<HoldingCard, CardEvent> {
  readonly decided: readonly Decided[];
}

export function foldCard(state: CardShares, event: CardEvent): CardShares {
  if (event.kind === 'moved') {
    const opened = openedShare(event.share, event.account);
    return { ...state, shares: [...state.shares.map((one) => ({ ...one, status: 'left' as const })), opened] };
  }
  if (event.kind === 'left') return { ...state, shares: state.shares.map((one) => ({ ...one, status: 'left' })) };
  const shares = state.shares.map((one) => (one.share === event.share ? foldInto(one, event) : one));
  return { ...state, shares };
}

function foldInto(share: CardShare, event: Exclude<CardEvent, { kind: 'moved' | 'left' }>): CardShare {
  const { spent_minor, held_minor } = share;
  switch (event.kind) {
    case 'received':
      return foldReceived(share, event);
    case 'given_back':
      return foldGivenBack(share, event);
    case 'approved':
      return {
        ...share,
        spent_minor: spent_minor + event.amount_minor,
        held_minor: held_minor + event.amount_minor,
      };
    case 'released':
      return {
        ...share,
        spent_minor: spent_minor - event.amount_minor,
        held_minor: held_minor - event.amount_minor,
      };
    case 'cleared':
      return { ...share, held_minor: held_minor - event.amount_minor };
  }
}

class CardTurn {
  state: CardShares;
  waiting: readonly Waiting[];
  readonly events: CardEvent[] = [];
  readonly messages: Message[] = [];
  readonly decided: Decided[] = [];
  readonly newToken: () => Token;

  constructor({ state, waiting }: HoldingCard, newToken: () => Token) {
    this.state = state;
    this.waiting = waiting;
    this.newToken = newToken;
  }

  get current(): CardShare {
    const share = this.state.shares.at(-1);
    assert(share !== undefined, 'a card of an account has a share');
    return share;
  }

  share(name: string): CardShare | undefined {
    return this.state.shares.find(({ share }) => share === name);
  }

  record(event: CardEvent | null): void {
    if (event === null) return;
    this.events.push(event);
    this.state = foldCard(this.state, event);
  }

  decide({ request, amount_minor }: Pick<Waiting, 'request' | 'amount_minor'>, outcome: Decided['outcome']): void {
    const { share } = this.current;
    if (outcome === 'approved') this.record({ kind: 'approved', share, request, amount_minor });
    this.decided.push({ request, outcome });
    this.waiting = this.waiting.filter((one) => one.request !== request);
  }

  /** What it needs counts from nothing: spent before, and this. So a repeat of the message asks for no more. */
  ask({ request, amount_minor, spare_minor }: Pick<Waiting, 'request' | 'amount_minor' | 'spare_minor'>): void {
    const { share, account, spent_minor, returned_minor } = this.current;
    const ask = this.newToken();
    const needed_minor = spent_minor + amount_minor;
    const waiting = { request, amount_minor, spare_minor, ask, needed_minor };
    const isThere = this.waiting.some((one) => one.request === request);
    this.waiting = isThere
      ? this.waiting.map((one) => (one.request === request ? waiting : one))
      : [...this.waiting, waiting];
    this.messages.push({
      ...{ kind: 'ask', to: account, from: this.state.id, share, ask, returned_minor },
      ...{ needed_minor, wished_minor: needed_minor + spare_minor },
    });
  }

  approveWhatFits(): void {
    for (const one of this.waiting) if (one.amount_minor <= freeMinor(this.current)) this.decide(one, 'approved');
  }

  tell({ share, account, granted_minor, returned_minor, status, held_minor }: CardShare, recall: Token | null): void {
    const ended = status === 'left' && held_minor === 0;
    this.messages.push({
      ...{ kind: 'returned', to: account, from: this.state.id, share, granted_minor, returned_minor },
      ...{ recall, heard_all: true, ended },
    });
  }
}

export function stepCard(card: HoldingCard, input: CardInput, newToken: () => Token): CardStepped {
  const turn = new CardTurn(card, newToken);
  take(turn, input);
  leaveWhatIsFree(turn, card.state);
  const { state, waiting, events, messages, decided } = turn;
  return { node: { state, waiting }, events, messages, decided };
}

function take(turn: CardTurn, input: CardInput): void {
  const { current } = turn;
  switch (input.kind) {
    case 'request':
      if (current.status === 'left') turn.decide(input, 'card_closed');
      else if (input.amount_minor <= freeMinor(current)) turn.decide(input, 'approved');
      else turn.ask(input);
      break;
    case 'granted':
      takeGranted(turn, input);
      break;
    case 'recall':
      takeRecall(turn, input);
      break;
    case 'release':
    case 'clear': {
      const { share, request, amount_minor } = input;
      turn.record({ kind: input.kind === 'release' ? 'released' : 'cleared', share, request, amount_minor });
      turn.approveWhatFits();
      break;
    }
    case 'time_up':
      for (const one of turn.waiting) if (one.request === input.request) turn.decide(one, 'unreachable');
      break;
    case 'move':
      turn.record({ kind: 'moved', share: input.share, account: input.account });
      for (const one of turn.waiting) turn.ask(one);
      break;
    case 'return_idle':
      giveBack(turn, current, freeMinor(current) - input.keep_minor);
      break;
    case 'close':
      turn.record({ kind: 'left' });
      for (const one of turn.waiting) turn.decide(one, 'card_closed');
  }
}

function takeGranted(turn: CardTurn, answer: Granted): void {
  learn(turn, answer);
  const one = turn.waiting.find(({ ask }) => ask === answer.ask);
  if (one === undefined) return;
  const { spent_minor, returned_minor } = turn.current;
  // No, unless it asked for less than it needs now, or the account did not know of what was given back meanwhile.
  const isLast = answer.returned_minor === returned_minor && spent_minor + one.amount_minor <= one.needed_minor;
  if (!answer.heard_all) turn.decide(one, 'unreachable');
  else if (isLast) turn.decide(one, 'insufficient_funds');
  else turn.ask(one);
}

function learn(turn: CardTurn, { share: name, granted_minor }: Granted | Recall): void {
  const share = turn.share(name);
  const event = share === undefined ? null : receiveGranted(share, granted_minor);
  if (event === null) return;
  turn.record({ ...event, share: name });
  turn.approveWhatFits();
}

/** What waits is served by the money that comes with the recall; only what that leaves is given back. */
function takeRecall(turn: CardTurn, recall: Recall): void {
  learn(turn, recall);
  const share = turn.share(recall.share);
  if (share === undefined) {
    // Opened at the account, and not heard of yet: nothing was ever asked for by it.
    turn.tell(openedShare(recall.share, recall.from), recall.recall);
    return;
  }
  const event = receiveRecall(share, recall.returned_minor, freeMinor(share));
  turn.record(event === null ? null : { ...event, share: share.share });
  turn.tell(turn.share(recall.share) ?? share, recall.recall);
}

function giveBack(turn: CardTurn, share: CardShare, amountMinor: number): void {
  const event = receiveRecall(share, share.returned_minor + amountMinor, freeMinor(share));
  if (event === null) return;
  turn.record({ ...event, share: share.share });
  turn.tell({ ...share, returned_minor: event.returned_minor }, null);
}

/** Of shares that it has left all that is free goes back at once, and the account hears when nothing is held of them any more. */
function leaveWhatIsFree(turn: CardTurn, before: CardShares): void {
  for (const share of turn.state.shares) {
    if (share.status !== 'left') continue;
    const event = receiveRecall(share, allOfIt, freeMinor(share));
    turn.record(event === null ? null : { ...event, share: share.share });
    const was = before.shares.find((one) => one.share === share.share);
    const isNews = was?.status !== 'left' || (was.held_minor > 0 && share.held_minor === 0);
    const now = turn.share(share.share) ?? share;
    if (event !== null || isNews) turn.tell(now, null);
  }
}
