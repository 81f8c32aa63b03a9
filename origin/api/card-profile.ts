// What a partner says of a card's profile, and the profile that results: the rest is the origin's to fill in.

import type * as z from 'zod';
import { cardStatuses, type Profile, profileSchema } from '../../contracts/profile.ts';
import { inShape } from './read-request.ts';

/** Absent means what the contract's defaults say: active, no expiry, funds not checked here, no controls. */
export const profileFields = {
  status: profileSchema.shape.status.default(cardStatuses[0]),
  expires_at_ms: profileSchema.shape.expires_at_ms,
  funds_minor: profileSchema.shape.funds_minor,
  controls: profileSchema.shape.controls,
};
type ProfileFields = { [K in keyof typeof profileFields]: z.output<(typeof profileFields)[K]> };

/** The whole, in the contract's shape: rules between fields are checked here. */
export function profileOf(
  { status, expires_at_ms, funds_minor, controls }: ProfileFields,
  rest: Pick<Profile, 'card_id' | 'account_id' | 'version' | 'currency'>,
): Profile {
  return inShape(profileSchema, { ...rest, status, expires_at_ms, funds_minor, controls });
}
