// Writing transfers. Balances, and the proof that debits equal credits, are the database's business (migrations/0003).

import { newId } from '../../contracts/ids.ts';
import type { TransferKind } from '../../core/ledger/postings.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';

export interface Transfer {
  readonly debit_account_no: number;
  readonly credit_account_no: number;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly kind: TransferKind;
  readonly event_at_ms: number;
  /** The card's event that it books; null for what no card did, such as a funding. */
  readonly event: {
    readonly event_id: string;
    readonly stream_id: number;
    readonly sequence: number;
    readonly authorization_id: string;
  } | null;
  /** The settlement whose reservation it makes, uses or gives back. */
  readonly settlement_id?: string;
}

/**
 * Inserts in one statement: the balances of all accounts named are updated once each, and stay locked until the caller's
 * transaction ends. So call it last. Throws where an account does not exist, is of another currency, or would have less
 * than nothing pending. Returns the transfers' ids.
 */
export async function insertTransfers(sql: Sql, transfers: readonly Transfer[]): Promise<string[]> {
  const ids = transfers.map(() => newId('trf'));
  if (ids.length === 0) return ids;
  await sql.query({
    name: 'insert_transfers',
    text: `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind,
             event_at_ms, event_id, stream_id, sequence, authorization_id, settlement_id)
           select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
             $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])`,
    values: [
      wordColumn(ids),
      numberColumn(transfers.map(({ debit_account_no }) => debit_account_no)),
      numberColumn(transfers.map(({ credit_account_no }) => credit_account_no)),
      numberColumn(transfers.map(({ amount_minor }) => amount_minor)),
      wordColumn(transfers.map(({ currency }) => currency)),
      wordColumn(transfers.map(({ kind }) => kind)),
      numberColumn(transfers.map(({ event_at_ms }) => event_at_ms)),
      wordColumn(transfers.map(({ event }) => event?.event_id ?? null)),
      numberColumn(transfers.map(({ event }) => event?.stream_id ?? null)),
      numberColumn(transfers.map(({ event }) => event?.sequence ?? null)),
      wordColumn(transfers.map(({ event }) => event?.authorization_id ?? null)),
      wordColumn(transfers.map(({ settlement_id }) => settlement_id ?? null)),
    ],
  });
  return ids;
}
