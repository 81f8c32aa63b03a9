// A card's state as plain data, so that loading need not fold the whole log.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { Kept } from '../windows/window-sums.ts';
import type { InPlace } from './answers.ts';
import { type CardState, newCardState, type Sums, setProfile, sumsIn } from './card-state.ts';
import { keptOf } from './kept-counts.ts';
import { isSnapshotV1, upgradedFromV1 } from './snapshot-v1.ts';
import { authorizationFrom, type StoredAuthorization, storedAuthorization } from './stored-authorization.ts';
import { NewerRelease } from './stored-row.ts';
import type { Subject } from './subject.ts';

/** Another one for whatever an older release cannot read; what an older one wrote is brought up to it (`snapshot-v1.ts`). */
export const snapshotVersion = 2;

/** Rows up to `sequence` are in it. Lists of values instead of records: names would be most of it, and of the time to read it. */
export interface Snapshot {
  readonly version: typeof snapshotVersion;
  readonly sequence: number;
  /** The card's clock. */
  readonly at_ms: number;
  readonly profile: Extract<CardEventBody, { kind: 'profile' }>['profile'] | null;
  /** The currency of the first sums below; the others are of what was heard before the profile. */
  readonly currency: string | null;
  readonly sums: readonly (readonly [currency: string, posted_minor: number, uses: number])[];
  readonly kept: readonly (readonly [counter: string, Kept])[];
  /** Each once: a card is mostly used where it was used before. Authorizations name theirs by its place. */
  readonly subjects: readonly Subject[];
  readonly authorizations: readonly StoredAuthorization[];
  readonly aliases: readonly (readonly [string, string])[];
  readonly asked: readonly number[];
  readonly answered: StoredKeys;
  readonly stoodIn: readonly (readonly [string, InPlace])[];
  readonly voided: StoredKeys;
  readonly received: StoredKeys;
  /** Absent in snapshots of before this was kept. */
  readonly unmatched?: StoredKeys;
  /** The oldest row that is kept beside it; whoever keeps rows says it. Absent: all that are there. */
  readonly rows_from?: number;
}

/** A key, its sequence, the next key, … */
export type StoredKeys = readonly (string | number)[];

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
  const authorizations = Array.from(state.authorizations, ([key, authorization]) =>
    storedAuthorization(key, authorization, placeOf(authorization.subject)),
  );
  const own = state.currency === null ? [] : [[state.currency, state.posted_minor, state.uses] as const];
  const others = Array.from(state.others, ([currency, sums]) => [currency, sums.posted_minor, sums.uses] as const);
  return {
    version: snapshotVersion,
    sequence,
    at_ms: atMs,
    profile: state.profile,
    currency: state.currency,
    sums: [...own, ...others],
    kept: [...keptOf(state)],
    subjects: Array.from(subjects.values(), ({ subject }) => subject),
    authorizations,
    aliases: [...state.aliases],
    asked: [...state.asked].flat(),
    answered: [...state.answers.byCard].flat(),
    stoodIn: [...state.answers.inPlace],
    voided: [...state.answers.givenUp].flat(),
    received: [...state.received].flat(),
    ...(state.unmatched.size === 0 ? {} : { unmatched: [...state.unmatched].flat() }),
  };
}

/** From its JSON, of any version that was ever written; throws for a newer one. Only `snapshotOf` writes it: it is trusted. */
export function readSnapshot(text: string): Snapshot {
  const stored: { version: number } = JSON.parse(text);
  if (isSnapshotV1(stored)) return upgradedFromV1(stored);
  if (stored.version !== snapshotVersion) throw new NewerRelease(`a snapshot of version ${stored.version}`);
  return stored as Snapshot;
}

export function stateFrom(snapshot: Snapshot, unmatchedMax?: Amounts): CardState {
  const state: CardState = {
    ...newCardState(unmatchedMax),
    currency: snapshot.currency,
    aliases: new Map(snapshot.aliases),
    asked: numbersFrom(snapshot.asked),
    answers: {
      byCard: keysFrom(snapshot.answered),
      inPlace: new Map(snapshot.stoodIn),
      givenUp: keysFrom(snapshot.voided),
    },
    received: keysFrom(snapshot.received),
    unmatched: keysFrom(snapshot.unmatched ?? []),
  };
  for (const [currency, posted_minor, uses] of snapshot.sums)
    Object.assign(sumsIn(state, currency), { posted_minor, uses } satisfies Partial<Sums>);
  for (const stored of snapshot.authorizations) {
    const authorization = authorizationFrom(stored, snapshot.subjects);
    state.authorizations.set(stored[0], authorization);
    if (authorization.hold_minor === 0) continue;
    sumsIn(state, authorization.currency).held_minor += authorization.hold_minor;
    state.next_expiry_ms = Math.min(state.next_expiry_ms, authorization.expires_at_ms);
  }
  if (snapshot.profile !== null) setProfile(state, snapshot.profile, new Map(snapshot.kept));
  return state;
}

function keysFrom(stored: StoredKeys): Map<string, number> {
  const keys = new Map<string, number>();
  for (let at = 0; at < stored.length; at += 2) keys.set(stored[at] as string, stored[at + 1] as number);
  return keys;
}

function numbersFrom(stored: readonly number[]): Map<number, number> {
  const numbers = new Map<number, number>();
  for (let at = 0; at < stored.length; at += 2) numbers.set(stored[at] as number, stored[at + 1] as number);
  return numbers;
}
