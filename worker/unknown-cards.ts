// Tokens that no card has. A few a minute are ordinary (a profile on its way), and are asked about at their cards. Above the bound they
// are looked for in the list of known cards, and answered without an object: whoever invents tokens makes nothing of ours grow.
//
// What is in memory, and why losing it is harmless: which cards this isolate has met, and how many unknown ones in this minute. Both only
// save questions. The bound is of one isolate: Cloudflare runs several, each with its own.

import { hashOf } from '../contracts/hash-of.ts';
import { limits } from '../contracts/limits.ts';
import { cardKey, type Network } from '../contracts/network.ts';
import type { CardNames } from './card-object.ts';
import { type Env, inJurisdiction, settingsOf } from './env.ts';
import { inTime } from './in-time.ts';
import { logEvent } from './log.ts';

const minuteMs = 60_000;
/** Cards that this isolate remembers as known; all are forgotten when it is full. */
const metMax = 20_000;

interface Minute {
  readonly minute: number;
  readonly tokens: Set<string>;
  /** Answered without an object, or kept for a person. */
  beyond: number;
}

const minutes = new Map<Network, Minute>();
const met = new Set<string>();

/** The card has answered as one that has a profile. */
export function meet({ network, cardToken }: CardNames): void {
  if (met.size >= metMax) met.clear();
  met.add(cardKey(network, cardToken));
}

/** Whether one more unknown token may have an object of its own. The same token counts once a minute. */
export function countUnknown(env: Env, { network, cardToken }: CardNames): boolean {
  const { tokens } = thisMinute(network);
  if (tokens.has(cardToken)) return true;
  if (tokens.size >= settingsOf(env).UNKNOWN_CARDS_PER_MINUTE) return false;
  tokens.add(cardToken);
  return true;
}

/** Whether this minute has had as many unknown tokens as it may. */
export function isBeyondBound(env: Env, network: Network): boolean {
  return thisMinute(network).tokens.size >= settingsOf(env).UNKNOWN_CARDS_PER_MINUTE;
}

/**
 * For a request: whether nobody has ever put a profile of this card. To be asked only beyond the bound, since a purchase waits for it;
 * where nothing can be learned in time, the card itself is asked.
 */
export async function isSurelyUnknown(env: Env, card: CardNames, untilMs: number): Promise<boolean> {
  if ((await isListed(env, card, untilMs)) !== false) return false;
  countBeyond(card.network);
  return true;
}

/**
 * For a void, which takes back nothing of a card that nobody knows: whether it may wake an object. A few a minute may, whose request may be on its
 * way with their profile.
 */
export async function mayWake(env: Env, card: CardNames): Promise<boolean> {
  if ((await isListed(env, card, Date.now() + limits.knownCardsMs)) !== false || countUnknown(env, card)) return true;
  countBeyond(card.network);
  return false;
}

/** Whether the card has ever had a profile; null where that cannot be learned in time. */
export async function isListed(env: Env, card: CardNames, untilMs: number): Promise<boolean | null> {
  const key = cardKey(card.network, card.cardToken);
  if (met.has(key)) return true;
  const isKnown = await inTime(list(env, key).has(key), untilMs).catch(() => null);
  if (isKnown === true) meet(card);
  return isKnown === 'late' ? null : isKnown;
}

/** One more that was answered, or kept for a person, without an object. */
export function countBeyond(network: Network): void {
  const minute = thisMinute(network);
  minute.beyond++;
  if (minute.beyond === 1) logEvent('error', 'unknown_cards_beyond_bound', { network, tokens: minute.tokens.size });
}

/** The part of the list of known cards that this key is in. */
export function list(env: Env, key: string) {
  return inJurisdiction(env, env.KNOWN_CARDS).getByName(`known-${hashOf(key) % shards}`);
}

/** Of 10 million cards each part holds 160,000 tokens, some 15 MB. Never changed: a card's part is by this. */
const shards = 64;

function thisMinute(network: Network): Minute {
  const minute = Math.floor(Date.now() / minuteMs);
  const before = minutes.get(network);
  if (before?.minute === minute) return before;
  if (before !== undefined && before.tokens.size > 0)
    logEvent(before.beyond > 0 ? 'error' : 'info', 'unknown_cards', {
      ...{ network, tokens: before.tokens.size, beyond: before.beyond },
    });
  const fresh: Minute = { minute, tokens: new Set(), beyond: 0 };
  minutes.set(network, fresh);
  return fresh;
}
