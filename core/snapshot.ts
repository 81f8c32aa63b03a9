// A card's state as plain data, so that loading need not fold the whole log, and what is too old is forgotten.

import type { CardEventBody } from '../contracts/card-event.ts';
import type { Authorization } from './authorization.ts';
import { type CardState, keptOf, newCardState, setProfile } from './card-state.ts';
import type { Kept } from './counter.ts';

/** Rows up to `sequence` are in it. Lists of values instead of records: names would be most of it. */
export interface Snapshot {
  readonly version: 1;
  readonly sequence: number;
  /** The card's clock. */
  readonly at_ms: number;
  readonly profile: Extract<CardEventBody, { kind: 'profile' }>['profile'] | null;
  readonly posted_minor: number;
  readonly uses: number;
  readonly kept: readonly (readonly [counter: string, Kept])[];
  readonly authorizations: readonly StoredLife[];
  readonly aliases: readonly (readonly [string, string])[];
  readonly answered: readonly (readonly [string, number])[];
  readonly stoodIn: readonly (readonly [string, { sequence: number; approved_minor: number }])[];
  readonly voided: readonly (readonly [string, number])[];
  readonly received: readonly (readonly [string, number])[];
}

type StoredLife = readonly [key: string, ...values: unknown[]];

export function snapshotOf(state: CardState, sequence: number, atMs: number): Snapshot {
  return {
    version: 1,
    sequence,
    at_ms: atMs,
    profile: state.profile,
    posted_minor: state.posted_minor,
    uses: state.uses,
    kept: [...keptOf(state)],
    authorizations: Array.from(state.authorizations, ([key, life]) => [key, ...valuesOf(life)] as const),
    aliases: [...state.aliases],
    answered: [...state.answered],
    stoodIn: [...state.stoodIn],
    voided: [...state.voided],
    received: [...state.received],
  };
}

export function stateFrom(snapshot: Snapshot): CardState {
  const state: CardState = {
    ...newCardState(),
    authorizations: new Map(snapshot.authorizations.map(([key, ...values]) => [key, lifeFrom(values)])),
    aliases: new Map(snapshot.aliases),
    answered: new Map(snapshot.answered),
    stoodIn: new Map(snapshot.stoodIn),
    voided: new Map(snapshot.voided),
    received: new Map(snapshot.received),
    posted_minor: snapshot.posted_minor,
    uses: snapshot.uses,
  };
  for (const { hold_minor, expires_at_ms } of state.authorizations.values()) {
    if (hold_minor === 0) continue;
    state.held_minor += hold_minor;
    state.next_expiry_ms = Math.min(state.next_expiry_ms, expires_at_ms);
  }
  if (snapshot.profile !== null) setProfile(state, snapshot.profile, new Map(snapshot.kept));
  return state;
}

function valuesOf(life: Authorization): unknown[] {
  const { subject, cut, steps } = life;
  return [
    life.authorization_id,
    life.at_ms,
    life.touched_ms,
    life.hold_minor,
    life.approved_minor,
    life.cleared_minor,
    life.refunded_minor,
    life.expires_at_ms,
    life.advised ? 1 : 0,
    subject === null ? 0 : subject,
    cut === null ? 0 : [cut.at_ms, cut.hold_minor],
    steps.map(({ at_ms, minor }) => [at_ms, minor]),
  ];
}

type StoredValues = [
  ...[Authorization['authorization_id'], number, number, number, number, number, number, number, 0 | 1],
  ...[Authorization['subject'] | 0, [number, number] | 0, [number, number][]],
];

/** Snapshots are written by `valuesOf` alone: they are trusted here. */
function lifeFrom(values: readonly unknown[]): Authorization {
  const [id, at_ms, touched_ms, hold, approved, cleared, refunded, expires_at_ms, advised, subject, cut, steps] =
    values as StoredValues;
  return {
    authorization_id: id,
    at_ms,
    touched_ms,
    subject: subject === 0 ? null : subject,
    cut: cut === 0 ? null : { at_ms: cut[0], hold_minor: cut[1] },
    steps: steps.map(([stepMs, minor]) => ({ at_ms: stepMs, minor })),
    hold_minor: hold,
    approved_minor: approved,
    advised: advised === 1,
    cleared_minor: cleared,
    refunded_minor: refunded,
    expires_at_ms,
  };
}

/**
 * Drops what is older than the retention: keys of rows that are gone, and lives that hold nothing and that no rolling window
 * still counts. What they counted in other windows is kept as a sum.
 */
export function forget(state: CardState, { firstSequence, beforeMs, nowMs }: Forgotten): void {
  for (const keys of [state.answered, state.voided, state.received])
    for (const [key, sequence] of keys) if (sequence < firstSequence) keys.delete(key);
  for (const [key, { sequence }] of state.stoodIn) if (sequence < firstSequence) state.stoodIn.delete(key);
  let oldestMs = nowMs;
  for (const [key, life] of state.authorizations) {
    if (isDone(state, life, beforeMs, nowMs)) {
      for (const counter of state.counters.values()) counter.drop(key, life);
      state.authorizations.delete(key);
    } else oldestMs = Math.min(oldestMs, life.at_ms);
  }
  for (const [alias, key] of state.aliases) if (!state.authorizations.has(key)) state.aliases.delete(alias);
  for (const counter of state.counters.values()) counter.forget(oldestMs);
}

export interface Forgotten {
  /** The oldest row that stays. */
  readonly firstSequence: number;
  /** Lives that were last touched before this instant are done with. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

function isDone(state: CardState, life: Authorization, beforeMs: number, nowMs: number): boolean {
  if (life.hold_minor > 0 || life.touched_ms >= beforeMs) return false;
  for (const counter of state.counters.values()) if (counter.needs(life.at_ms, nowMs)) return false;
  return true;
}
