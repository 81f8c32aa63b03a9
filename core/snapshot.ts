// A card's state as plain data, so that loading need not fold the whole log, and what is too old is forgotten.

import type { CardEventBody } from '../contracts/card-event.ts';
import { type Authorization, heldBy, type Step } from './authorization.ts';
import { type CardState, keptOf, newCardState, type StoodIn, setProfile } from './card-state.ts';
import type { Kept } from './counter.ts';
import type { Subject } from './subject.ts';

/** Rows up to `sequence` are in it. Lists of values instead of records: names would be most of it, and of the time to read it. */
export interface Snapshot {
  readonly version: 1;
  readonly sequence: number;
  /** The card's clock. */
  readonly at_ms: number;
  readonly profile: Extract<CardEventBody, { kind: 'profile' }>['profile'] | null;
  readonly posted_minor: number;
  readonly uses: number;
  readonly kept: readonly (readonly [counter: string, Kept])[];
  /** Each once: a card is mostly used where it was used before. Lives name theirs by its place. */
  readonly subjects: readonly Subject[];
  readonly authorizations: readonly StoredLife[];
  readonly aliases: readonly (readonly [string, string])[];
  readonly answered: StoredKeys;
  readonly stoodIn: readonly (readonly [string, StoodIn])[];
  readonly voided: StoredKeys;
  readonly received: StoredKeys;
}

/** A key, its sequence, the next key, … */
type StoredKeys = readonly (string | number)[];

/** `told`: 2 for what a request began, 1 more for what the network approved without us, and 4 for each time that it did again. */
type StoredLife = readonly [
  ...[key: string, id: Authorization['authorization_id'], at_ms: number, touched_ms: number],
  ...[hold: number, approved: number, cleared: number, refunded: number, expires_at_ms: number, told: number],
  ...[subject: number | null, cut: readonly [at_ms: number, hold: number] | null],
  /** An instant, its amount, the next instant, … */
  steps: readonly number[],
  /** None, or one list, of steps of which the network was told another amount: a step's place, that amount, the next place, … */
  ...toldSteps: readonly (readonly number[])[],
];

export function snapshotOf(state: CardState, sequence: number, atMs: number): Snapshot {
  const subjects = new Map<string, { place: number; subject: Subject }>();
  const placeOf = (subject: Subject | null): number | null => {
    if (subject === null) return null;
    const text = JSON.stringify(subject);
    const known = subjects.get(text);
    if (known !== undefined) return known.place;
    const place = subjects.size;
    subjects.set(text, { place, subject });
    return place;
  };
  const authorizations = Array.from(state.authorizations, ([key, life]) =>
    storedLife(key, life, placeOf(life.subject)),
  );
  return {
    version: 1,
    sequence,
    at_ms: atMs,
    profile: state.profile,
    posted_minor: state.posted_minor,
    uses: state.uses,
    kept: [...keptOf(state)],
    subjects: Array.from(subjects.values(), ({ subject }) => subject),
    authorizations,
    aliases: [...state.aliases],
    answered: [...state.answered].flat(),
    stoodIn: [...state.stoodIn],
    voided: [...state.voided].flat(),
    received: [...state.received].flat(),
  };
}

/** Snapshots are written by `snapshotOf` alone: they are trusted here. */
export function stateFrom(snapshot: Snapshot): CardState {
  const state: CardState = {
    ...newCardState(),
    aliases: new Map(snapshot.aliases),
    answered: keysFrom(snapshot.answered),
    stoodIn: new Map(snapshot.stoodIn),
    voided: keysFrom(snapshot.voided),
    received: keysFrom(snapshot.received),
    posted_minor: snapshot.posted_minor,
    uses: snapshot.uses,
  };
  for (const stored of snapshot.authorizations) {
    const life = lifeFrom(stored, snapshot.subjects);
    state.authorizations.set(stored[0], life);
    if (life.hold_minor === 0) continue;
    state.held_minor += life.hold_minor;
    state.next_expiry_ms = Math.min(state.next_expiry_ms, life.expires_at_ms);
  }
  if (snapshot.profile !== null) setProfile(state, snapshot.profile, new Map(snapshot.kept));
  return state;
}

function keysFrom(stored: StoredKeys): Map<string, number> {
  const keys = new Map<string, number>();
  for (let at = 0; at < stored.length; at += 2) keys.set(stored[at] as string, stored[at + 1] as number);
  return keys;
}

function storedLife(key: string, life: Authorization, subject: number | null): StoredLife {
  const { cut, steps } = life;
  const toldSteps = steps.flatMap(({ told_minor }, place) => (told_minor === undefined ? [] : [place, told_minor]));
  return [
    key,
    life.authorization_id,
    life.at_ms,
    life.touched_ms,
    life.hold_minor,
    life.approved_minor,
    life.cleared_minor,
    life.refunded_minor,
    life.expires_at_ms,
    (life.begun ? 2 : 0) + (life.advised > 0 ? 1 + 4 * (life.advised - 1) : 0),
    subject,
    cut === null ? null : [cut.at_ms, cut.hold_minor],
    steps.flatMap(({ at_ms, minor }) => [at_ms, minor]),
    ...(toldSteps.length === 0 ? [] : [toldSteps]),
  ];
}

function lifeFrom(stored: StoredLife, subjects: readonly Subject[]): Authorization {
  const [, authorization_id, at_ms, touched_ms, hold, approved, cleared, refunded, expires_at_ms] = stored;
  const [told, subject] = [stored[9], stored[10]];
  const cut = stored[11] === null ? null : { at_ms: stored[11][0], hold_minor: stored[11][1] };
  const steps = stepsFrom(stored[12], stored[13] ?? []);
  return {
    authorization_id,
    at_ms,
    touched_ms,
    subject: subject === null ? null : (subjects[subject] ?? null),
    cut,
    steps,
    hold_minor: hold,
    told_minor: heldBy(cut, steps).told_minor,
    approved_minor: approved,
    advised: told % 2 === 0 ? 0 : 1 + Math.floor(told / 4),
    begun: told % 4 >= 2,
    cleared_minor: cleared,
    refunded_minor: refunded,
    expires_at_ms,
  };
}

function stepsFrom(stored: readonly number[], toldSteps: readonly number[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < stored.length; at += 2)
    steps.push({ at_ms: stored[at] as number, minor: stored[at + 1] as number });
  for (let at = 0; at < toldSteps.length; at += 2) {
    const place = toldSteps[at] as number;
    steps[place] = { ...(steps[place] as Step), told_minor: toldSteps[at + 1] as number };
  }
  return steps;
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
