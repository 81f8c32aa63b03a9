// Accrual, all the time: what has cleared is owed within a second or two, whether or not a payout is due.

import type { Logger } from 'pino';
import { ageMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { accrue, oldestUnaccrued } from './accrual.ts';
import { raiseUnassigned, type UnassignedPolicy } from './raise-unassigned.ts';
import { raiseWithheld } from './raise-withheld.ts';
import type { UnapprovedBounds } from './unapproved-bounds.ts';

const intervalMs = 1_000;

export interface AccrualLoopOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly unassigned: UnassignedPolicy;
  readonly bounds: UnapprovedBounds;
  readonly intervalMs?: number;
}

export function createAccrualLoop({ database, log, unassigned, bounds, ...options }: AccrualLoopOptions): Loop {
  return createLoop({
    name: 'accrual',
    log,
    intervalMs: options.intervalMs ?? intervalMs,
    lagMs: () => ageMs(database.sql, oldestUnaccrued),
    atRest: { rest: database.rest },
    async round() {
      const isMore = await accrue(database, {
        bounds,
        onSetAside(merchant_id, error) {
          log.error({ err: error, merchant_id }, 'what cleared at a merchant could not be added to what it is owed');
        },
      });
      const isMoreWithheld = await raiseWithheld(database);
      return (await raiseUnassigned(database, unassigned)) || isMoreWithheld || isMore;
    },
  });
}
