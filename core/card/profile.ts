// A profile: what its card may do, from now on. An older one never replaces a newer.

import type { Id } from '../../contracts/ids.ts';
import type { ProfileWarning } from '../../contracts/internal-answers.ts';
import type { Profile } from '../../contracts/profile.ts';
import { differingField } from '../differing-field.ts';
import { type CardState, setProfile } from './card-state.ts';
import { keptFor, warningsOf } from './kept-counts.ts';
import type { Body } from './logged-event.ts';

export interface PutProfileAnswer {
  readonly outcome: 'stored' | 'unchanged' | 'stale';
  /** The version in force. */
  readonly version: number;
  /** What whoever changed the profile should know; absent: nothing. */
  readonly warnings?: ProfileWarning[];
}

/** What the card answers, and its event; null: nothing changes. */
export function receiveProfile(
  state: CardState,
  profile: Profile,
  newEventId: () => Id<'evt'>,
): { answer: PutProfileAnswer; event: Body<'profile'> | null } {
  const inForce = state.profile;
  if (inForce !== null && profile.version <= inForce.version) {
    // The same version with another content is a caller's mistake, and as little in force as an older one.
    const outcome = differingField(inForce, profile) === null ? 'unchanged' : 'stale';
    return { answer: { outcome, version: inForce.version }, event: null };
  }
  const warnings = warningsOf(state, profile);
  return {
    answer: { outcome: 'stored', version: profile.version, ...(warnings.length === 0 ? {} : { warnings }) },
    event: { kind: 'profile', event_id: newEventId(), profile },
  };
}

export function foldProfile(state: CardState, { profile }: Body<'profile'>, atMs: number): void {
  setProfile(state, profile, keptFor(state, profile, atMs));
}
