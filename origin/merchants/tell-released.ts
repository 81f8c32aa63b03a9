// A person has released a refund of no purchase: its card is told, so that it may be spent (docs/decisions/0025). Written down with the
// release (withheld.ts), told until the card has it; a card that is told twice knows it by the key, which names the open item.

import type { Logger } from 'pino';
import { cardKeySchema } from '../../contracts/network.ts';
import { refundReleaseSchema } from '../../contracts/refund-release.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { describeError } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';

const rowsPerRound = 20;
/** Longer than a call of the edge may take; what failed is tried again after it. */
const leaseSeconds = 15;

interface Told {
  readonly stream_id: string;
  readonly sequence: string;
  readonly network: string;
  readonly card_token: string;
  readonly left_minor: string;
  readonly currency: string;
  readonly released_by: string;
  readonly refunded_at_ms: string;
  readonly authorization_id: string;
}

export interface TellingParts {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'releaseRefund'>;
  readonly log: Logger;
}

export function createRefundReleaseLoop(parts: TellingParts): Loop {
  const { database, log } = parts;
  return createLoop({
    name: 'refund releases',
    log,
    intervalMs: 1_000,
    lagMs: () => ageMs(database.sql, 'select min(released_at) from unmatched_refunds where tell_at is not null'),
    atRest: {
      rest: database.rest,
      dueInMs: () => dueInMs(database.sql, 'select min(tell_at) from unmatched_refunds where tell_at is not null'),
    },
    round: () => tellReleased(parts),
  });
}

/** Whether there may be more to tell. */
export async function tellReleased({ database, edge, log }: TellingParts): Promise<boolean> {
  const rows = await claim(database);
  const told = await Promise.all(
    rows.map(async (row) => {
      const { network, card_token, released_by, authorization_id } = row;
      try {
        // The card's own count of its events makes the key one of its card.
        const release = refundReleaseSchema.parse({
          message_key: `open-item:${released_by}:${row.sequence}`,
          ...{ authorization_id, currency: row.currency },
          ...{ minor: Number(row.left_minor), refunded_at_ms: Number(row.refunded_at_ms) },
        });
        cardKeySchema.parse(`${network}:${card_token}`);
        await edge.releaseRefund({ network, card_token }, release);
        return [row];
      } catch (error) {
        log.warn({ error: describeError(error).message, authorization_id }, 'a released refund did not reach its card');
        return [];
      }
    }),
  );
  for (const { stream_id, sequence } of told.flat())
    await database.sql.query('update unmatched_refunds set tell_at = null where stream_id = $1 and sequence = $2', [
      stream_id,
      sequence,
    ]);
  return rows.length === rowsPerRound && told.every((one) => one.length > 0);
}

/** Under the id that the card knows: of the authorization that the refund's own turned out to be. */
const lastId = `(
  with recursive into_one as (
    select a.authorization_id, a.joined_into, 1 as steps from authorizations a where a.authorization_id = u.authorization_id
    union all
    -- No authorization joins back; the bound is there so that this ends whatever is stored.
    select a.authorization_id, a.joined_into, i.steps + 1
    from into_one i join authorizations a on a.authorization_id = i.joined_into where i.steps < 100
  )
  select authorization_id from into_one order by steps desc limit 1
)`;

async function claim({ sql }: Database): Promise<Told[]> {
  // `skip locked`: another process has those in hand. One that dies with them delays them by its lease.
  const { rows } = await sql.query<Told>(
    `update unmatched_refunds u set tell_at = now() + make_interval(secs => $1)
     from card_streams s, ledger_accounts c, card_events e
     where (u.stream_id, u.sequence) in (
         select stream_id, sequence from unmatched_refunds where tell_at <= now() order by tell_at limit $2 for update skip locked
       )
       and s.stream_id = u.stream_id and c.ledger_account_no = u.clearing_no
       and e.stream_id = u.stream_id and e.sequence = u.sequence
     returning u.stream_id, u.sequence, s.network, s.card_token, u.left_minor, c.currency, u.released_by,
       e.at_ms as refunded_at_ms, ${lastId} as authorization_id`,
    [leaseSeconds, rowsPerRound],
  );
  return rows;
}
