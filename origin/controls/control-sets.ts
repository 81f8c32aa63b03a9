// Control sets: controls that many cards share, in versions that never change. A card names the version it has.

import * as z from 'zod';
import type { Control } from '../../contracts/control.ts';
import { idSchema } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';
import { type ErrorCode, refusal } from '../errors.ts';

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
  { control_set_id, version }: z.infer<typeof setVersionSchema>,
  otherwise?: ErrorCode,
): Promise<SetVersion & { readonly resolved: readonly Control[] }> {
  const { rows } = await sql.query<{ version: number; resolved: Control[] }>(
    `select v.version, v.resolved from control_sets s
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
