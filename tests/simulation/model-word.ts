// What a message of the network tells the model of one purchase: a fact of its hold, or a sum.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { ModelLife } from './model-life.ts';
import { type Fact, messagePlace, type Place } from './model-order.ts';
import { holdDays } from './model-reading.ts';

const dayMs = 86_400_000;

/** Where it stands among what was told. */
export function tellWord(life: ModelLife, message: CardMessage, profile: Profile | null, nowMs: number): Place {
  const place = messagePlace(life.facts, message, nowMs);
  if ('merchant' in message) life.learnMerchant(message.merchant);
  life.move(nowMs, {}, () => tell(life, message, place, profile, nowMs));
  return place;
}

function tell(life: ModelLife, message: CardMessage, place: Place, profile: Profile | null, nowMs: number): void {
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
      fact('says', message.hold_minor);
      if (message.hold_minor > 0) life.advised++;
      if (message.hold_minor > 0 && message.request_key !== undefined) life.hasBegun = true;
      const category = (message.merchant ?? life.use.merchant)?.category ?? null;
      life.expires_at_ms = Math.max(life.expires_at_ms, nowMs + holdDays(profile, category) * dayMs);
    }
  }
}
