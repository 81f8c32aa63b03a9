// Finding an authorization by any of the network's names for it. An event's authorization is found once: whoever receives the event
// finds it, decides by it and hands it on to the fold; on loading, the fold finds it. Only `take` changes the state.

import type { Id } from '../../contracts/ids.ts';
import { fingerprint } from '../fingerprint.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { authorizationKey, type CardState, removeAuthorization, setAuthorization } from './card-state.ts';
import { type Heard, unknownInstantMs } from './hearing.ts';
import { joined } from './joined.ts';
import type { Body } from './logged-event.ts';
import { redated } from './redated.ts';

/** What a request or message names: an authorization, perhaps by a second name from now on. */
export interface Named {
  readonly authorization_key: string;
  readonly alias_key?: string | undefined;
  readonly currency: string;
}

/** What an event gives to the authorization that it begins, and to one that was only asked for in vain. */
export interface Ids {
  readonly authorization_id: Id<'auth'>;
  /** Its other names, by a request that held nothing: of that only a key was kept, and the event says them again. */
  readonly also_named?: readonly string[] | undefined;
}

export interface Found {
  readonly key: string;
  /** All the names that lead to it from now on. */
  readonly names: readonly string[];
  /** Those of them that the event has to say again. */
  readonly also_named: readonly string[];
  /** As one, where two authorizations turn out to be the same. */
  readonly authorization: Authorization;
  /** What it comes from: none where the event begins it, itself, or the two that are joined. */
  readonly parts: readonly Authorization[];
  /** The one that went into it. */
  readonly absorbed: { readonly key: string; readonly authorization: Authorization } | null;
}

const [none, noParts]: readonly [readonly string[], readonly Authorization[]] = [[], []];

export function find(
  state: CardState,
  { authorization_key, alias_key, currency }: Named,
  { authorization_id, also_named = none }: Ids,
  atMs: number,
): Found {
  const names = namesOf(authorization_key, alias_key, also_named);
  // Of more than two, the others are joined by what names them next.
  const key = knownKey(state, names, undefined);
  const one = key === undefined ? undefined : state.authorizations.get(key);
  if (key === undefined || one === undefined) {
    // Nearly every request is a new purchase.
    const authorization = newAuthorization(authorization_id, atMs, currency, firstAsked(state, names));
    const first = authorizationKey(state, authorization_key);
    return { key: first, names, also_named, authorization, parts: noParts, absorbed: null };
  }
  const otherKey = knownKey(state, names, key);
  const other = otherKey === undefined ? undefined : state.authorizations.get(otherKey);
  // Money of two currencies is never one sum: they stay apart.
  if (otherKey === undefined || other === undefined || one.currency !== other.currency) {
    const authorization = asOf(state, one, names, atMs);
    return { key, names, also_named, authorization, parts: [authorization], absorbed: null };
  }
  const authorization = asOf(state, joined(one, other), names, atMs);
  const absorbed = { key: otherKey, authorization: other };
  return { key, names, also_named, authorization, parts: [one, other], absorbed };
}

function namesOf(one: string, other: string | undefined, others: readonly string[]): readonly string[] {
  if (others.length > 0) return other === undefined ? [one, ...others] : [one, other, ...others];
  return other === undefined ? [one] : [one, other];
}

/** The first key of one that is known, but for one of them. */
function knownKey(state: CardState, names: readonly string[], but: string | undefined): string | undefined {
  for (const name of names) {
    const key = authorizationKey(state, name);
    if (key !== but && state.authorizations.has(key)) return key;
  }
  return undefined;
}

/** Of an event that begins nothing: null where what it speaks of has been forgotten, or never held anything. */
export function findKnown(state: CardState, name: string | null, atMs: number): Found | null {
  const known = name === null ? undefined : state.authorizations.get(authorizationKey(state, name));
  return name === null || known === undefined
    ? null
    : find(state, { authorization_key: name, currency: known.currency }, known, atMs);
}

/** As it stands at an instant: by dates that the card's clock has not taken back, and begun by its first request. */
function asOf(state: CardState, authorization: Authorization, names: readonly string[], atMs: number): Authorization {
  const dated = redated(authorization, atMs);
  const begun = dated.begun ?? firstAsked(state, names);
  return dated.begun === begun ? dated : { ...dated, begun };
}

/** The first of its requests that held nothing before anything else was heard of it: only its number was kept. Null: there is none. */
function firstAsked({ asked }: CardState, names: readonly string[]): Heard | null {
  if (asked.size === 0) return null;
  const numbers = names.flatMap((name) => asked.get(fingerprint(name)) ?? []);
  return numbers.length === 0 ? null : { heard: Math.min(...numbers), heard_ms: unknownInstantMs };
}

/** Tells the state which names lead to it from now on, and that two are one. */
export function take(state: CardState, { key, names, authorization, parts, absorbed }: Found): void {
  if (absorbed !== null) {
    const [before = authorization] = parts;
    removeAuthorization(state, absorbed.key, absorbed.authorization);
    setAuthorization(state, key, before, authorization);
    for (const [other, target] of state.aliases) if (target === absorbed.key) state.aliases.set(other, key);
    state.aliases.set(absorbed.key, key);
  }
  for (const name of names) if (name !== key && !state.authorizations.has(name)) state.aliases.set(name, key);
}

/** What became of it, in the state: after `take`. */
export function replace(state: CardState, { key, authorization, parts }: Found, after: Authorization): void {
  setAuthorization(state, key, parts.length === 0 ? null : authorization, after);
}

/** What the event says of the names that it gives again, where it gives any. */
export function alsoNamedBy({ also_named }: Found): { also_named?: string[] } {
  return also_named.length === 0 ? {} : { also_named: [...also_named] };
}

/** What the event says of the authorization that went into this one, where one did. */
export function joinedBy({ absorbed }: Found): Pick<Body<'message'>, 'joined'> {
  if (absorbed === null) return {};
  const { authorization_id, hold_minor } = absorbed.authorization;
  return { joined: { authorization_id, released_minor: hold_minor } };
}
