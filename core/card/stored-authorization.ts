// One authorization in a snapshot: a row of values by the columns below.

import type { Id } from '../../contracts/ids.ts';
import type { Portion } from '../windows/portions.ts';
import type { Authorization } from './authorization.ts';
import type { Heard } from './hearing.ts';
import { type HoldChange, holdOf } from './hold-changes.ts';
import type { Subject } from './subject.ts';
import { dayOfOld, type Refunds } from './unmatched.ts';

/** The columns, in the order in which both writer and reader take them. */
export type StoredAuthorization = readonly [
  key: string,
  authorization_id: string,
  at_ms: number,
  touched_ms: number,
  currency: string,
  /** Its place among the snapshot's subjects. */
  subject: number | null,
  approved_minor: number,
  cleared_minor: number,
  refunded_minor: number,
  expires_at_ms: number,
  /** Its instant, or 0; 1 where that was not kept. */
  begun_at_ms: number,
  advised: number,
  /** Of each change: instant, what it does, amount, `nth`; the next instant, … */
  changes: readonly number[],
  /** Of the few changes that have more: place, the network's amount or −1, number or −1; the next place, … */
  changesMore: readonly number[],
  /** The instant of the one approval at which all of it counts; or kind, given, window, held, cleared, the next kind, … */
  portions: number | readonly number[],
  /** When something first changed the hold, then when each change was heard. Absent in snapshots of before this was kept. */
  heard?: readonly number[],
  /**
   * By the numbers of the card's events, 0 for none: when its first request was decided, when something first changed the hold, then
   * when each change was heard. Below 0: given in the card's place, heard of by that event. Absent in snapshots of before this was kept.
   */
  heardBy?: readonly number[],
  /** A day, what was refunded on it less what a person has released, the next day, … Absent as above. */
  refunds?: readonly number[],
];

const doings = ['adds', 'sets', 'ends', 'takes', 'lapses'] as const satisfies readonly HoldChange['does'][];
const kinds = ['asked', 'added', 'forced'] as const satisfies readonly Portion['kind'][];

export function storedAuthorization(
  key: string,
  authorization: Authorization,
  subject: number | null,
): StoredAuthorization {
  const { changes, portions } = authorization;
  return [
    key,
    authorization.authorization_id,
    authorization.at_ms,
    authorization.touched_ms,
    authorization.currency,
    subject,
    authorization.approved_minor,
    authorization.cleared_minor,
    authorization.refunded_minor,
    authorization.expires_at_ms,
    authorization.begun?.heard_ms ?? 0,
    authorization.advised,
    changes.flatMap(({ at_ms, does, minor, nth }) => [at_ms, doings.indexOf(does), minor, nth]),
    changes.flatMap(({ network_minor, order }, place) =>
      network_minor === undefined && order === undefined ? [] : [place, network_minor ?? -1, order ?? -1],
    ),
    storedPortions(portions),
    [authorization.changed?.heard_ms ?? 0, ...changes.map(({ heard_ms }) => heard_ms)],
    [authorization.begun, authorization.changed, ...changes].map(storedNumber),
    authorization.refunds.flat(),
  ];
}

export function authorizationFrom(stored: StoredAuthorization, subjects: readonly Subject[]): Authorization {
  const [, authorization_id, at_ms, touched_ms, currency, subject, approved, cleared, refunded, expires_at_ms] = stored;
  const [, , , , , , , , , , begunMs, advised, changesStored, changesMore, portionsStored, heard, heardBy = [], days] =
    stored;
  const changes = changesFrom(changesStored, changesMore, heard ?? { at_ms }, heardBy);
  const changedMs = heard?.[0] ?? (changes.length === 0 ? 0 : at_ms);
  const hold = holdOf(changes);
  return {
    authorization_id: authorization_id as Id<'auth'>,
    at_ms,
    touched_ms,
    currency,
    subject: subject === null ? null : (subjects[subject] ?? null),
    changes,
    portions: portionsFrom(portionsStored, { held_minor: hold.hold_minor, cleared_minor: cleared }),
    ...hold,
    approved_minor: approved,
    begun: begunMs === 0 ? null : heardFrom(begunMs, heardBy[0]),
    changed: changedMs === 0 ? null : heardFrom(changedMs, heardBy[1]),
    advised,
    cleared_minor: cleared,
    refunded_minor: refunded,
    refunds: refundsFrom(days ?? (refunded === 0 ? [] : [dayOfOld, refunded])),
    expires_at_ms,
  };
}

/** `heard`: when the first came and each was heard, or the instant of the authorization where that was not kept. */
function changesFrom(
  stored: readonly number[],
  more: readonly number[],
  heard: readonly number[] | { readonly at_ms: number },
  heardBy: readonly number[],
): HoldChange[] {
  const isOld = 'at_ms' in heard;
  const changes: HoldChange[] = [];
  for (let at = 0; at < stored.length; at += 4) {
    const [at_ms = 0, does = 0, minor = 0, nth = 0] = [stored[at], stored[at + 1], stored[at + 2], stored[at + 3]];
    const heard_ms = isOld ? 0 : (heard[1 + changes.length] ?? 0);
    // The stamp of a beginning was not kept either.
    const stampMs = isOld && nth === -1 ? heard.at_ms : at_ms;
    const when = heardFrom(heard_ms, heardBy[2 + changes.length]);
    changes.push({ at_ms: stampMs, does: doings[does] ?? 'ends', minor, nth, ...when });
  }
  for (let at = 0; at < more.length; at += 3) {
    const [place = 0, network_minor = -1, order = -1] = [more[at], more[at + 1], more[at + 2]];
    changes[place] = {
      ...(changes[place] as HoldChange),
      ...(order === -1 ? {} : { order }),
      ...(network_minor === -1 ? {} : { network_minor }),
    };
  }
  return changes;
}

function refundsFrom(stored: readonly number[]): Refunds {
  const refunds: [number, number][] = [];
  for (let at = 0; at < stored.length; at += 2) refunds.push([stored[at] ?? 0, stored[at + 1] ?? 0]);
  return refunds;
}

function storedNumber(one: Heard | null): number {
  if (one === null) return 0;
  return one.in_place === true ? -one.heard : one.heard;
}

function heardFrom(heard_ms: number, storedAs = 0): Heard {
  return storedAs < 0 ? { heard: -storedAs, heard_ms, in_place: true } : { heard: storedAs, heard_ms };
}

function storedPortions(portions: readonly Portion[]): StoredAuthorization[14] {
  const [one, ...others] = portions;
  if (one?.kind === 'asked' && others.length === 0 && one.given_at_ms === one.window_at_ms) return one.given_at_ms;
  return portions.flatMap(({ kind, given_at_ms, window_at_ms, held_minor, cleared_minor }) => [
    ...[kinds.indexOf(kind), given_at_ms, window_at_ms, held_minor, cleared_minor],
  ]);
}

function portionsFrom(
  stored: StoredAuthorization[14],
  all: Pick<Portion, 'held_minor' | 'cleared_minor'>,
): readonly Portion[] {
  if (typeof stored === 'number') return [{ kind: 'asked', given_at_ms: stored, window_at_ms: stored, ...all }];
  const portions: Portion[] = [];
  for (let at = 0; at < stored.length; at += 5) {
    const [kind = 0, given_at_ms = 0, window_at_ms = 0, held_minor = 0, cleared_minor = 0] = stored.slice(at, at + 5);
    portions.push({ kind: kinds[kind] ?? 'asked', given_at_ms, window_at_ms, held_minor, cleared_minor });
  }
  return portions;
}
