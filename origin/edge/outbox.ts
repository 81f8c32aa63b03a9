// Card profiles on their way to the edge. A row of edge_outbox says that the edge lacks a card's newest profile; it was
// written with the profile, in one transaction, and goes when the edge has it. Until then it is pushed again and again.

import type { Logger } from 'pino';
import type { ProfileWarning } from '../../contracts/internal-answers.ts';
import { profileSchema } from '../../contracts/profile.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { acknowledgedOf } from '../intake/acknowledged.ts';
import { raiseSetBack } from '../intake/card-conditions.ts';
import { keyOf } from '../intake/sort-out.ts';
import { describeError } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import { closeAsGone, raiseOpenItems } from '../open-items/raise.ts';
import { type EdgeClient, EdgeRefused } from './edge-client.ts';
import { itemOfConflict, OtherProfile } from './profile-conflicts.ts';

/** Longer than a push may take, so that no other process pushes the same row meanwhile. Pushing twice would do no harm. */
const leaseSeconds = 10;
/** The wait after a failure doubles up to this: an edge that is back after hours has all profiles a minute later. */
const waitSecondsMax = 60;
const rowsPerRound = 20;
const pollMs = 1_000;

export interface Outbox {
  /** Pushes this card's row now. False: the edge does not have it yet, and the loop goes on trying. */
  push(cardId: string): Promise<boolean>;
  /** The same, with what the card says that whoever changed it should know; null: the edge does not have it yet. */
  pushForWarnings(cardId: string): Promise<readonly ProfileWarning[] | null>;
  readonly loop: Loop;
}

interface Due {
  readonly card_id: string;
  readonly network: string;
  readonly card_token: string;
  readonly profile: unknown;
  /** The newest version that the edge has said it has; 0: none. */
  readonly edge_version: number;
  /** This one included. */
  readonly attempts: number;
  /** The newest event of the card that has come here. */
  readonly seen_sequence: string;
}

/** Tries of one profile before a person is told, where the edge is there and takes the others. */
const triesBeforeAPersonMin = 5;

export function createOutbox({ database, edge, log }: { database: Database; edge: EdgeClient; log: Logger }): Outbox {
  async function pushOne(due: Due): Promise<readonly ProfileWarning[] | null> {
    const { card_id } = due;
    try {
      const profile = profileSchema.parse(due.profile);
      // A card that has had a profile never forgets what it was: where its object is empty, it is lost.
      const seen = due.edge_version === 0 ? undefined : await acknowledgedOf(database.sql, due);
      const { outcome, version, warnings = [] } = await edge.putProfile(due, profile, Number(due.seen_sequence), seen);
      if (outcome === 'stale' && version === profile.version) throw new OtherProfile(version, 'another');
      await markStored(database, card_id, version);
      await closeAsGone(database.sql, 'profile_conflict', card_id);
      await closeAsGone(database.sql, 'profile_not_taken', card_id);
      return warnings;
    } catch (error) {
      log.warn({ err: error, card_id, attempts: due.attempts }, 'a card profile did not reach the edge');
      if (error instanceof EdgeRefused && error.errorCode === 'card_set_back')
        await database.transaction((sql) => raiseSetBack(sql, [{ ...due, known_sequence: Number(due.seen_sequence) }]));
      if (error instanceof OtherProfile) {
        const versions = { version_here: profileSchema.parse(due.profile).version, version_at_edge: error.version };
        await raiseOpenItems(database.sql, [itemOfConflict({ ...due, card_key: keyOf(due), ...versions })]);
      }
      await putOff(due, describeError(error).message.replaceAll('\0', ''));
      return null;
    }
  }

  async function putOff({ card_id, attempts }: Due, problem: string): Promise<void> {
    await database.sql.query(
      `update edge_outbox set last_error = $2,
         next_attempt_at = now() + make_interval(secs => least($3, power(2, least(attempts, 10) - 1)))
       where card_id = $1`,
      [card_id, problem, waitSecondsMax],
    );
    // While the edge is away no profile is at fault, however often it was tried.
    if (attempts < triesBeforeAPersonMin || !(await answers(edge))) return;
    await raiseOpenItems(database.sql, [
      {
        kind: 'profile_not_taken',
        key: card_id,
        summary: `The newest profile of ${card_id} did not reach the edge in ${attempts} tries; the card works by an older one.`,
        evidence: { card_id, attempts, problem },
        reopens: true,
      },
    ]);
  }

  async function pushForWarnings(cardId: string): Promise<readonly ProfileWarning[] | null> {
    const [due] = await claim(database, cardId);
    return due === undefined ? null : await pushOne(due);
  }

  return {
    push: async (cardId) => (await pushForWarnings(cardId)) !== null,
    pushForWarnings,
    loop: createLoop({
      ...{ name: 'edge outbox', log, intervalMs: pollMs },
      lagMs: () => ageMs(database.sql, 'select min(created_at) from edge_outbox'),
      atRest: { rest: database.rest, dueInMs: () => dueInMs(database.sql, nextAttempt) },
      async round() {
        const due = await claim(database, null);
        // All of them, also where what became of one could not be written down: that one comes up again after its lease.
        const pushed = await Promise.allSettled(due.map(pushOne));
        const failed = pushed.find((one) => one.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        return due.length === rowsPerRound && pushed.every((one) => one.status === 'fulfilled' && one.value !== null);
      },
    }),
  };
}

const nextAttempt = 'select min(next_attempt_at) from edge_outbox';

async function answers(edge: EdgeClient): Promise<boolean> {
  return await edge.ping().then(
    () => true,
    () => false,
  );
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
     returning c.card_id, c.network, c.card_token, c.profile, coalesce(c.edge_version, 0) as edge_version, o.attempts,
       coalesce((select seen_sequence from card_streams s where s.network = c.network and s.card_token = c.card_token), 0)
         as seen_sequence`,
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
    if (rows.length === 0) throw new OtherProfile(version, 'a newer');
    await sql.query('delete from edge_outbox where card_id = $1 and version <= $2', [cardId, version]);
  });
}
