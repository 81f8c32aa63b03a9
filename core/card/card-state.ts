// A card's state: the fold of its events. Held in memory by the card object, restored exactly from snapshot and log.
// Mutable for speed and owned by one object: only `apply` and `forget` change it, everything else reads.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { Profile } from '../../contracts/profile.ts';
import { fingerprint } from '../fingerprint.ts';
import { type Answers, newAnswers } from './answers.ts';
import { type Authorization, isUse, newAuthorization, postedMinor } from './authorization.ts';
import { type CompiledControl, compileControls } from './controls.ts';
import { type Counter, newCounters } from './counter.ts';
import { type Funds, fundsIn, noFunds } from './funds.ts';
import { type KeptCounts, keptOf } from './kept-counts.ts';
import { countUnmatched, type UnmatchedSums } from './unmatched.ts';

/** What a card holds, has spent, and how often it was used, in one currency. */
export interface Sums {
  held_minor: number;
  posted_minor: number;
  /** Authorizations that were a use of the card, ever. */
  uses: number;
}

export interface CardState extends Sums {
  profile: Profile | null;
  /** What it may spend, apart from what it holds and has spent. */
  funds: Funds;
  /** Of the sums: the profile's; before there is one, of the first authorization. */
  currency: string | null;
  /** The same sums in every other currency: what was heard before the profile said which is the card's. They count nowhere. */
  readonly others: Map<string, Sums>;
  /** By the network's key of the authorization: the first one it was named by. */
  readonly authorizations: Map<string, Authorization>;
  /** Other keys by which the network may name them. */
  readonly aliases: Map<string, string>;
  /**
   * Authorizations of which all that is known is a request that held nothing: the fingerprint of the key, and the sequence of
   * the event, which has the id.
   */
  readonly asked: Map<number, number>;
  /** To each request key. */
  readonly answers: Answers;
  /** Keys of the network's messages: repeats change nothing. */
  readonly received: Map<string, number>;
  /** What was refunded beyond what its purchase had cleared, in every currency. */
  readonly unmatched: UnmatchedSums;
  /** How much of a day's the card may spend, where it is not the default. */
  readonly unmatchedMax: Amounts;
  /** No hold lapses before. */
  next_expiry_ms: number;
  /** What the profile's limits count, by what makes them count alike. */
  counters: Map<string, Counter>;
  controls: readonly CompiledControl[];
}

export function newCardState(unmatchedMax: Amounts = new Map()): CardState {
  return {
    profile: null,
    funds: noFunds,
    currency: null,
    held_minor: 0,
    posted_minor: 0,
    uses: 0,
    others: new Map(),
    authorizations: new Map(),
    aliases: new Map(),
    asked: new Map(),
    answers: newAnswers(),
    received: new Map(),
    unmatched: new Map(),
    unmatchedMax,
    next_expiry_ms: Number.POSITIVE_INFINITY,
    counters: new Map(),
    controls: [],
  };
}

/** The key under which an authorization stands, by any of its names. */
export function authorizationKey(state: CardState, key: string): string {
  return state.aliases.get(key) ?? key;
}

/** Whether an authorization stands under this name. One that was only asked for, and held nothing, does not. */
export function isKnown(state: CardState, name: string): boolean {
  return state.authorizations.has(authorizationKey(state, name));
}

/** The sums of a currency: the state's own for the card's. */
export function sumsIn(state: CardState, currency: string): Sums {
  state.currency ??= currency;
  if (currency === state.currency) return state;
  const sums = state.others.get(currency) ?? { held_minor: 0, posted_minor: 0, uses: 0 };
  state.others.set(currency, sums);
  return sums;
}

/** In all currencies: only for how much it changes by one event, which is of one. */
export function heldInAll({ held_minor, others }: CardState): number {
  let held = held_minor;
  for (const sums of others.values()) held += sums.held_minor;
  return held;
}

export function postedInAll({ posted_minor, others }: CardState): number {
  let posted = posted_minor;
  for (const sums of others.values()) posted += sums.posted_minor;
  return posted;
}

/** Replaces one authorization by its next state, and keeps every sum that depends on it. `before` null: it is new. */
export function setAuthorization(
  state: CardState,
  key: string,
  before: Authorization | null,
  after: Authorization,
): void {
  state.authorizations.set(key, after);
  const sums = sumsIn(state, after.currency);
  sums.posted_minor += postedMinor(after) - (before === null ? 0 : postedMinor(before));
  sums.held_minor += after.hold_minor - (before?.hold_minor ?? 0);
  sums.uses += (isUse(after) ? 1 : 0) - (before !== null && isUse(before) ? 1 : 0);
  if (before !== null) countUnmatched(state.unmatched, before, -1);
  countUnmatched(state.unmatched, after, 1);
  if (!Number.isSafeInteger(sums.posted_minor) || !Number.isSafeInteger(sums.held_minor))
    throw new Error("the card's sums have left the integers that a double holds exactly");
  if (after.hold_minor > 0) state.next_expiry_ms = Math.min(state.next_expiry_ms, after.expires_at_ms);
  if (sums === state) for (const counter of state.counters.values()) counter.change(before, after);
}

/** Takes an authorization away as if it had never been: what it was goes on under another key. */
export function removeAuthorization(state: CardState, key: string, authorization: Authorization): void {
  const { authorization_id, at_ms, currency } = authorization;
  setAuthorization(state, key, authorization, newAuthorization(authorization_id, at_ms, currency));
  state.authorizations.delete(key);
}

/**
 * A changed profile may have other limits: they count what the card already spent, as if they had always been there. `kept`:
 * what is counted of authorizations that are no longer in memory.
 */
export function setProfile(state: CardState, profile: Profile, kept: KeptCounts = keptOf(state)): void {
  takeCurrency(state, profile.currency);
  const counters = newCounters(profile.controls);
  for (const [key, counter] of counters) {
    counter.restore(kept.get(key) ?? []);
    for (const authorization of state.authorizations.values())
      if (authorization.currency === profile.currency) counter.change(null, authorization);
  }
  state.profile = profile;
  state.funds = fundsIn(profile);
  state.counters = counters;
  state.controls = compileControls(profile.controls, counters);
}

/**
 * What was heard in other currencies, before the profile said which is the card's, keeps its holds and its sums apart, under
 * keys with a space, which no network's key has: its key may name an authorization in the card's own currency from now on.
 */
function takeCurrency(state: CardState, currency: string): void {
  // Also where the first authorization was in the card's currency, and a later one was not.
  if (state.currency === currency && state.others.size === 0) return;
  for (const [key, authorization] of [...state.authorizations]) {
    if (authorization.currency === currency || key.startsWith(`${authorization.currency} `)) continue;
    state.authorizations.delete(key);
    state.authorizations.set(`${authorization.currency} ${key}`, authorization);
    // Nor is its id given to what the key names from now on: the books have one currency for each id.
    state.asked.delete(fingerprint(key));
    for (const [alias, target] of state.aliases) {
      if (target !== key) continue;
      state.aliases.delete(alias);
      state.asked.delete(fingerprint(alias));
    }
  }
  if (state.currency === currency) return;
  const { held_minor, posted_minor, uses } = state;
  if (state.currency !== null) state.others.set(state.currency, { held_minor, posted_minor, uses });
  const sums = state.others.get(currency) ?? { held_minor: 0, posted_minor: 0, uses: 0 };
  state.others.delete(currency);
  Object.assign(state, sums, { currency });
}
