// Of a request that held nothing, and of whose authorization nobody has spoken, the card keeps fingerprints of its names and the row
// that it was. An event that gives one of them belongs to what was asked for: it gets that id, and the other names.
//
// Example: A, also called B, is declined; then the network forces 100 through as A and clears it as B: one authorization.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { fingerprint } from '../fingerprint.ts';
import { type CardState, isKnown } from './card-state.ts';
import type { Ids, Named } from './found.ts';
import type { Body } from './logged-event.ts';

interface History {
  /** Reads an event back from the log, by its number. */
  readonly at: (sequence: number) => CardEventBody;
}

/** Those that are given, or those of what was asked for. */
export function idsFor(
  state: CardState,
  history: History,
  { authorization_key, alias_key }: Pick<Named, 'authorization_key' | 'alias_key'>,
  fresh: Ids,
): Ids {
  if (state.asked.size === 0) return fresh;
  const given = alias_key === undefined ? [authorization_key] : [authorization_key, alias_key];
  const names = [...given];
  let own: Id<'auth'> | null = null;
  // A name that is known leads no further: what is known has its other names.
  for (const name of names) {
    const row = isKnown(state, name) ? null : askedBy(state, history, name);
    if (row === null) continue;
    own ??= row.authorization_id;
    for (const other of namesIn(row))
      if (!names.includes(other) && names.length < given.length + limits.alsoNamedMax) names.push(other);
  }
  if (own === null) return fresh;
  const also_named = names.slice(given.length);
  return { authorization_id: own, ...(also_named.length === 0 ? {} : { also_named }) };
}

/** Read back from the log. Two names may have one fingerprint. */
function askedBy({ asked }: CardState, history: History, name: string): Body<'authorization'> | null {
  const sequence = asked.get(fingerprint(name));
  const body = sequence === undefined ? null : history.at(sequence);
  return body?.kind === 'authorization' && namesIn(body).includes(name) ? body : null;
}

function namesIn({ request, also_named = [] }: Body<'authorization'>): string[] {
  const { authorization_key, alias_key } = request;
  return alias_key === undefined ? [authorization_key, ...also_named] : [authorization_key, alias_key, ...also_named];
}
