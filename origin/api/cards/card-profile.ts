// What a partner says of a card's profile, and the profile that results: the rest is the origin's to fill in.

import * as z from 'zod';
import { cardStatuses, type Profile, profileSchema } from '../../../contracts/profile.ts';
import { loadSetVersion, type SetVersion, setVersionSchema } from '../../controls/control-sets.ts';
import { readControls } from '../../controls/read-controls.ts';
import {
  assembleProfile,
  type NextProfile,
  ownControls,
  type StoredCard,
  sharedControls,
} from '../../controls/write-profiles.ts';
import type { Sql } from '../../db/client.ts';
import { documentedAs, givenControls } from '../controls/written-controls.ts';

const controlSet = z.nullable(setVersionSchema);
const { shape } = profileSchema;

/** Those that are `documentedAs` are looked at by the profile's own contract, once the profile is whole. */
const fields = {
  status: z.enum(cardStatuses),
  expires_at_ms: documentedAs(shape.expires_at_ms),
  funds_minor: documentedAs(shape.funds_minor),
  single_use: documentedAs(shape.single_use),
  partial_approval: documentedAs(shape.partial_approval),
  hold_days: documentedAs(shape.hold_days),
  /** The card's own. */
  controls: givenControls,
  /** Those that it shares with other cards. */
  control_set: controlSet,
};

/** Of a card that has a profile. Nothing may be absent: a field left out by mistake would lift a limit, or the funds' bound. */
export const replacedProfileFields = fields;

/** Some of them; what is absent stays as it is. Of a new card: as the contract says, with no controls. */
export const someProfileFields = {
  status: z.optional(fields.status),
  expires_at_ms: z.optional(fields.expires_at_ms),
  funds_minor: z.optional(fields.funds_minor),
  single_use: z.optional(fields.single_use),
  partial_approval: z.optional(fields.partial_approval),
  hold_days: z.optional(fields.hold_days),
  controls: z.optional(fields.controls),
  control_set: z.optional(controlSet),
};

export const profileFieldNames = Object.keys(fields);

export interface ProfileFields {
  readonly status?: Profile['status'] | undefined;
  readonly expires_at_ms?: unknown;
  readonly funds_minor?: unknown;
  readonly single_use?: unknown;
  readonly partial_approval?: unknown;
  readonly hold_days?: unknown;
  readonly controls?: unknown;
  readonly control_set?: z.infer<typeof controlSet> | undefined;
}

/** What the profile is a version of: that of a card that is stored, or a blank one. */
export type Before = Omit<StoredCard, 'card_id' | 'profile_version'>;

export async function nextProfile(
  sql: Sql,
  { controls: givenControls, control_set: givenSet, ...given }: ProfileFields,
  before: Before,
  version: number,
): Promise<NextProfile> {
  const own =
    givenControls === undefined
      ? { written: before.controls, resolved: ownControls(before) }
      : readControls(givenControls, { at: 'controls', nowMs: Date.now() });
  const set = givenSet === undefined ? setOf(before) : givenSet && (await loadSetVersion(sql, givenSet));
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { controls: _, ...standing } = before.profile;
  return {
    profile: assembleProfile({ ...standing, ...said, version }, { shared: set?.resolved ?? [], own: own.resolved }),
    controls: own.written,
    control_set: set && { control_set_id: set.control_set_id, version: set.version },
  };
}

/** What the card shares now, as its profile has it. */
function setOf(before: Before): (SetVersion & { resolved: Profile['controls'] }) | null {
  const { control_set_id, control_set_version: version } = before;
  if (control_set_id === null || version === null) return null;
  return { control_set_id, version, resolved: [...sharedControls(before)] };
}
