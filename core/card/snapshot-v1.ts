// Snapshots as the first version of the card wrote them.

import type { Profile } from '../../contracts/profile.ts';
import type { Kept } from '../windows/window-sums.ts';
import type { Snapshot, StoredKeys } from './snapshot.ts';
import type { StoredAuthorization } from './stored-authorization.ts';
import type { Subject } from './subject.ts';

interface SnapshotV1 {
  readonly version: 1;
  readonly sequence: number;
  readonly at_ms: number;
  readonly profile: Profile | null;
  readonly posted_minor: number;
  readonly uses: number;
  readonly kept: readonly (readonly [counter: string, Kept])[];
  readonly subjects: readonly Subject[];
  readonly authorizations: readonly AuthorizationV1[];
  readonly aliases: readonly (readonly [string, string])[];
  readonly answered: StoredKeys;
  readonly stoodIn: readonly (readonly [string, StoodInV1])[];
  readonly voided: StoredKeys;
  readonly received: StoredKeys;
}

type StoodInV1 = { sequence: number; approved_minor: number; authorization_key: string; at_ms: number };

/** `told`: 2 for what a request began, 1 more for what the network approved without us, and 4 for each time that it did again. */
type AuthorizationV1 = readonly [
  ...[key: string, id: string, at_ms: number, touched_ms: number],
  ...[hold: number, approved: number, cleared: number, refunded: number, expires_at_ms: number, told: number],
  ...[subject: number | null, cut: readonly [at_ms: number, hold: number] | null],
  /** An instant, its amount, the next instant, … */
  steps: readonly number[],
  /** A step's place, the network's amount of it, the next place, … */
  ...toldSteps: readonly (readonly number[])[],
];

export function isSnapshotV1(stored: { version: number }): stored is SnapshotV1 {
  return stored.version === 1;
}

export function upgradedFromV1(stored: SnapshotV1): Snapshot {
  const { posted_minor, uses, ...same } = stored;
  const currency = stored.profile?.currency ?? null;
  return {
    ...same,
    version: 2,
    currency,
    sums: currency === null ? [] : [[currency, posted_minor, uses]],
    authorizations: stored.authorizations.map((authorization) => authorizationFromV1(authorization, currency ?? 'XXX')),
    asked: [],
    stoodIn: stored.stoodIn.map(([key, { at_ms, ...stoodIn }]) => [key, { ...stoodIn, place: { at_ms, nth: 0 } }]),
  };
}

const [adds, sets, ends, takes] = [0, 1, 2, 3];

/** All of it counted at the instant of its first event. What nothing is known of was declined, or a verification: begun. */
function authorizationFromV1(stored: AuthorizationV1, currency: string): StoredAuthorization {
  const [key, id, at_ms, touched_ms, hold, approved, cleared, refunded, expires_at_ms] = stored;
  const [told, subject, cut, steps, toldSteps = []] = stored.slice(9) as [
    number,
    number | null,
    AuthorizationV1[11],
    readonly number[],
    (readonly number[])?,
  ];
  const changes = cut === null ? [] : [cut[0], cut[1] === 0 ? ends : sets, cut[1], 0];
  for (let at = 0; at < steps.length; at += 2) {
    const [stepAtMs = 0, minor = 0] = [steps[at], steps[at + 1]];
    const isBeginning = cut === null && at === 0 && minor > 0;
    const place = isBeginning ? [0, -1] : [stepAtMs, 0];
    changes.push(place[0] ?? 0, minor > 0 ? adds : takes, Math.abs(minor), place[1] ?? 0);
  }
  const more: number[] = [];
  const before = cut === null ? 0 : 1;
  for (let at = 0; at < toldSteps.length; at += 2)
    more.push(before + (toldSteps[at] ?? 0), Math.abs(toldSteps[at + 1] ?? 0), -1);
  const isNothing = cut === null && steps.length === 0 && cleared === 0 && refunded === 0;
  return [
    ...([key, id, at_ms, touched_ms, currency, subject, approved, cleared, refunded, expires_at_ms] as const),
    told % 4 >= 2 || isNothing ? 1 : 0,
    told % 2 === 0 ? 0 : 1 + Math.floor(told / 4),
    changes,
    more,
    hold > 0 || cleared > 0 || approved > 0 || told % 2 === 1 ? at_ms : [],
  ];
}
