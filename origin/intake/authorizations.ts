// The authorizations' read model as rows. The caller holds the lock of each stream they belong to, so what is loaded here
// is still true when it is stored.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { Sql } from '../db/client.ts';
import { jsonColumn, lineColumn, numberColumn, wordColumn } from '../db/columns.ts';
import type { AuthorizationRow } from './book-event.ts';

interface StoredRow {
  readonly authorization_id: string;
  readonly stream_id: string;
  readonly ledger_account_no: string;
  readonly currency: string;
  readonly merchant: Merchant | null;
  readonly network_merchant_id: string | null;
  readonly status: AuthorizationRow['status'];
  readonly reason: string | null;
  readonly requested_minor: string;
  readonly held_minor: string;
  readonly posted_minor: string;
  readonly approved_minor: string | null;
  readonly joined_posted_minor: string;
  readonly opened_at_ms: string;
  readonly updated_at_ms: string;
  readonly joined_into: string | null;
}

export async function loadAuthorizations(sql: Sql, ids: readonly string[]): Promise<AuthorizationRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql.query<StoredRow>({
    name: 'load_authorizations',
    text: 'select * from authorizations where authorization_id = any($1::text[])',
    values: [wordColumn(ids)],
  });
  return rows.map((row) => ({
    ...row,
    stream_id: Number(row.stream_id),
    ledger_account_no: Number(row.ledger_account_no),
    requested_minor: BigInt(row.requested_minor),
    held_minor: BigInt(row.held_minor),
    posted_minor: BigInt(row.posted_minor),
    approved_minor: row.approved_minor === null ? null : BigInt(row.approved_minor),
    joined_posted_minor: BigInt(row.joined_posted_minor),
    opened_at_ms: Number(row.opened_at_ms),
    updated_at_ms: Number(row.updated_at_ms),
  }));
}

/** `on conflict do update`: the row may have been opened by an earlier batch; what is given here is its newest state. */
export async function storeAuthorizations(sql: Sql, rows: readonly AuthorizationRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query({
    name: 'store_authorizations',
    text: `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, merchant, status, reason,
             requested_minor, held_minor, posted_minor, opened_at_ms, updated_at_ms, joined_into, network_merchant_id,
             approved_minor, joined_posted_minor)
           select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], string_to_array($5, E'\\n', '')::json[],
             $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[],
             string_to_array($14, E'\\n', ''), $15::bigint[], $16::bigint[])
           on conflict (authorization_id) do update set
             ledger_account_no = excluded.ledger_account_no, currency = excluded.currency,
             merchant = excluded.merchant, status = excluded.status, reason = excluded.reason, requested_minor = excluded.requested_minor,
             held_minor = excluded.held_minor, posted_minor = excluded.posted_minor, updated_at_ms = excluded.updated_at_ms,
             joined_into = excluded.joined_into, network_merchant_id = excluded.network_merchant_id,
             approved_minor = excluded.approved_minor, joined_posted_minor = excluded.joined_posted_minor`,
    values: [
      wordColumn(rows.map(({ authorization_id }) => authorization_id)),
      numberColumn(rows.map(({ stream_id }) => stream_id)),
      numberColumn(rows.map(({ ledger_account_no }) => ledger_account_no)),
      wordColumn(rows.map(({ currency }) => currency)),
      jsonColumn(rows.map(({ merchant }) => (merchant === null ? null : JSON.stringify(merchant)))),
      wordColumn(rows.map(({ status }) => status)),
      wordColumn(rows.map(({ reason }) => reason)),
      numberColumn(rows.map(({ requested_minor }) => requested_minor)),
      numberColumn(rows.map(({ held_minor }) => held_minor)),
      numberColumn(rows.map(({ posted_minor }) => posted_minor)),
      numberColumn(rows.map(({ opened_at_ms }) => opened_at_ms)),
      numberColumn(rows.map(({ updated_at_ms }) => updated_at_ms)),
      wordColumn(rows.map(({ joined_into }) => joined_into)),
      lineColumn(rows.map(({ network_merchant_id }) => network_merchant_id)),
      numberColumn(rows.map(({ approved_minor }) => approved_minor)),
      numberColumn(rows.map(({ joined_posted_minor }) => joined_posted_minor)),
    ],
  });
}
