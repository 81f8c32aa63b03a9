// How long a changed destination waits before anything is sent to it. It is kept in the database, where the service's own role cannot
// write it (migrations/0025): whoever has taken over the service cannot shorten it.

import { recordAuditEvents } from '../audit/audit-event.ts';
import { connectOwner } from '../db/which-postgres.ts';

/** As the database's owner, at start, after migrations. Times that run already stay as they are. */
export async function setDestinationCooling(ownerUrl: string, hours: number): Promise<void> {
  const sql = await connectOwner(ownerUrl);
  try {
    await sql.query('begin');
    const { rows } = await sql.query('update destination_cooling set hours = $1 where hours <> $1 returning hours', [
      hours,
    ]);
    if (rows.length > 0)
      await recordAuditEvents(sql, [
        {
          ...{ actor: 'operator:configuration', correlation_id: 'start', action: 'destinations.cooling_changed' },
          ...{ subject: 'destination_cooling', merchant_id: null, reason: `${hours} hours` },
        },
      ]);
    await sql.query('commit');
  } finally {
    await sql.end();
  }
}
