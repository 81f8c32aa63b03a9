// A card's state: the fold of its events. Held in memory by the card object, restored exactly from snapshot and log.
// Mutable for speed and owned by one object: only `apply` and `forget` change it, everything else reads.

import type { Profile } from '../contracts/profile.ts';
import { type Authorization, isUse, newAuthorization, postedMinor } from './authorization.ts';
import { type CompiledControl, compileControls } from './controls.ts';
import { type Counter, counterKey, type Kept, newCounter } from './counter.ts';

export interface CardState {
  profile: Profile | null;
  /** By the network's key of the authorization: the first one it was named by. */
  readonly authorizations: Map<string, Authorization>;
  /** Other keys by which the network may name them. */
  readonly aliases: Map<string, string>;
  /** Sequence of the event that answered a request key: repeats are answered from it. */
  readonly answered: Map<string, number>;
  /** Request keys that were answered in the card's place. */
  readonly stoodIn: Map<string, StoodIn>;
  /** Request keys that were given up, by the sequence that says so: their answer is a decline, unless one in place is newer. */
  readonly voided: Map<string, number>;
  /** Keys of the network's messages: repeats change nothing. */
  readonly received: Map<string, number>;
  held_minor: number;
  posted_minor: number;
  /** Authorizations that were a use of the card, ever. */
  uses: number;
  /** No hold lapses before. */
  next_expiry_ms: number;
  /** What the profile's limits count, by what makes them count alike. */
  counters: Map<string, Counter>;
  controls: readonly CompiledControl[];
}

/** An answer in the card's place. */
export interface StoodIn {
  readonly sequence: number;
  readonly approved_minor: number;
  /** The life that holds it, and since which instant. */
  readonly authorization_key: string;
  readonly at_ms: number;
}

/** The answer in the card's place that holds for a request; null where there is none, or the request was given up since. */
export function standInFor(state: CardState, requestKey: string): StoodIn | null {
  const stoodIn = state.stoodIn.get(requestKey);
  return stoodIn === undefined || stoodIn.sequence < (state.voided.get(requestKey) ?? 0) ? null : stoodIn;
}

export function newCardState(): CardState {
  return {
    profile: null,
    authorizations: new Map(),
    aliases: new Map(),
    answered: new Map(),
    stoodIn: new Map(),
    voided: new Map(),
    received: new Map(),
    held_minor: 0,
    posted_minor: 0,
    uses: 0,
    next_expiry_ms: Number.POSITIVE_INFINITY,
    counters: new Map(),
    controls: [],
  };
}

/** What the card may still spend; null where its funds are the network's business. May be negative after a force post. */
export function availableMinor(state: CardState): number | null {
  const funds = state.profile?.funds_minor ?? null;
  return funds === null ? null : funds - state.held_minor - state.posted_minor;
}

/** The key under which a life stands, by any of its names. */
export function lifeKey(state: CardState, key: string): string {
  return state.aliases.get(key) ?? key;
}

/** Replaces one life by its next state, and keeps every sum that depends on it. */
export function setAuthorization(state: CardState, key: string, before: Authorization, after: Authorization): void {
  state.authorizations.set(key, after);
  state.posted_minor += postedMinor(after) - postedMinor(before);
  state.held_minor += after.hold_minor - before.hold_minor;
  state.uses += (isUse(after) ? 1 : 0) - (isUse(before) ? 1 : 0);
  if (!Number.isSafeInteger(state.posted_minor) || !Number.isSafeInteger(state.held_minor))
    throw new Error("the card's sums have left the integers that a double holds exactly");
  if (after.hold_minor > 0) state.next_expiry_ms = Math.min(state.next_expiry_ms, after.expires_at_ms);
  for (const counter of state.counters.values()) counter.change(key, before, after);
}

/** Takes a life away as if it had never been: what it was goes on under another key. */
export function removeAuthorization(state: CardState, key: string, life: Authorization): void {
  setAuthorization(state, key, life, newAuthorization(life.authorization_id, life.at_ms));
  state.authorizations.delete(key);
}

/** A changed profile may have other limits: they count what the card already spent, as if they had always been there. */
export function setProfile(state: CardState, profile: Profile, kept: ReadonlyMap<string, Kept> = keptOf(state)): void {
  const counters = new Map<string, Counter>();
  for (const control of profile.controls) {
    if (control.does !== 'limit') continue;
    const key = counterKey(control);
    if (counters.has(key)) continue;
    const counter = newCounter(control);
    if (counter === null) continue;
    counters.set(key, counter);
    counter.restore(kept.get(key) ?? []);
    for (const [lifeName, life] of state.authorizations)
      counter.change(lifeName, newAuthorization(life.authorization_id, life.at_ms), life);
  }
  state.profile = profile;
  state.counters = counters;
  state.controls = compileControls(profile.controls, counters);
}

/** What the counters hold of lives that are no longer in memory. */
export function keptOf(state: CardState): Map<string, Kept> {
  return new Map([...state.counters].map(([key, counter]) => [key, counter.kept()]));
}
