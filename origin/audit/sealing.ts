// The sealer: chains what commits left in waiting_for_seal, so that no commit waits for the head of the audit trail or of the ledger
// (docs/decisions/0033). Every process of the origin runs one; whichever finds the heads free does it, the others find nothing left.
//
// What it does not promise: that a row is proved before it is chained. Until then, 0.1 s under load, who owns the database could change
// it unseen; `loop_lag_seconds{loop="sealing"}` is the age of the oldest such row.

import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ageMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';

const intervalMs = 100;
/** Rows in one statement: a commit of 128 transitions is one row, so its 64,000 events take a second at most. */
const rowsMax = 500;

export interface SealingParts {
  readonly database: Database;
  readonly log: Logger;
}

export function createSealingLoop({ database, log }: SealingParts): Loop {
  return createLoop({
    name: 'sealing',
    log,
    intervalMs,
    lagMs: () => ageMs(database.sql, 'select min(waiting_since) from waiting_for_seal'),
    atRest: { rest: database.rest },
    async round(signal) {
      const sealed = await sealBehind(database);
      if (sealed === 0) return false;
      if (sealed < rowsMax) await setTimeout(intervalMs, undefined, { signal }).catch(() => {});
      return true;
    },
  });
}

/**
 * One statement, which commits by itself: a process that stands still afterwards holds no lock. It waits for the disk, so that no
 * checkpoint witnesses a link that a crash takes back. Returns how many rows it has chained; 0 too where another process is at it.
 */
export async function sealBehind(database: Database): Promise<number> {
  const { rows } = await database.sql.query<{ sealed: number }>({
    name: 'seal_waiting',
    text: 'select seal_waiting($1, false) as sealed',
    values: [rowsMax],
  });
  const sealed = rows[0]?.sealed ?? 0;
  // Accrual counts seals, and may rest.
  if (sealed > 0) database.rest.written();
  return sealed;
}
