// What a message of the network tells the model of one life: a fact of its hold, or a sum.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Fact, ModelLife } from './model-life.ts';
import { holdDays } from './model-reading.ts';

const dayMs = 86_400_000;

/** At which instant it is taken to have happened. */
export function tellWord(life: ModelLife, message: CardMessage, profile: Profile | null, nowMs: number): number {
  const unsaid = Math.max(nowMs, life.latestMs);
  const at_ms = message.occurred_at_ms === undefined ? unsaid : Math.min(nowMs, message.occurred_at_ms);
  const sets = (minor: number): Fact => ({ does: 'sets', at_ms, minor, why: message.kind });
  const takes = (minor: number): Fact => ({ does: 'adds', at_ms, minor: -minor, why: message.kind });
  if ('merchant' in message) life.learnMerchant(message.merchant);
  switch (message.kind) {
    case 'clearing':
      life.cleared_minor += message.amount_minor;
      life.tell(message.final ? sets(0) : takes(message.amount_minor));
      break;
    case 'reversal':
      life.tell(message.amount_minor === null ? sets(0) : takes(message.amount_minor));
      break;
    case 'expiry':
      life.tell(sets(0));
      break;
    case 'refund':
      life.refunded_minor += message.amount_minor;
      break;
    case 'advice': {
      life.tell(sets(message.hold_minor));
      if (message.hold_minor > 0) life.advised++;
      if (message.hold_minor > 0 && message.request_key !== undefined) life.answeredInPlace = true;
      const category = (message.merchant ?? life.use.merchant)?.category ?? null;
      life.expires_at_ms = Math.max(life.expires_at_ms, nowMs + holdDays(profile, category) * dayMs);
    }
  }
  return at_ms;
}
