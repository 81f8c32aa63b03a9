// Finding an authorization by any of the network's names for it. Only `take` changes the state.

import type { Id } from '../../contracts/ids.ts';
import { fingerprint } from '../fingerprint.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { authorizationKey, type CardState, removeAuthorization, setAuthorization } from './card-state.ts';
import { type Heard, unknownInstantMs } from './hearing.ts';
import { joined } from './joined.ts';
import { redated } from './redated.ts';

/** What an event names: an authorization, perhaps by a second name from now on, and what to begin where none is known. */
export interface Named {
  readonly authorization_key: string;
  readonly alias_key?: string | undefined;
  /** Its other names, by a request that held nothing: of that only a key was kept, and the event says them again. */
  readonly also_named?: readonly string[] | undefined;
  readonly authorization_id: Id<'auth'>;
  readonly currency: string;
}

export interface Found {
  readonly key: string;
  /** As one, where two authorizations turn out to be the same. */
  readonly authorization: Authorization;
  /** What it comes from: none where the event begins it, itself, or the two that are joined. */
  readonly parts: readonly Authorization[];
  /** The one that went into it. */
  readonly absorbed: { readonly key: string; readonly authorization: Authorization } | null;
}

export function find(state: CardState, named: Named, atMs: number): Found {
  const found = byNames(state, named, atMs);
  const dated = redated(found.authorization, atMs);
  const begun = dated.begun ?? firstAsked(state, named);
  if (dated === found.authorization && dated.begun === begun) return found;
  const authorization = { ...dated, begun };
  return { ...found, authorization, parts: found.parts.length === 1 ? [authorization] : found.parts };
}

/** The first of its requests that held nothing before anything else was heard of it: only its number was kept. Null: there is none. */
function firstAsked({ asked }: CardState, named: Named): Heard | null {
  if (asked.size === 0) return null;
  const numbers = namesOf(named).flatMap((name) => asked.get(fingerprint(name)) ?? []);
  return numbers.length === 0 ? null : { heard: Math.min(...numbers), heard_ms: unknownInstantMs };
}

function namesOf({ authorization_key, alias_key, also_named = [] }: Named): readonly string[] {
  return alias_key === undefined ? [authorization_key, ...also_named] : [authorization_key, alias_key, ...also_named];
}

/** The keys of those that are known, each once. */
function knownKeys(state: CardState, named: Named): readonly string[] {
  const keys = namesOf(named).map((name) => authorizationKey(state, name));
  return keys.filter((key, place) => state.authorizations.has(key) && keys.indexOf(key) === place);
}

function byNames(state: CardState, named: Named, atMs: number): Found {
  // Of more than two, the others are joined by what names them next.
  const [key, otherKey] = knownKeys(state, named);
  const one = key === undefined ? undefined : state.authorizations.get(key);
  if (key === undefined || one === undefined) {
    const authorization = newAuthorization(named.authorization_id, atMs, named.currency);
    return { key: authorizationKey(state, named.authorization_key), authorization, parts: [], absorbed: null };
  }
  const other = otherKey === undefined ? undefined : state.authorizations.get(otherKey);
  // Money of two currencies is never one sum: they stay apart.
  if (otherKey === undefined || other === undefined || one.currency !== other.currency)
    return { key, authorization: one, parts: [one], absorbed: null };
  const absorbed = { key: otherKey, authorization: other };
  return { key, authorization: joined(one, other), parts: [one, other], absorbed };
}

/** The same, with the state told of a new name for it. */
export function take(state: CardState, named: Named, atMs: number): Found {
  const found = find(state, named, atMs);
  const { key, authorization, absorbed } = found;
  if (absorbed !== null) {
    const [before = authorization] = found.parts;
    removeAuthorization(state, absorbed.key, absorbed.authorization);
    setAuthorization(state, key, before, authorization);
    for (const [other, target] of state.aliases) if (target === absorbed.key) state.aliases.set(other, key);
    state.aliases.set(absorbed.key, key);
  }
  for (const name of namesOf(named)) if (name !== key && !state.authorizations.has(name)) state.aliases.set(name, key);
  return found;
}
