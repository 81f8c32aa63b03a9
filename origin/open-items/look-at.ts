// An open item looked at by somebody who wants to act on it: whether this action is free to be done.

import type { Sql } from '../db/client.ts';
import type { ActionOutcome, OpenItemAction } from './action.ts';
import { type BegunAction, findOpenItem, type OpenItem } from './open-item.ts';

export interface Acting {
  readonly open_item_id: string;
  readonly action: OpenItemAction;
  /** As the action's schema has read it. */
  readonly input: object;
  /** For the audit trail. */
  readonly reason: string;
}

export type Acted =
  /** Closed by this action, now or by an earlier try of it. */
  | { readonly outcome: 'closed'; readonly item: OpenItem }
  | { readonly outcome: 'not_found' }
  /** Closed by something else, or by this action with other input. */
  | { readonly outcome: 'closed_otherwise'; readonly item: OpenItem }
  /** Another action, or this one with other input, was begun and may have had its effect: it must be finished first. */
  | { readonly outcome: 'other_under_way'; readonly begun: BegunAction }
  | Exclude<ActionOutcome, { outcome: 'done' }>;

/**
 * The item, or why this action is not to be done. The lock is on the item's id and not on its row, and lasts until the transaction
 * ends: the engine locks a settlement first and its open item's row second, and an action the other way round.
 */
export async function lookAt(sql: Sql, { open_item_id, action, input }: Acting): Promise<{ item: OpenItem } | Acted> {
  await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`open_item ${open_item_id}`]);
  const item = await findOpenItem(sql, open_item_id);
  if (item === null) return { outcome: 'not_found' };
  const same = isSame(item, action, input);
  if (item.status !== 'open') return { outcome: same ? 'closed' : 'closed_otherwise', item };
  if (item.action !== null && !same) return { outcome: 'other_under_way', begun: item.action };
  return { item };
}

/** The input that is stored may be of an older release, whose schema had fewer fields: both are compared as today's schema reads them. */
function isSame({ action: begun }: OpenItem, action: OpenItemAction, input: object): boolean {
  if (begun?.name !== action.name) return false;
  const stored = action.input.safeParse(begun.input);
  return stored.success && textOf(stored.data) === textOf(input);
}

/** As JSON; bigints as texts. */
export function textOf(value: object): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
}
