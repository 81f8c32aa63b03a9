// How many transfers a second the ledger books: balances kept, hash chain sealed behind, triggers on, durable commits, and one hot
// account in every transfer. In batches of a thousand and of fifty, each from a few connections at a time.

import { pino } from 'pino';
import { newId } from '../contracts/ids.ts';
import { createSealingLoop } from '../origin/audit/sealing.ts';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { migrate } from '../origin/db/migrate.ts';
import { insertTransfers, type Transfer } from '../origin/ledger/transfers.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { started } from './started.ts';
import { median, rounded } from './statistics.ts';

export interface LedgerFigures {
  readonly transfers_per_s_batch_1000: number;
  readonly transfers_per_s_batch_50: number;
  /** Transfers that were not booked, and differences that the ledger's proof found. */
  readonly errors: number;
}

/** Accounts on the other side of the hot one. */
const otherAccounts = 200;
/** Two: while one waits for the disk the other lays out its rows. The hot balance and the chain admit one at a time anyway. */
const connections = 2;
const rounds = 3;

export async function measureLedger(
  progress: (line: string) => void,
  { seconds = 4 }: { seconds?: number } = {},
): Promise<{ ledger: LedgerFigures }> {
  await using parts = started();
  const server = await startTemporaryPostgres();
  parts.defer(() => server.stop());
  await migrate(server.url);
  const database = openDatabase({ url: server.url, poolMax: connections + 2, onIdleError: () => {} });
  parts.defer(() => database.close());
  const sealing = createSealingLoop({ database, log: pino({ level: 'error' }) });
  sealing.start();
  parts.defer(() => sealing.stop());
  const { hot, others } = await makeAccounts(database);
  let errors = 0;
  const rate = async (batch: number): Promise<number> => {
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const { transfers, failed, elapsedMs } = await book(database, { hot, others, batch, seconds });
      errors += failed;
      rates.push((transfers / elapsedMs) * 1_000);
      progress(`ledger: ${Math.round(rates.at(-1) ?? 0)} transfers/s in batches of ${batch}`);
    }
    return rounded(median(rates), 0);
  };
  await book(database, { hot, others, batch: 1_000, seconds: 1 });
  const transfers_per_s_batch_1000 = await rate(1_000);
  const transfers_per_s_batch_50 = await rate(50);
  errors += (await verifyLedger(database.sql)).differences.length;
  return { ledger: { transfers_per_s_batch_1000, transfers_per_s_batch_50, errors } };
}

/** What a direct transfer needs as its cause. */
const settlement_id = 'stl_bench';

async function makeAccounts({ sql }: Database): Promise<{ hot: number; others: number[] }> {
  await sql.query(`insert into merchants (merchant_id, name, currency) values ('mrch_bench', 'bench', 'USD')`);
  await sql.query(
    `insert into settlements (settlement_id, merchant_id, amount_minor, currency, changed_by, correlation_id)
     values ($1, 'mrch_bench', 1, 'USD', 'bench', 'bench')`,
    [settlement_id],
  );
  const accountIds = Array.from({ length: otherAccounts }, () => newId('acct'));
  await sql.query(`insert into accounts (account_id, name, currency) select unnest($1::text[]), 'bench', 'USD'`, [
    accountIds,
  ]);
  const { rows } = await sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id)
     select unnest($1::text[]), 'cardholder', 'USD', unnest($2::text[]) returning ledger_account_no as no`,
    [accountIds.map(() => newId('lac')), accountIds],
  );
  const { rows: house } = await sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency, network)
     values ($1, 'network_clearing', 'USD', 'native') returning ledger_account_no as no`,
    [newId('lac')],
  );
  return { hot: Number(house[0]?.no), others: rows.map(({ no }) => Number(no)) };
}

interface Load {
  readonly hot: number;
  readonly others: readonly number[];
  readonly batch: number;
  readonly seconds: number;
}

async function book(database: Database, { hot, others, batch, seconds }: Load) {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let transfers = 0;
  let failed = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, lane) => {
      for (let turn = lane; performance.now() < endMs; turn += connections) {
        const rows = Array.from(
          { length: batch },
          (_, index): Transfer => ({
            debit_account_no: others[(turn * batch + index) % others.length] ?? hot,
            credit_account_no: hot,
            amount_minor: BigInt(1 + (index % 997)),
            currency: 'USD',
            kind: 'direct',
            event_at_ms: 0,
            event: null,
            settlement_id,
          }),
        );
        await database
          .transaction((sql) => insertTransfers(sql, rows))
          .then(
            () => {
              transfers += batch;
            },
            () => {
              failed += batch;
            },
          );
      }
    }),
  );
  return { transfers, failed, elapsedMs: performance.now() - startMs };
}
