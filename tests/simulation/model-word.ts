// What a message of the network tells the model of one purchase: a fact of its hold, or a sum.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { ModelLife } from './model-life.ts';
import { type Fact, messagePlace, type Place } from './model-order.ts';
import { holdDays, shopOf } from './model-reading.ts';

const dayMs = 86_400_000;

interface Keys {
  has(key: string): boolean;
}

/** Our edge approved a request that the card has not answered, or has given up. */
export function isApprovedInPlace(message: CardMessage, answered: Keys, voided: Keys): boolean {
  if (message.kind !== 'advice' || message.decided_by !== 'edge' || message.hold_minor === 0) return false;
  const key = message.request_key;
  return key !== undefined && (!answered.has(key) || voided.has(key));
}

/** What was approved in the card's place is taken back where it stands: an addition, or all that was said. */
export function giveUpInPlace(life: ModelLife, { place, minor }: { place: Place; minor: number }): void {
  const { at_ms, order, turn } = place;
  const isAdded = life.facts.some(
    (fact) => fact.does === 'adds' && fact.at_ms === at_ms && fact.order === order && fact.turn === turn,
  );
  const taken = isAdded ? minor : 0;
  life.tell({ ...place, does: isAdded ? 'takes' : 'ends', minor: taken, told: taken, why: 'void' });
}

/** Where it stands among what was told. `isMore`: our edge approved it, beside what is held. */
export function tellWord(
  life: ModelLife,
  message: CardMessage,
  profile: Profile | null,
  nowMs: number,
  isMore: boolean,
): Place {
  const told = messagePlace(life.facts, message, nowMs);
  const place = isMore && life.hasBegun ? { ...told, turn: Math.max(1, told.turn ?? 0) } : told;
  if ('merchant' in message) life.learnMerchant(message.merchant);
  life.move(nowMs, {}, () => tell(life, message, place, profile, nowMs, isMore));
  return place;
}

function tell(
  life: ModelLife,
  message: CardMessage,
  place: Place,
  profile: Profile | null,
  nowMs: number,
  isMore: boolean,
): void {
  const fact = (does: Fact['does'], minor: number): void =>
    life.tell({ ...place, does, minor, told: minor, why: message.kind });
  switch (message.kind) {
    case 'clearing':
      life.cleared_minor += message.amount_minor;
      if (message.final) fact('ends', 0);
      else fact('takes', message.amount_minor);
      break;
    case 'reversal':
      if (message.amount_minor === null) fact('ends', 0);
      else fact('takes', message.amount_minor);
      break;
    case 'expiry':
      fact('ends', 0);
      break;
    case 'refund':
      life.refunded_minor += message.amount_minor;
      break;
    case 'advice': {
      fact(isMore ? 'adds' : 'says', message.hold_minor);
      if (message.hold_minor > 0) life.advised++;
      if (message.hold_minor > 0 && message.request_key !== undefined) life.hasBegun = true;
      const category = shopOf(message.merchant, life.use.merchant)?.category ?? null;
      life.expires_at_ms = Math.max(life.expires_at_ms, nowMs + holdDays(profile, category) * dayMs);
    }
  }
}
