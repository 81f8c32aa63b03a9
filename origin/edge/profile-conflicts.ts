// A card whose edge decides by a profile that was never written here, as after a restore of this database: newer than ours, or another one
// of the same version. Neither side is taken silently: the older one might set a frozen card free. A person says which holds.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { keyOf } from '../intake/sort-out.ts';
import type { CardName } from '../intake/streams.ts';
import type { RaisedItem } from '../open-items/raise.ts';

/** Thrown where the edge says so of a profile that was pushed. */
export class OtherProfile extends Error {
  readonly version: number;

  constructor(version: number, what: 'another' | 'a newer') {
    super(
      what === 'another'
        ? `the edge has another version ${version} of the profile than the one here`
        : `the edge has version ${version} of the profile, which was never written here`,
    );
    this.version = version;
  }
}

interface Conflict {
  readonly card_id: string;
  readonly card_key: string;
  readonly version_here: number;
  readonly version_at_edge: number;
}

/** One a card, however often it is seen; it opens again where both differ once more. */
export function itemOfConflict({ card_id, card_key, version_here, version_at_edge }: Conflict): RaisedItem {
  const what =
    version_here === version_at_edge
      ? `another profile ${version_at_edge} than the one here`
      : `profile ${version_at_edge}; the newest one here is ${version_here}`;
  return {
    kind: 'profile_conflict',
    key: card_id,
    card_key,
    summary: `The edge decides for ${card_id} by ${what}.`,
    evidence: { card_id, version_here, version_at_edge },
    reopens: true,
  };
}

/** A profile that has come with a card's own events. */
export interface ProfileOfCard extends CardName {
  readonly version: number;
}

/** Those above what was written here. What is on its way to the edge is written here first, so that it is never among them. */
export async function conflictsWith(sql: Sql, profiles: readonly ProfileOfCard[]): Promise<Conflict[]> {
  if (profiles.length === 0) return [];
  const { rows } = await sql.query<Omit<Conflict, 'card_key'> & CardName>(
    `select c.card_id, c.network, c.card_token, c.profile_version as version_here, max(n.version) as version_at_edge
     from unnest($1::text[], $2::text[], $3::int[]) as n(network, card_token, version)
     join cards c on c.network = n.network and c.card_token = n.card_token
     where n.version > c.profile_version
     group by c.card_id`,
    [
      profiles.map(({ network }) => network),
      profiles.map(({ card_token }) => card_token),
      numberColumn(profiles.map(({ version }) => version)),
    ],
  );
  return rows.map((row) => ({ ...row, card_key: keyOf(row) }));
}
