// A control set as the API shows it: one version with its controls, and how many cards are at which.

import * as z from 'zod';
import { type Control, controlsSchema } from '../../../contracts/control.ts';
import { idSchema } from '../../../contracts/ids.ts';
import type { WrittenControl } from '../../controls/read-controls.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { writtenControl } from './written-controls.ts';

export const listedControlSetSchema = z.strictObject({
  control_set_id: idSchema('cset'),
  name: z.string(),
  newest_version: z.int(),
  created_at_ms: z.int(),
});

export const controlSetSchema = z.strictObject({
  ...listedControlSetSchema.shape,
  version: z.int(),
  /** As they were written. */
  controls: z.array(writtenControl),
  /** As cards get them. */
  resolved: controlsSchema,
  cards_by_version: z.array(z.strictObject({ version: z.int(), cards: z.int() })),
  version_created_at_ms: z.int(),
});

interface VersionRow {
  readonly name: string;
  readonly newest_version: number;
  readonly set_created_at: Date;
  readonly controls: WrittenControl[];
  readonly resolved: Control[];
  readonly created_at: Date;
}

/** `version`: null for the newest. */
export async function readControlSetView(sql: Sql, controlSetId: string, version: number | null) {
  const { rows } = await sql.query<VersionRow>(
    `select s.name, s.newest_version, s.created_at as set_created_at, v.controls, v.resolved, v.created_at
     from control_sets s
     join control_set_versions v on v.control_set_id = s.control_set_id and v.version = coalesce($2, s.newest_version)
     where s.control_set_id = $1`,
    [controlSetId, version],
  );
  const [row] = rows;
  if (row === undefined) throw refusal('control_set_not_found');
  const cards = await sql.query<{ version: number; cards: number }>(
    `select control_set_version as version, count(*)::int as cards from cards where control_set_id = $1
     group by control_set_version order by control_set_version`,
    [controlSetId],
  );
  return {
    control_set_id: controlSetId,
    name: row.name,
    version: version ?? row.newest_version,
    newest_version: row.newest_version,
    controls: row.controls,
    resolved: row.resolved,
    cards_by_version: cards.rows,
    created_at_ms: row.set_created_at.getTime(),
    version_created_at_ms: row.created_at.getTime(),
  };
}
