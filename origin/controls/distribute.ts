// Distributions of control sets, done: page by page, each with how far it came in one transaction, so that any process goes on where another one
// stopped. No more profiles wait for the edge than a pause can still be worth: what is moved here is at the edge a second or two later.

import type { Logger } from 'pino';
import { ageMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { cardsPerTransaction, movePage, type RefusingCard } from './apply-set-version.ts';
import { loadSetVersion } from './control-sets.ts';
import { type Distribution, noteProgress, takeRunning } from './distributions.ts';

/** Profiles on their way to the edge, from which on no more are made: some two seconds of pushing. */
const waitingMax = 2_000;
const pollMs = 500;

export interface PageMoved {
  /** As it stands after the page. */
  readonly distribution: Distribution;
  readonly moved: readonly string[];
  readonly refused: readonly RefusingCard[];
}

/** The next page of a running distribution, of this set or of any. Null: none is running, or another process has it. */
export async function distributePage(
  database: Database,
  controlSetId: string | null = null,
): Promise<PageMoved | null> {
  return await database.transaction(async (sql) => {
    const one = await takeRunning(sql, controlSetId);
    if (one === null) return null;
    const { actor, correlation_id, after_card_id: after, percent, only_version: onlyVersion } = one;
    const version = await loadSetVersion(sql, one);
    const doer = { actor, correlation_id };
    const page = await movePage(sql, { version, after, doer, cards: cardsPerTransaction, percent, onlyVersion });
    const distribution = await noteProgress(sql, one, {
      ...{ after_card_id: page.last ?? after, moved: page.moved.length, refused: page.refused },
      isOver: page.last === null,
    });
    return { distribution, moved: page.moved, refused: page.refused };
  });
}

export function createDistributions({ database, log }: { readonly database: Database; readonly log: Logger }): Loop {
  const { sql, rest } = database;
  return createLoop({
    ...{ name: 'control sets', log, intervalMs: pollMs },
    lagMs: () => ageMs(sql, `select min(changed_at) from control_set_distributions where state = 'running'`),
    atRest: { rest, dueInMs: async () => ((await isRunning()) ? 0 : null) },
    async round() {
      if (!(await isRunning()) || (await profilesWaiting()) >= waitingMax) return false;
      return (await distributePage(database)) !== null;
    },
  });

  async function isRunning(): Promise<boolean> {
    const { rows } = await sql.query(`select from control_set_distributions where state = 'running' limit 1`);
    return rows.length > 0;
  }

  async function profilesWaiting(): Promise<number> {
    const { rows } = await sql.query<{ profiles: string }>(
      'select count(*) as profiles from (select from edge_outbox order by next_attempt_at limit $1) as waiting',
      [waitingMax],
    );
    return Number(rows[0]?.profiles ?? 0);
  }
}
