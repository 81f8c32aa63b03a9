// Open items of what the database refused, closed by themselves once it has taken it: `settlement_refused` and
// `provider_word_refused`. Looked for every few seconds and not in the commits of the engine, which has thousands of settlements an
// hour and such an item once in years.

import type { Logger } from 'pino';
import type { Database, Sql } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';

const intervalMs = 5_000;

export function createRefusalsLoop({ sql, rest }: Pick<Database, 'sql' | 'rest'>, log: Logger): Loop {
  return createLoop({
    name: 'refusals that are over',
    log,
    intervalMs,
    atRest: { rest },
    async round() {
      const closed = await closeRefusalsOver(sql);
      for (const open_item_id of closed) log.info({ open_item_id }, 'what the database had refused was taken');
      return false;
    },
  });
}

/**
 * Returns the items' ids. An item's `last_seen_at` is the instant of the newest refusal. Since then, of a settlement:
 * - it became final, or was set aside, which has an item of its own;
 * - or an exchange with its provider was stored. "sending" is stored when it is taken up: that is no proof for what was refused when
 *   its result was recorded, else the item would close and come back each minute, and never grow old.
 */
export async function closeRefusalsOver(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ open_item_id: string }>(
    `update open_items i set status = 'resolved', closed_at = now(), resolution = 'gone'
     where status = 'open' and action is null and (
       kind = 'settlement_refused' and (
         exists (
           select from settlements s where s.settlement_id = i.settlement_id
             and (s.state in ('completed', 'failed') or s.dead_lettered_at > i.last_seen_at))
         or exists (
           select from provider_exchanges e where e.settlement_id = i.settlement_id and e.at > i.last_seen_at
             and (e.outcome <> 'sending' or i.evidence ->> 'refused' = 'take_up')))
       or kind = 'provider_word_refused' and exists (
         select from provider_webhooks w where w.provider = i.provider and w.webhook_id = i.evidence ->> 'webhook_id'
           -- Taken, or kept until its settlement is final.
           and (w.processed_at is not null or w.waits_for is not null)))
     returning open_item_id`,
  );
  return rows.map(({ open_item_id }) => open_item_id);
}
