// The next version of cards' profiles, written with what it was made from and its place in the outbox, in one transaction.

import type { Control } from '../../contracts/control.ts';
import { type Profile, profileSchema } from '../../contracts/profile.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { jsonColumn, numberColumn, wordColumn } from '../db/columns.ts';
import { refusal } from '../errors.ts';
import { inShape } from '../in-shape.ts';
import type { SetVersion } from './control-sets.ts';
import type { WrittenControl } from './read-controls.ts';

export interface StoredCard {
  readonly card_id: string;
  readonly profile: Profile;
  readonly profile_version: number;
  /** The card's own controls, as they were written. */
  readonly controls: readonly WrittenControl[];
  readonly control_set_id: string | null;
  readonly control_set_version: number | null;
}

export interface NextProfile {
  readonly profile: Profile;
  readonly controls: readonly WrittenControl[];
  readonly control_set: SetVersion | null;
}

/** The controls of the profile that are the card's own: they stand after those of its set. */
export function ownControls({ profile, controls }: Pick<StoredCard, 'profile' | 'controls'>): readonly Control[] {
  return profile.controls.slice(profile.controls.length - controls.length);
}

/** The controls of the profile that come from the card's set. */
export function sharedControls({ profile, controls }: Pick<StoredCard, 'profile' | 'controls'>): readonly Control[] {
  return profile.controls.slice(0, profile.controls.length - controls.length);
}

/** The profile with the set's controls followed by the card's own. Refuses a name that both use, and a profile too large. */
export function assembleProfile(
  fields: Record<keyof Omit<Profile, 'controls'>, unknown>,
  { shared, own }: { readonly shared: readonly Control[]; readonly own: readonly Control[] },
): Profile {
  const taken = new Set(shared.map(({ control_id }) => control_id));
  const twice = own.flatMap(({ control_id }, index) =>
    taken.has(control_id) ? [`controls[${index}].control_id`] : [],
  );
  if (twice.length > 0)
    throw refusal(
      'field_invalid',
      twice.map((field) => ({ field, problem: 'names a control of the control set too' })),
    );
  return inShape(profileSchema, { ...fields, controls: [...shared, ...own] });
}

/** A profile that replaces another, or a card's first. */
export interface ProfileChange extends NextProfile {
  /** The status that the card had; null: it is new. */
  readonly from: Profile['status'] | null;
  /** What is new in it, for the audit trail. */
  readonly reason: string;
}

export interface Writing {
  /** When the outbox's loop takes them up. */
  readonly pushAfterSeconds: number;
  /** Of many cards at once: what people change one by one is pushed before it. */
  readonly isBulk?: boolean;
  readonly doer: Doer;
}

/** The caller has made the cards, or holds their rows' locks. The audit trail's head stays locked: call it last. */
export async function writeProfiles(
  sql: Sql,
  next: readonly ProfileChange[],
  { pushAfterSeconds, isBulk = false, doer }: Writing,
): Promise<void> {
  if (next.length === 0) return;
  const rows = `unnest($1::text[], $2::int[], string_to_array($3, E'\\n')::json[], string_to_array($4, E'\\n')::json[],
                  $5::text[], $6::int[]) as n(card_id, version, profile, controls, control_set_id, control_set_version)`;
  const values = [
    wordColumn(next.map(({ profile }) => profile.card_id)),
    numberColumn(next.map(({ profile }) => profile.version)),
    jsonColumn(next.map(({ profile }) => JSON.stringify(profile))),
    jsonColumn(next.map(({ controls }) => JSON.stringify(controls))),
    wordColumn(next.map(({ control_set }) => control_set?.control_set_id ?? null)),
    numberColumn(next.map(({ control_set }) => control_set?.version ?? null)),
  ];
  await sql.query(
    `update cards c set profile = n.profile, profile_version = n.version, controls = n.controls,
       control_set_id = n.control_set_id, control_set_version = n.control_set_version
     from ${rows} where c.card_id = n.card_id`,
    values,
  );
  await sql.query(
    `insert into card_profiles (card_id, version, controls, control_set_id, control_set_version)
     select card_id, version, controls, control_set_id, control_set_version from ${rows}`,
    values,
  );
  // `on conflict do update`: the version before it may still wait here, and need not be pushed any more; its haste stays, since this one has what
  // was new in it too.
  await sql.query(
    `insert into edge_outbox (card_id, version, next_attempt_at, is_bulk)
     select card_id, version, now() + make_interval(secs => $3), $4 from unnest($1::text[], $2::int[]) as n(card_id, version)
     on conflict (card_id) do update set version = excluded.version, attempts = 0, last_error = null, created_at = now(),
       next_attempt_at = excluded.next_attempt_at, is_bulk = edge_outbox.is_bulk and excluded.is_bulk`,
    [values[0], values[1], pushAfterSeconds, isBulk],
  );
  await recordAuditEvents(
    sql,
    next.map(({ profile: { card_id, status }, from, reason }) => ({
      ...doer,
      ...{ action: from === null ? 'card.created' : 'card.changed', subject: card_id, merchant_id: null },
      ...(from === status ? {} : { from_state: from, to_state: status }),
      reason,
    })),
  );
}
