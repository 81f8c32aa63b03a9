// What of the batch's clearings no card approved, and what of its refunds no purchase had cleared, kept for accrual, which judges it
// (merchants/unapproved.ts). Most batches have neither, and then nothing is asked of the database.

import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';

/** A part of a clearing or refund that accrual judges before its shop is owed it, or charged with it. */
export interface ToJudge {
  readonly stream_id: number;
  readonly sequence: number;
  readonly authorization_id: string;
  readonly holder_no: number;
  readonly clearing_no: number;
  readonly amount_minor: bigint;
  /** Of a refund: its card withholds more since. */
  readonly card_withholds?: boolean;
}

/** In the transaction that books them: accrual sees both or neither. */
export async function noteToJudge(
  sql: Sql,
  table: 'unapproved_clearings' | 'unmatched_refunds',
  parts: readonly ToJudge[],
): Promise<void> {
  if (parts.length === 0) return;
  const isRefunds = table === 'unmatched_refunds';
  await sql.query({
    name: `note_${table}`,
    text: `insert into ${table}
             (stream_id, sequence, authorization_id, holder_no, clearing_no, amount_minor, left_minor${isRefunds ? ', card_withholds' : ''})
           select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $6::bigint[]
             ${isRefunds ? ', $7::boolean[]' : ''})`,
    values: [
      numberColumn(parts.map(({ stream_id }) => stream_id)),
      numberColumn(parts.map(({ sequence }) => sequence)),
      wordColumn(parts.map(({ authorization_id }) => authorization_id)),
      numberColumn(parts.map(({ holder_no }) => holder_no)),
      numberColumn(parts.map(({ clearing_no }) => clearing_no)),
      numberColumn(parts.map(({ amount_minor }) => amount_minor)),
      ...(isRefunds ? [parts.map(({ card_withholds = false }) => card_withholds)] : []),
    ],
  });
}
