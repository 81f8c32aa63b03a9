// What a partner says of a card's profile, and the profile that results: the rest is the origin's to fill in.

import * as z from 'zod';
import { cardStatuses, type Profile, profileSchema } from '../../contracts/profile.ts';
import { inShape } from './read-request.ts';

/** Looked at by the profile's own contract, once the profile is whole. */
const given = z.unknown();
const maybeGiven = z.optional(given);

/** Of a new card. Absent means what the contract says: no expiry, funds not checked here, no controls. */
export const newProfileFields = {
  status: z.enum(cardStatuses).default('active'),
  expires_at_ms: maybeGiven,
  funds_minor: maybeGiven,
  controls: maybeGiven,
};

/** Of a card that has a profile. Nothing may be absent: a field left out by mistake would lift a limit, or the funds' bound. */
export const replacedProfileFields = {
  status: z.enum(cardStatuses),
  expires_at_ms: given,
  funds_minor: given,
  controls: given,
};

type Fields = Pick<Profile, 'status'> & Partial<Record<'expires_at_ms' | 'funds_minor' | 'controls', unknown>>;

/** The whole, in the contract's shape: rules between fields are checked here. */
export function profileOf(
  { status, expires_at_ms, funds_minor, controls }: Fields,
  { card_id, account_id, version, currency }: Pick<Profile, 'card_id' | 'account_id' | 'version' | 'currency'>,
): Profile {
  const profile = { card_id, account_id, version, status, currency, expires_at_ms, funds_minor, controls };
  return inShape(profileSchema, profile);
}
