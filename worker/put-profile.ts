// A card's profile, to the card, to its desk for stand-ins, and to the list of known cards. All must have it before the origin hears so:
// the origin brings it again, and each of them takes a version once.

import { cardKey } from '../contracts/network.ts';
import type { Profile } from '../contracts/profile.ts';
import type { PutProfileAnswer } from '../durable-objects/card/card-object.ts';
import type { Acknowledged } from '../durable-objects/card/has-event.ts';
import type { StandInCard } from '../durable-objects/stand-in/stand-in-desk.ts';
import { type CardNames, callCard, severalTimes, standInDesk } from './card-object.ts';
import type { Env } from './env.ts';
import { list, meet } from './unknown-cards.ts';

/** `booked`: the newest event of this card that the origin knows, and one that the card must have. */
export async function putProfile(
  env: Env,
  card: CardNames,
  profile: Profile,
  booked: { after: number; seen: Acknowledged | undefined },
): Promise<PutProfileAnswer> {
  const known = standInCardOf(profile);
  const tellDesk = () => severalTimes(() => standInDesk(env, card).putCard(known));
  // What is frozen is frozen at the desk first: it is asked while the card is away, which may be just now.
  const isTightened = known.active_until_ms === 0;
  if (isTightened) await tellDesk();
  const key = cardKey(card.network, card.cardToken);
  const [answer] = await Promise.all([
    callCard(env, card, (object) => object.putProfile(profile, booked)),
    severalTimes(() => list(env, key).add(key)),
  ]);
  meet(card);
  // An older version is none that the desk should take for the newest.
  if (!isTightened && answer.outcome !== 'stale') await tellDesk();
  return answer;
}

/** A card for one purchase may have had it: only the card knows. */
function standInCardOf({ version, status, currency, single_use, expires_at_ms }: Profile): StandInCard {
  const isUsable = status === 'active' && !single_use;
  return { version, currency, active_until_ms: isUsable ? (expires_at_ms ?? Number.MAX_SAFE_INTEGER) : 0 };
}
