// What of the batch's clearings no card approved, kept for accrual, which judges it (settlement/unapproved.ts). Most batches have none,
// and then nothing is asked of the database.

import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';
import type { Unapproved } from './book-event.ts';

/** In the transaction that books the clearings: accrual sees both or neither. */
export async function noteUnapproved(sql: Sql, unapproved: readonly Unapproved[]): Promise<void> {
  if (unapproved.length === 0) return;
  await sql.query({
    name: 'note_unapproved',
    text: `insert into unapproved_clearings
             (stream_id, sequence, authorization_id, holder_no, clearing_no, amount_minor, left_minor)
           select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $6::bigint[])`,
    values: [
      numberColumn(unapproved.map(({ stream_id }) => stream_id)),
      numberColumn(unapproved.map(({ sequence }) => sequence)),
      wordColumn(unapproved.map(({ authorization_id }) => authorization_id)),
      numberColumn(unapproved.map(({ holder_no }) => holder_no)),
      numberColumn(unapproved.map(({ clearing_no }) => clearing_no)),
      numberColumn(unapproved.map(({ amount_minor }) => amount_minor)),
    ],
  });
}
