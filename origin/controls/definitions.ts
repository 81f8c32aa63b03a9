// What a control said at a version of its card's profile, in the words of its writer, and where it came from.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Sql } from '../db/client.ts';
import type { SetVersion } from './control-sets.ts';
import type { WrittenControl } from './read-controls.ts';

const profilesPerPage = 50;
const maxSequence = '9223372036854775807';

export interface Definition {
  readonly definition: WrittenControl;
  /** The control set that the card had it from; null: the card's own. */
  readonly from: SetVersion | null;
}

export type Definitions = ReadonlyMap<string, Definition>;

interface MadeFrom {
  readonly own: WrittenControl[];
  readonly control_set_id: string | null;
  readonly control_set_version: number | null;
  readonly shared: WrittenControl[] | null;
}

/** By control id. Empty for a version that was never written here. */
export async function definitionsOf(sql: Sql, cardId: string, version: number): Promise<Definitions> {
  const { rows } = await sql.query<MadeFrom>(
    `select p.controls as own, p.control_set_id, p.control_set_version, v.controls as shared
     from card_profiles p
     left join control_set_versions v on v.control_set_id = p.control_set_id and v.version = p.control_set_version
     where p.card_id = $1 and p.version = $2`,
    [cardId, version],
  );
  const [made] = rows;
  const found = new Map<string, Definition>();
  if (made === undefined) return found;
  const { own, shared, control_set_id, control_set_version } = made;
  const set =
    control_set_id === null || control_set_version === null ? null : { control_set_id, version: control_set_version };
  for (const definition of shared ?? []) found.set(definition.control_id, { definition, from: set });
  for (const definition of own) found.set(definition.control_id, { definition, from: null });
  return found;
}

/**
 * The same as the edge was told it, for a profile that this database does not know how it was made. The version is looked for here,
 * not in SQL: Postgres does not read into JSON whose texts it could not keep, such as a control's name that was cut in an emoji.
 */
export async function definitionsAtEdge(sql: Sql, streamId: bigint, version: number): Promise<Definitions> {
  for (let before = maxSequence; ; ) {
    const { rows } = await sql.query<{ sequence: string; body: Extract<CardEvent, { kind: 'profile' }> }>(
      `select sequence, body from card_events where stream_id = $1 and kind = 'profile' and sequence < $2
       order by sequence desc limit $3`,
      [streamId, before, profilesPerPage],
    );
    const found = rows.find(({ body }) => body.profile.version === version);
    const last = rows.at(-1);
    if (found !== undefined || last === undefined || rows.length < profilesPerPage) {
      const controls = found?.body.profile.controls ?? [];
      return new Map(controls.map((definition) => [definition.control_id, { definition, from: null }]));
    }
    before = last.sequence;
  }
}
