// Control sets: controls that many cards share, in versions that never change. A card names the version it has.

import * as z from 'zod';
import type { Control } from '../../contracts/control.ts';
import { idSchema } from '../../contracts/ids.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { type ErrorCode, refusal } from '../errors.ts';
import type { ReadControls, WrittenControl } from './read-controls.ts';

export interface SetVersion {
  readonly control_set_id: string;
  readonly version: number;
}

/** As a request names it; without a version, the newest one of this moment. */
export const setVersionSchema = z.strictObject({
  control_set_id: idSchema('cset'),
  version: z.optional(z.int().check(z.positive())),
});

/** `otherwise`: the refusal where there is none; without it, the field of a request that names it is refused. */
export async function loadSetVersion(
  sql: Sql,
  { control_set_id, version }: { readonly control_set_id: string; readonly version?: number | undefined },
  otherwise?: ErrorCode,
): Promise<SetVersion & { readonly controls: readonly WrittenControl[]; readonly resolved: readonly Control[] }> {
  const { rows } = await sql.query<{ version: number; controls: WrittenControl[]; resolved: Control[] }>(
    `select v.version, v.controls, v.resolved from control_sets s
     join control_set_versions v on v.control_set_id = s.control_set_id and v.version = coalesce($2, s.newest_version)
     where s.control_set_id = $1`,
    [control_set_id, version ?? null],
  );
  const [found] = rows;
  if (found !== undefined) return { control_set_id, ...found };
  if (otherwise !== undefined) throw refusal(otherwise);
  const field = version === undefined ? 'control_set.control_set_id' : 'control_set';
  throw refusal('field_invalid', [{ field, problem: 'names a control set, or a version of one, that does not exist' }]);
}

export type NewSetVersion = SetVersion & ReadControls;

/** The number of the set's next version, which is its newest from now on. */
export async function nextVersionOf(sql: Sql, controlSetId: string): Promise<number> {
  // The update locks the set: two new versions take turns, so that each has a number of its own.
  const { rows } = await sql.query<{ newest_version: number }>(
    'update control_sets set newest_version = newest_version + 1 where control_set_id = $1 returning newest_version',
    [controlSetId],
  );
  const [set] = rows;
  if (set === undefined) throw refusal('control_set_not_found');
  return set.newest_version;
}

export async function insertSetVersion(
  sql: Sql,
  { control_set_id, version, written, resolved }: NewSetVersion,
  doer: Doer,
): Promise<void> {
  await sql.query(
    'insert into control_set_versions (control_set_id, version, controls, resolved) values ($1, $2, $3, $4)',
    [control_set_id, version, JSON.stringify(written), JSON.stringify(resolved)],
  );
  const action = version === 1 ? 'control_set.created' : 'control_set.version_created';
  const audited = { action, subject: control_set_id, merchant_id: null };
  await recordAuditEvents(sql, [{ ...doer, ...audited, reason: `version ${version}` }]);
}
