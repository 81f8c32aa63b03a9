// A card's state: the fold of its events. Held in memory by the card object, never stored; `fold` restores it exactly.
// Mutable for speed and owned by one object: only `apply` changes it, everything else reads.

import type { LimitControl, Profile } from '../contracts/profile.ts';
import { type Authorization, countedMinor, holdMinor, postedMinor } from './authorization.ts';
import { appliesTo } from './controls.ts';
import { dayOf } from './windows.ts';

export interface CardState {
  profile: Profile | null;
  /** By the network's key of the authorization. */
  readonly authorizations: Map<string, Authorization>;
  /** Sequence of the event that answered a request key: repeats are answered from it. */
  readonly answered: Map<string, number>;
  /** Request keys that were given up: their answer is a decline, whenever they come. */
  readonly voided: Set<string>;
  /** Keys of the network's messages: repeats change nothing. */
  readonly received: Set<string>;
  held_minor: number;
  posted_minor: number;
  /** What each limit of the profile has counted, by the window's start: a cache of a sum over `authorizations`. */
  counts: Map<string, Map<number, number>>;
}

export function newCardState(): CardState {
  return {
    profile: null,
    authorizations: new Map(),
    answered: new Map(),
    voided: new Set(),
    received: new Set(),
    held_minor: 0,
    posted_minor: 0,
    counts: new Map(),
  };
}

/** What the card may still spend; null where its funds are the network's business. May be negative after a force post. */
export function availableMinor(state: CardState): number | null {
  const funds = state.profile?.funds_minor ?? null;
  return funds === null ? null : funds - state.held_minor - state.posted_minor;
}

/** What a limit has counted in the window that holds the instant. */
export function countedInWindow(state: CardState, control: LimitControl, atMs: number): number {
  if (control.window.per === 'transaction') return 0;
  const start = dayOf(atMs, control.window.time_zone).start_ms;
  return state.counts.get(control.control_id)?.get(start) ?? 0;
}

/** Replaces one life by its next state, and keeps every sum that depends on it. */
export function setAuthorization(state: CardState, key: string, before: Authorization, after: Authorization): void {
  state.authorizations.set(key, after);
  state.posted_minor += postedMinor(after) - postedMinor(before);
  state.held_minor += holdMinor(after) - holdMinor(before);
  if (!Number.isSafeInteger(state.posted_minor) || !Number.isSafeInteger(state.held_minor))
    throw new Error("the card's sums have left the integers that a double holds exactly");
  for (const control of state.profile?.controls ?? []) {
    if (control.does !== 'limit') continue;
    count(state, control, before, -1);
    count(state, control, after, 1);
  }
}

/** A changed profile may have other limits: they count what the card already spent, as if they had always been there. */
export function setProfile(state: CardState, profile: Profile): void {
  state.profile = profile;
  state.counts = new Map();
  for (const control of profile.controls) {
    if (control.does !== 'limit') continue;
    for (const authorization of state.authorizations.values()) count(state, control, authorization, 1);
  }
}

function count(state: CardState, control: LimitControl, authorization: Authorization, sign: 1 | -1): void {
  const amount = countedMinor(authorization) * sign;
  if (amount === 0 || control.window.per === 'transaction' || !appliesTo(control, authorization.merchant)) return;
  const start = dayOf(authorization.at_ms, control.window.time_zone).start_ms;
  const windows = state.counts.get(control.control_id) ?? new Map<number, number>();
  windows.set(start, (windows.get(start) ?? 0) + amount);
  state.counts.set(control.control_id, windows);
}
