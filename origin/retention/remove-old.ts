// Rows whose period is over, removed or emptied a few hundred at a time. Which tables and which periods: docs/retention.md; a trigger of
// each table refuses what is younger, so nothing here can remove too much.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { ageMs } from '../db/age.ts';
import type { Database, Sql } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';

/** Short transactions: nobody waits for their locks. */
const rowsPerRound = 500;
/** Minutes do not matter after a year. */
const intervalMs = 60_000;

interface Removal {
  readonly table: string;
  /** Removes or empties at most `$1` rows, and returns one row with how many: `removed`. */
  readonly statement: string;
  /** SQL for the instant at which the oldest became due; null where none is. */
  readonly dueSince: string;
}

/** With its attempts. What is pending is never over: its schedule ends it. */
const messageIsOver = `m.state <> 'pending' and m.created_at < now() - interval '400 days'
  and not exists (select from webhook_attempts a where a.message_no = m.message_no and a.at >= now() - interval '400 days')`;

const removals: readonly Removal[] = [
  {
    table: 'webhook_messages',
    // One statement for both tables: the reference between them is looked at when it has ended.
    statement: `with over as (
        select m.message_no from webhook_messages m where ${messageIsOver} order by m.created_at limit $1 for update skip locked
      ), attempts as (
        delete from webhook_attempts a using over where a.message_no = over.message_no returning 1
      ), messages as (
        delete from webhook_messages m using over where m.message_no = over.message_no returning 1
      ) select ((select count(*) from attempts) + (select count(*) from messages))::int as removed`,
    dueSince: `select min(m.created_at) + interval '400 days' from webhook_messages m where ${messageIsOver}`,
  },
  {
    table: 'access_counts',
    // Of the oldest day first; the day's own index finds it.
    statement: `with over as (
        select day, api_key_id, route, outcome, address_hash from access_counts
        where day < (now() - interval '400 days')::date order by day limit $1
      ), removed as (
        delete from access_counts c using over where (c.day, c.api_key_id, c.route, c.outcome, c.address_hash)
          = (over.day, over.api_key_id, over.route, over.outcome, over.address_hash) returning 1
      ) select count(*)::int as removed from removed`,
    dueSince: `select min(day) + interval '401 days' from access_counts where day < (now() - interval '400 days')::date`,
  },
  {
    table: 'provider_webhooks',
    statement: `with over as (
        select provider, webhook_id from provider_webhooks
        where body <> '' and processed_at is not null and received_at < now() - interval '550 days'
        order by received_at limit $1
      ), emptied as (
        update provider_webhooks w set body = '' from over where w.provider = over.provider and w.webhook_id = over.webhook_id
        returning 1
      ) select count(*)::int as removed from emptied`,
    dueSince: `select min(received_at) + interval '550 days' from provider_webhooks
      where body <> '' and processed_at is not null and received_at < now() - interval '550 days'`,
  },
];

export interface RetentionParts {
  readonly database: Database;
  readonly registry: Registry;
  readonly log: Logger;
}

export function createRetentionLoop({ database, registry, log }: RetentionParts): Loop {
  const removed = new Counter({
    name: 'retention_rows_total',
    help: 'Rows that were removed, or emptied of their text, because their period was over, by table',
    labelNames: ['table'],
    registers: [registry],
  });
  return createLoop({
    name: 'retention',
    log,
    intervalMs,
    lagMs: () => ageMs(database.sql, `select least(${removals.map(({ dueSince }) => `(${dueSince})`).join(', ')})`),
    async round(_, moved) {
      let isMore = false;
      for (const { table, statement } of removals) {
        const count = await removeOld(database.sql, statement);
        removed.inc({ table }, count);
        isMore ||= count >= rowsPerRound;
        moved();
      }
      return isMore;
    },
  });
}

async function removeOld(sql: Sql, statement: string): Promise<number> {
  const { rows } = await sql.query<{ removed: number }>(statement, [rowsPerRound]);
  return rows[0]?.removed ?? 0;
}
