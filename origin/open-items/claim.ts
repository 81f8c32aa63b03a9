// The claim on an action whose effect is not in this database: written in a commit of its own before anything happens elsewhere, so
// that after a crash everybody knows what may have happened, and so that only one does it at a time.

import { randomUUID } from 'node:crypto';
import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { begunBy } from './close.ts';
import { type Acted, type Acting, lookAt } from './look-at.ts';
import type { OpenItem } from './open-item.ts';

/** Longer than any call takes: the edge is given 5 s, the largest bank file is read in 12 s. */
const claimSeconds = 120;
/** The loop waits so long before it asks again for what could not be done; a person may ask at once. */
const retrySeconds = 60;

export interface Claimed {
  readonly item: OpenItem;
  /** Whose claim it is. */
  readonly token: string;
}

/** `in_hand`: somebody else is doing the same at this moment. By the database's clock, the same for every process. */
export async function claim(sql: Sql, acting: Acting, doer: Doer): Promise<Claimed | Acted | 'in_hand'> {
  const found = await lookAt(sql, acting);
  if ('outcome' in found) return found;
  const token = randomUUID();
  // The condition: a claim whose time is over is of a process that died.
  const { rows } = await sql.query(
    `update open_items set action = coalesce(action, $2), claimed_by = $3, claimed_until = now() + $4 * interval '1 second'
     where open_item_id = $1 and status = 'open' and (claimed_by is null or claimed_until < now()) returning open_item_id`,
    [acting.open_item_id, JSON.stringify(begunBy(acting, doer)), token, claimSeconds],
  );
  return rows.length === 0 ? 'in_hand' : { item: found.item, token };
}

/** It stays under way: the same action may be asked for at once, and the loop asks for it by itself a minute from now. */
export async function giveBack(sql: Sql, { item, token }: Claimed): Promise<void> {
  await sql.query(
    `update open_items set claimed_by = null, claimed_until = now() + $3 * interval '1 second'
     where open_item_id = $1 and claimed_by = $2 and status = 'open'`,
    [item.open_item_id, token, retrySeconds],
  );
}

export async function isStillMine(sql: Sql, { item, token }: Claimed): Promise<boolean> {
  const { rows } = await sql.query('select 1 from open_items where open_item_id = $1 and claimed_by = $2', [
    item.open_item_id,
    token,
  ]);
  return rows.length > 0;
}
