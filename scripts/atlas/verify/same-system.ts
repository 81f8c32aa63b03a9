// Whether a URL stands on a database: the newest audit events that the one tells of are in the other, under the same seals.

import { connectOwner } from '../../../origin/db/which-postgres.ts';
import { AtlasError } from '../../../sdk/index.ts';
import { nameOfDatabase } from '../../audit/place.ts';
import { UsedWrongly } from '../command.ts';
import type { Connection } from '../connection.ts';

interface Event {
  readonly audit_no: number;
  readonly seal: string;
}

/** More than one, so that a copy which is some events behind is still known for what it is. */
const comparedMax = 100;

/** Null: it does. A sentence: why nobody can say. Throws where it does not: the wrong one of two would be proved. */
export async function assertSameSystem(
  database: { readonly url: string; readonly because: string },
  connection: () => Connection,
): Promise<string | null> {
  const told = await eventsOf(connection);
  if (typeof told === 'string') return told;
  const { url, because, events } = told;
  if (events.length === 0) return `${url} (${because}) has no audit event yet`;
  const sql = await connectOwner(database.url);
  try {
    const { rows } = await sql.query(
      `select 1 from audit_events
       where (audit_no, encode(hash, 'hex')) in (select * from unnest($1::bigint[], $2::text[])) limit 1`,
      [events.map(({ audit_no }) => audit_no), events.map(({ seal }) => seal)],
    );
    if (rows.length > 0) return null;
  } finally {
    await sql.end();
  }
  const name = nameOfDatabase(database.url);
  const without = because === 'ATLAS_URL' ? 'env -u ATLAS_URL npx atlas verify' : `leave ${because} out`;
  throw new UsedWrongly(
    `${url} (${because}) does not stand on the database ${name} (${database.because}): none of its newest ${events.length} audit events is in it. To prove that database all the same: ${without}. To prove the one of ${url}: set DATABASE_URL to it`,
  );
}

async function eventsOf(connection: () => Connection) {
  try {
    const { url, because, send } = connection();
    const query = { limit: comparedMax };
    const { audit_events: events } = await send<{ audit_events: readonly Event[] }>({
      ...{ method: 'GET', path: '/audit-events', query },
    });
    return { url, because, events };
  } catch (error) {
    // No key, one without audit:read, or nobody answers: the proof does not need the service.
    if (!(error instanceof AtlasError || error instanceof UsedWrongly)) throw error;
    return `the URL with this database: ${error.message}`;
  }
}
