// Card profiles on their way to the edge. A row of edge_outbox says that the edge lacks a card's newest profile; it was
// written with the profile, in one transaction, and goes when the edge has it. Until then it is pushed again and again.

import type { Logger } from 'pino';
import { profileSchema } from '../../contracts/profile.ts';
import type { Database } from '../db/client.ts';
import { describeError } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { EdgeClient } from './edge-client.ts';

/** Longer than a push may take, so that no other process pushes the same row meanwhile. Pushing twice would do no harm. */
const leaseSeconds = 10;
/** The wait after a failure doubles up to this: an edge that is back after hours has all profiles a minute later. */
const waitSecondsMax = 60;
const rowsPerRound = 20;
const pollMs = 1_000;

export interface Outbox {
  /** Pushes this card's row now. False: the edge does not have it yet, and the loop goes on trying. */
  push(cardId: string): Promise<boolean>;
  readonly loop: Loop;
}

interface Due {
  readonly card_id: string;
  readonly network: string;
  readonly card_token: string;
  readonly profile: unknown;
}

export function createOutbox({ database, edge, log }: { database: Database; edge: EdgeClient; log: Logger }): Outbox {
  async function pushOne(due: Due): Promise<boolean> {
    const { card_id } = due;
    try {
      const profile = profileSchema.parse(due.profile);
      const { version } = await edge.putProfile(due, profile);
      await markStored(database, card_id, version);
      return true;
    } catch (error) {
      log.warn({ err: error, card_id }, 'a card profile did not reach the edge');
      await database.sql.query(
        `update edge_outbox set last_error = $2,
           next_attempt_at = now() + make_interval(secs => least($3, power(2, least(attempts, 10) - 1)))
         where card_id = $1`,
        [card_id, describeError(error).message, waitSecondsMax],
      );
      return false;
    }
  }

  return {
    async push(cardId) {
      const [due] = await claim(database, cardId);
      return due === undefined ? false : await pushOne(due);
    },
    loop: createLoop({
      name: 'edge outbox',
      log,
      intervalMs: pollMs,
      async round() {
        const due = await claim(database, null);
        const reached = await Promise.all(due.map(pushOne));
        return due.length === rowsPerRound && reached.every(Boolean);
      },
    }),
  };
}

/** Takes rows that are due, or one card's row whether or not it is, and puts off their next attempt. */
async function claim({ sql }: Database, cardId: string | null): Promise<Due[]> {
  // `skip locked`: another process has those rows in hand. One that dies with them delays them by its lease, no more.
  const { rows } = await sql.query<Due>(
    `update edge_outbox o set attempts = o.attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
     from cards c
     where c.card_id = o.card_id and o.card_id in (
       select card_id from edge_outbox where case when $1::text is null then next_attempt_at <= now() else card_id = $1 end
       order by next_attempt_at limit $3 for update skip locked
     )
     returning c.card_id, c.network, c.card_token, c.profile`,
    [cardId, leaseSeconds, rowsPerRound],
  );
  return rows;
}

/**
 * Only rows up to what the edge has go: a newer profile may have been written while this one was on its way. Throws where
 * the edge has a version that was never written here, as after a restore of this database: a person has to decide between
 * the two, since the older one might set a frozen card free.
 */
async function markStored(database: Database, cardId: string, version: number): Promise<void> {
  await database.transaction(async (sql) => {
    const { rows } = await sql.query(
      `update cards set edge_version = greatest(edge_version, $2) where card_id = $1 and profile_version >= $2 returning 1`,
      [cardId, version],
    );
    if (rows.length === 0)
      throw new Error(`the edge has version ${version} of the profile, which was never written here`);
    await sql.query('delete from edge_outbox where card_id = $1 and version <= $2', [cardId, version]);
  });
}
