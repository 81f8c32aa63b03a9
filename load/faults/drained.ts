// The moment at which nothing is on its way any more: every card's outbox is empty, the queue too, and the origin holds no
// event back. What the origin lacks then, it lacks for good.

import { limits } from '../../contracts/limits.ts';
import type { Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { readCard } from './evidence.ts';
import type { RunningSystem } from './system.ts';

/** A card whose timer died with its process publishes by its alarm; the rest is time for a slow machine. */
const drainedWithinMs = limits.publishAlarmMs + 60_000;
const pollMs = 200;

/** How long it took. After the deadline too: what is missing then is for the judge to find. */
export async function drained(system: RunningSystem, cardTokens: readonly string[]): Promise<number> {
  const startedMs = Date.now();
  const sql = await connectOwner(system.databaseUrl);
  try {
    let unsent = [...cardTokens];
    while (Date.now() - startedMs < drainedWithinMs) {
      unsent = await withUnsentEvents(system.edgeUrl, unsent);
      if (unsent.length === 0 && system.queue.waiting() === 0 && !(await hasGaps(sql))) break;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    return Date.now() - startedMs;
  } finally {
    await sql.end();
  }
}

async function withUnsentEvents(edgeUrl: string, cardTokens: readonly string[]): Promise<string[]> {
  const unsent: string[] = [];
  await fewAtATime(cardTokens, async (cardToken) => {
    const { published_sequence, last_sequence } = await readCard(edgeUrl, cardToken);
    if (published_sequence < last_sequence) unsent.push(cardToken);
  });
  return unsent;
}

async function hasGaps(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ has_gaps: boolean }>(
    'select exists (select from card_streams where has_gap) as has_gaps',
  );
  return rows[0]?.has_gaps ?? true;
}
