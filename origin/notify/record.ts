// What became of attempts, written down: those that end while a write is under way go together in the next, so that a
// thousand a second are a few dozen statements. Until it is written nothing happened: the message is sent again.

import type { Sql } from '../db/client.ts';

export interface AttemptResult {
  readonly message_no: string;
  readonly lease: string;
  readonly webhook_endpoint_id: string;
  readonly taken: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly answer: string;
  /** Null: taken, or never again. */
  readonly next_wait_ms: number | null;
}

/** Endpoints that have taken nothing for so long are disabled. */
const failingDaysMax = 5;

/** Writes results; returns the endpoints that have failed for too long. */
export async function recordAttempts(sql: Sql, results: readonly AttemptResult[]): Promise<string[]> {
  const column = <K extends keyof AttemptResult>(name: K) => results.map((result) => result[name]);
  const { rows } = await sql.query<{ webhook_endpoint_id: string }>({
    name: 'record_webhook_attempts',
    // The attempt was made, so it is kept in any case; the message changes only for who still has its lease.
    text: `
      with result as (
        select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bool[], $5::int[], $6::text[], $7::int[], $8::text[], $9::float8[])
          as given (message_no, lease, webhook_endpoint_id, taken, status, error, duration_ms, answer, next_wait_ms)
      ), attempted as (
        insert into webhook_attempts (message_no, status, error, duration_ms, answer)
        select message_no, status, error, duration_ms, answer from result
      ), told as (
        update webhook_messages m set
          attempts = m.attempts + 1, lease_until = null,
          state = case when taken then 'delivered' when next_wait_ms is null then 'failed' else 'pending' end,
          due_at = clock_timestamp() + coalesce(next_wait_ms, 0) * interval '1 ms',
          delivered_at = case when taken then clock_timestamp() else m.delivered_at end
        from result where m.message_no = result.message_no and m.state = 'pending' and m.lease_until = result.lease
      ), heard as (
        select webhook_endpoint_id, bool_or(taken) as taken from result group by 1
      ), noted as (
        update webhook_endpoints e set failing_since = case when heard.taken then null else now() end
        from heard
        where e.webhook_endpoint_id = heard.webhook_endpoint_id and heard.taken = (e.failing_since is not null)
      )
      select webhook_endpoint_id from webhook_endpoints join heard using (webhook_endpoint_id)
      where not heard.taken and status = 'enabled' and failing_since < now() - $10::int * interval '1 day'`,
    values: [
      ...[column('message_no'), column('lease'), column('webhook_endpoint_id'), column('taken'), column('status')],
      ...[column('error'), column('duration_ms'), column('answer'), column('next_wait_ms'), failingDaysMax],
    ],
  });
  return rows.map(({ webhook_endpoint_id }) => webhook_endpoint_id);
}
