// POST /control-sets and POST /control-sets/:control_set_id/versions: controls that cards may share. A version never changes;
// a new one changes no card until it is applied.

import type { Context } from 'hono';
import * as z from 'zod';
import { newId } from '../../contracts/ids.ts';
import { readControls } from '../controls/read-controls.ts';
import type { Database, Sql } from '../db/client.ts';
import { answer } from './answer.ts';
import { readControlSetView } from './control-set-view.ts';
import { nameSchema } from './create-account.ts';
import { refusal } from './errors.ts';
import { pathId, readBody } from './read-request.ts';

const setSchema = z.strictObject({ name: nameSchema, controls: z.unknown() });
const versionSchema = z.strictObject({ controls: z.unknown() });

export function createControlSet(database: Database) {
  return async (context: Context): Promise<Response> => {
    const { name, controls } = await readBody(context, setSchema);
    const read = readControls(controls, { at: 'controls', nowMs: Date.now() });
    const control_set_id = newId('cset');
    await database.transaction(async (sql) => {
      await sql.query('insert into control_sets (control_set_id, name, newest_version) values ($1, $2, 1)', [
        control_set_id,
        name,
      ]);
      await insertVersion(sql, control_set_id, 1, read);
    });
    return answer(context, await readControlSetView(database.sql, control_set_id, null), 201);
  };
}

export function createControlSetVersion(database: Database) {
  return async (context: Context): Promise<Response> => {
    const { controls } = await readBody(context, versionSchema);
    const control_set_id = pathId(context, 'cset', 'control_set_id', 'control_set_not_found');
    const read = readControls(controls, { at: 'controls', nowMs: Date.now() });
    const version = await database.transaction(async (sql) => {
      // The update locks the set: two new versions take turns, so that each has a number of its own.
      const { rows } = await sql.query<{ newest_version: number }>(
        'update control_sets set newest_version = newest_version + 1 where control_set_id = $1 returning newest_version',
        [control_set_id],
      );
      const [set] = rows;
      if (set === undefined) throw refusal('control_set_not_found');
      await insertVersion(sql, control_set_id, set.newest_version, read);
      return set.newest_version;
    });
    return answer(context, await readControlSetView(database.sql, control_set_id, version), 201);
  };
}

async function insertVersion(
  sql: Sql,
  controlSetId: string,
  version: number,
  { written, resolved }: ReturnType<typeof readControls>,
): Promise<void> {
  await sql.query(
    'insert into control_set_versions (control_set_id, version, controls, resolved) values ($1, $2, $3, $4)',
    [controlSetId, version, JSON.stringify(written), JSON.stringify(resolved)],
  );
}
