// The rows of edge_outbox: which are due, and which go. What people have changed card by card comes before what a control set's distribution
// has written for a million of them.

import type { Database } from '../db/client.ts';
import { numberColumn, wordColumn } from '../db/columns.ts';

/** Longer than a push may take, so that no other process pushes the same row meanwhile. Pushing twice would do no harm. */
const leaseSeconds = 60;

export interface Due {
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

const taken = `
  update edge_outbox o set attempts = o.attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
  from due, cards c
  where o.card_id = due.card_id and c.card_id = o.card_id
  returning c.card_id, c.network, c.card_token, c.profile, coalesce(c.edge_version, 0) as edge_version, o.attempts,
    coalesce((select seen_sequence from card_streams s where s.network = c.network and s.card_token = c.card_token), 0) as seen_sequence`;

// `skip locked`: another process has those rows in hand. One that dies with them delays them by its lease, no more.
const ofOneCard = `
  with due as (select card_id from edge_outbox where card_id = $1 for update skip locked)${taken}`;
const ofMany = `
  with single as (
    select card_id from edge_outbox where not is_bulk and next_attempt_at <= now() order by next_attempt_at limit $1 for update skip locked
  ), bulk as (
    select card_id from edge_outbox where is_bulk and next_attempt_at <= now() order by next_attempt_at
    limit $1 - (select count(*) from single) for update skip locked
  ), due as (select card_id from single union all select card_id from bulk)${taken}`;

/** One card's row, whether or not it is due; its next attempt is put off. */
export async function claimOf({ sql }: Database, cardId: string): Promise<Due[]> {
  return (await sql.query<Due>(ofOneCard, [cardId, leaseSeconds])).rows;
}

/** So many of those that are due, at most. */
export async function claimDue({ sql }: Database, rowsMax: number): Promise<Due[]> {
  return (await sql.query<Due>(ofMany, [rowsMax, leaseSeconds])).rows;
}

export interface AtEdge {
  readonly card_id: string;
  readonly version: number;
}

/**
 * Notes what the edge has. Only rows up to that go: a newer profile may have been written while this one was on its way. Returns the cards of which
 * it was noted; the others have a version that was never written here, as after a restore of this database.
 */
export async function noteAtEdge(database: Database, there: readonly AtEdge[]): Promise<ReadonlySet<string>> {
  if (there.length === 0) return new Set();
  const values = [wordColumn(there.map(({ card_id }) => card_id)), numberColumn(there.map(({ version }) => version))];
  return await database.transaction(async (sql) => {
    // In the order in which everybody locks cards (docs/storage.md).
    const { rows } = await sql.query<{ card_id: string }>(
      `with locked as (select card_id from cards where card_id = any($1::text[]) order by card_id for no key update)
       update cards c set edge_version = greatest(c.edge_version, n.version)
       from locked join unnest($1::text[], $2::int[]) as n(card_id, version) using (card_id)
       where c.card_id = n.card_id and c.profile_version >= n.version returning c.card_id`,
      values,
    );
    const noted = new Set(rows.map(({ card_id }) => card_id));
    await sql.query(
      `delete from edge_outbox o using unnest($1::text[], $2::int[]) as n(card_id, version)
       where o.card_id = n.card_id and o.version <= n.version and o.card_id = any($3)`,
      [...values, [...noted]],
    );
    return noted;
  });
}

/** `problem`: why, shown with each of the cards. The wait of each doubles with its tries, up to `waitSecondsMax`. */
export async function putOff({ sql }: Database, rows: readonly Due[], problem: string): Promise<void> {
  await sql.query(
    `update edge_outbox set last_error = $2,
       next_attempt_at = now() + make_interval(secs => least($3, power(2, least(attempts, 10) - 1)))
     where card_id = any($1)`,
    [rows.map(({ card_id }) => card_id), problem, waitSecondsMax],
  );
}
/** An edge that is back after hours has all profiles a minute later. */
const waitSecondsMax = 60;
