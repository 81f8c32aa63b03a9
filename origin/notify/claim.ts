// Takes messages that are due, a few from each endpoint, so that the backlog of one never stands before the others. Taken is
// leased: a message whose process died is due again by itself, so a crash repeats a message and never drops one.

import type { Sql } from '../db/client.ts';
import { isTracing } from '../tracing/spans.ts';

export interface Claimed {
  readonly message_no: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly payload: string;
  readonly attempts: number;
  /** As the database wrote it: only who still has the lease may say what became of the message. */
  readonly lease: string;
  readonly webhook_endpoint_id: string;
  readonly url: string;
  /** Sealed. */
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly slow: boolean;
  /** The `traceparent` of the settlement it tells of; null: that was not traced, or nobody traces. */
  readonly trace_parent: string | null;
}

export interface Lane {
  /** Messages that may be taken now, of all endpoints together. */
  readonly free: number;
  /** In the works of one endpoint at one time. */
  readonly perEndpoint: number;
}

export interface ClaimLimits {
  readonly fast: Lane;
  /** Endpoints that fail or answer slowly have places of their own, and fewer. */
  readonly slow: Lane;
  readonly inHand: ReadonlyMap<string, number>;
  readonly slowEndpoints: readonly string[];
  /** Those that asked to be left alone. */
  readonly paused: readonly string[];
  readonly leaseMs: number;
}

/** SQL: endpoints that messages wait for, from one to the next on the index, one probe each; the last is null. */
const waiting = `waiting (id) as (
        (select webhook_endpoint_id from webhook_messages where state = 'pending' order by webhook_endpoint_id limit 1)
        union all
        select (select webhook_endpoint_id from webhook_messages
          where state = 'pending' and webhook_endpoint_id > waiting.id order by webhook_endpoint_id limit 1)
        from waiting where waiting.id is not null
      )`;

export async function claimDue(sql: Sql, limits: ClaimLimits): Promise<Claimed[]> {
  const { fast, slow, inHand, slowEndpoints, paused, leaseMs } = limits;
  const { rows } = await sql.query<Claimed>({
    name: 'claim_webhook_messages',
    // The lock is taken again on what is still due: another
    // process may have taken it since the look, and `skip locked` leaves what it is taking.
    text: `
      with recursive ${waiting}, busy as (
        select * from unnest($1::text[], $2::int[]) as given (id, in_hand)
      ), open as (
        select webhook_endpoint_id as id, coalesce(in_hand, 0) as in_hand,
          failing_since is not null or webhook_endpoint_id = any ($3::text[]) as slow
        from waiting join webhook_endpoints on webhook_endpoint_id = waiting.id left join busy on busy.id = waiting.id
        where status = 'enabled' and webhook_endpoint_id <> all ($4::text[])
      ), due as (
        select open.slow, first.message_no, first.due_at, open.in_hand + row_number() over (partition by open.id order by first.due_at) as place
        from open cross join lateral (
          select message_no, due_at from webhook_messages
          where webhook_endpoint_id = open.id and state = 'pending' and due_at <= now()
          order by due_at limit greatest(0, case when open.slow then $5::int else $6::int end - open.in_hand)
        ) as first
      ), turns as (
        select message_no, slow, row_number() over (partition by slow order by place, due_at) as turn from due
      ), taken as (
        select m.message_no, turns.slow from webhook_messages m join turns using (message_no)
        where turn <= case when turns.slow then $7::int else $8::int end and m.state = 'pending' and m.due_at <= now()
        for update of m skip locked
      )
      update webhook_messages m
      set lease_until = clock_timestamp() + $9::float8 * interval '1 ms', due_at = clock_timestamp() + $9::float8 * interval '1 ms'
      from taken, webhook_endpoints e
      where m.message_no = taken.message_no and e.webhook_endpoint_id = m.webhook_endpoint_id
      returning m.message_no, m.event_id, m.event_type, m.payload, m.attempts, m.lease_until::text as lease,
        e.webhook_endpoint_id, e.url, e.secret,
        case when e.previous_secret_until > now() then e.previous_secret end as previous_secret, taken.slow,
        case when $10::boolean then (select trace_parent from settlements s where s.settlement_id = m.subject) end as trace_parent`,
    values: [
      ...[[...inHand.keys()], [...inHand.values()], slowEndpoints, paused],
      ...[slow.perEndpoint, fast.perEndpoint, slow.free, fast.free, leaseMs, isTracing()],
    ],
  });
  return rows;
}

/** Whether more may be due than there were places for. A slow endpoint's own limit does not count: it can wait for the next look. */
export function reachedLimit(
  claimed: readonly Claimed[],
  { fast, slow, inHand }: Pick<ClaimLimits, 'fast' | 'slow' | 'inHand'>,
) {
  const quick = claimed.filter((message) => !message.slow);
  if (quick.length >= fast.free || claimed.length - quick.length >= Math.max(1, slow.free)) return true;
  const counts = new Map(inHand);
  for (const { webhook_endpoint_id: id } of quick) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts.values().some((count) => count >= fast.perEndpoint);
}

/** Ends the waiting of what lies before disabled endpoints, a bounded number at a time; recovering brings it back. */
export async function retireUndeliverable(sql: Sql, atMost: number): Promise<number> {
  const { rows } = await sql.query(
    // From what waits, not from what is disabled: endpoints that were removed stay disabled for ever.
    `with recursive ${waiting}
     update webhook_messages set state = 'failed', lease_until = null
     where message_no = any (array(
       select m.message_no from waiting join webhook_endpoints e on e.webhook_endpoint_id = waiting.id and e.status = 'disabled'
       cross join lateral (
         select message_no from webhook_messages
         where webhook_endpoint_id = waiting.id and state = 'pending' and (lease_until is null or lease_until < now())
         limit $1
       ) as m
       limit $1
     )) returning message_no`,
    [atMost],
  );
  return rows.length;
}

/** SQL: since when the message that is due the longest, at an endpoint that takes messages, has been due. */
export const oldestDue = `
  select min(m.due_at)
  from webhook_endpoints e
  cross join lateral (
    select due_at from webhook_messages
    where webhook_endpoint_id = e.webhook_endpoint_id and state = 'pending' and due_at <= now() order by due_at limit 1
  ) as m
  where e.status = 'enabled' and e.failing_since is null`;

/** SQL: when the next message comes due, of whichever endpoint: one probe each. */
export const nextDue = `
  with recursive ${waiting}
  select min(m.due_at) from waiting w cross join lateral (
    select due_at from webhook_messages where webhook_endpoint_id = w.id and state = 'pending' order by due_at limit 1
  ) as m`;
