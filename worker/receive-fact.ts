// What a network states of money, to its card; or why it does not go there, for the caller to keep for a person: an amount that no purchase
// has, a fact so old that its card has forgotten whether it had come before, one more card that nobody knows.

import { type Amounts, amountMaxMinor } from '../contracts/amount-max.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import type { KeptFact } from '../contracts/kept-fact.ts';
import { limits } from '../contracts/limits.ts';
import type { ReceiveAnswer } from '../durable-objects/card/card-object.ts';
import { type CardNames, callCard } from './card-object.ts';
import { type Env, settingsOf } from './env.ts';
import { countBeyond, countUnknown, isListed, meet } from './unknown-cards.ts';

export interface HeldBack {
  readonly outcome: 'held_back';
  readonly reason: Extract<KeptFact['reason'], 'amount_beyond_bound' | 'older_than_memory' | 'card_unknown'>;
  /** Of the message: the field that says so. */
  readonly field: 'amount_minor' | 'occurred_at_ms' | 'card_token';
  readonly problem: string;
}

export type FactAnswer = ReceiveAnswer | HeldBack | { readonly outcome: 'nothing_to_release' };

/** What speaks against a message by itself, whatever its card is; null: nothing. */
export function objectionTo(message: CardMessage, amountMax: Amounts): HeldBack | null {
  const amount = moneyOf(message);
  if (amount > amountMaxMinor(message.currency, amountMax))
    return {
      outcome: 'held_back',
      reason: 'amount_beyond_bound',
      field: 'amount_minor',
      problem: 'is beyond the largest amount that is booked without a person',
    };
  return null;
}

/** A reversal takes back what was held, and an expiry too, however much they say. */
function moneyOf(message: CardMessage): number {
  switch (message.kind) {
    case 'clearing':
    case 'refund':
      return message.amount_minor;
    case 'advice':
      return message.hold_minor;
    case 'reversal':
    case 'expiry':
      return 0;
  }
}

export async function receiveFact(
  env: Env,
  card: CardNames,
  message: CardMessage,
  traces?: string,
): Promise<FactAnswer> {
  const objection = objectionTo(message, settingsOf(env).AMOUNT_MAX);
  if (objection !== null) return objection;
  // Before the object is called: an object that is only asked leaves a file too. A few a minute may have one: their profile may be on its
  // way, and the card keeps what moves money until then.
  const isUnlisted = (await isListed(env, card, Date.now() + limits.knownCardsMs)) === false;
  if (isUnlisted && !countUnknown(env, card)) return beyondBound(card);
  const answer = await callCard(env, card, (object) => object.receiveIfCertain(message, traces));
  switch (answer.outcome) {
    case 'older_than_memory':
      return olderThanMemory;
    case 'conflict':
    case 'repeated':
      return answer;
    case 'nothing_to_release':
      return { outcome: 'nothing_to_release' };
    case 'stored':
      meet(card);
      return answer;
    case 'card_unknown':
      break;
  }
  if (!isUnlisted && !countUnknown(env, card)) return beyondBound(card);
  return await callCard(env, card, (object) => object.receive(message, traces));
}

const olderThanMemory: HeldBack = {
  outcome: 'held_back',
  reason: 'older_than_memory',
  field: 'occurred_at_ms',
  problem: 'is longer ago than the card remembers, so nobody can say whether this had come before',
};

function beyondBound({ network }: CardNames): HeldBack {
  countBeyond(network);
  return {
    outcome: 'held_back',
    reason: 'card_unknown',
    field: 'card_token',
    problem: 'is of a card that nobody knows here, one of too many at once',
  };
}
