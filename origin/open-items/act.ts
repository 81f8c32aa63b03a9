// A person acts on an open item: once, however often it is asked for and wherever the process dies. Every closing is one audit
// event. Two that act on one item at once: the second waits, and then finds what the first has made of it.

import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import type { ActionOutcome, ActionParts, OpenItemAction } from './action.ts';
import type { BegunAction, OpenItem } from './open-item.ts';
import { findOpenItem } from './open-item.ts';

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

/** Actions with an effect outside keep a connection for as long; the rest of the pool is for what they call. */
const outsideAtOnceMax = 2;

export type Act = (acting: Acting, doer: Doer) => Promise<Acted>;

export function createActing(parts: ActionParts): Act {
  const { database } = parts;
  const inTurn = createTurns(outsideAtOnceMax);

  async function perform(acting: Acting, doer: Doer): Promise<Acted> {
    try {
      return await database.transaction(async (sql) => {
        const found = await lookAt(sql, acting);
        if ('outcome' in found) return found;
        const { action, input, reason } = acting;
        const performed = await action.perform({ ...parts, sql }, found.item, input as never, { ...doer, reason });
        if (performed.outcome !== 'done') throw new Unperformed(performed);
        return {
          outcome: 'closed',
          item: await close(sql, { ...acting, item: found.item, result: performed.result }, doer),
        };
      });
    } catch (error) {
      if (error instanceof Unperformed) return error.outcome;
      throw error;
    }
  }

  async function performOutside(acting: Acting, doer: Doer): Promise<Acted> {
    // In a commit of its own, before anything happens elsewhere.
    const begun = await database.transaction(async (sql) => {
      const found = await lookAt(sql, acting);
      if ('outcome' in found) return found;
      await sql.query(
        `update open_items set action = coalesce(action, $2) where open_item_id = $1 and status = 'open'`,
        [acting.open_item_id, JSON.stringify(begunAs(acting, doer))],
      );
      return null;
    });
    if (begun !== null) return begun;
    const acted = await perform(acting, doer);
    // Refused: it has had no effect, so another action is free. `not_now` may have had one.
    if (acted.outcome === 'refused') await forgetBegun(acting);
    return acted;
  }

  async function forgetBegun(acting: Acting): Promise<void> {
    await database.transaction(async (sql) => {
      if ('outcome' in (await lookAt(sql, acting))) return;
      await sql.query(`update open_items set action = null where open_item_id = $1 and status = 'open'`, [
        acting.open_item_id,
      ]);
    });
  }

  return (acting, doer) =>
    acting.action.effect === 'transaction' ? perform(acting, doer) : inTurn(() => performOutside(acting, doer));
}

/** Thrown to roll back what an action wrote before it found that it cannot be done. */
class Unperformed extends Error {
  readonly outcome: Exclude<ActionOutcome, { outcome: 'done' }>;
  constructor(outcome: Unperformed['outcome']) {
    super(outcome.problem);
    this.outcome = outcome;
  }
}

/**
 * The item, where this action is free to be done. The lock is on its id and not on its row, and lasts until the transaction ends:
 * an action may itself raise the same item once more (a dead letter that is refused again), on another connection.
 */
async function lookAt(sql: Sql, { open_item_id, action, input }: Acting): Promise<{ item: OpenItem } | Acted> {
  await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`open_item ${open_item_id}`]);
  const item = await findOpenItem(sql, open_item_id);
  if (item === null) return { outcome: 'not_found' };
  const same = item.action?.name === action.name && JSON.stringify(item.action.input) === inputText(input);
  if (item.status !== 'open') return { outcome: same ? 'closed' : 'closed_otherwise', item };
  if (item.action !== null && !same) return { outcome: 'other_under_way', begun: item.action };
  return { item };
}

async function close(
  sql: Sql,
  acting: Acting & { readonly item: OpenItem; readonly result: object },
  doer: Doer,
): Promise<OpenItem> {
  const { item, action, reason, result } = acting;
  const status = action.dismisses ? 'dismissed' : 'resolved';
  const { rows } = await sql.query(
    `update open_items set status = $2, closed_at = now(), resolution = $3, result = $4, action = coalesce(action, $5)
     where open_item_id = $1 and status = 'open' returning open_item_id`,
    [item.open_item_id, status, action.name, textOf(result), JSON.stringify(begunAs(acting, doer))],
  );
  // A condition that ended meanwhile has closed it: what was written here is rolled back, and asked again it is closed.
  if (rows.length === 0) throw new Error(`${item.open_item_id} was closed while ${action.name} was at work`);
  const { open_item_id: subject, merchant_id } = item;
  const states = { from_state: 'open', to_state: status };
  await recordAuditEvents(sql, [
    { ...doer, action: `open_item.${action.name}`, subject, merchant_id, ...states, reason },
  ]);
  const closed = await findOpenItem(sql, subject);
  if (closed === null) throw new Error(`${subject} is gone`);
  return closed;
}

function begunAs({ action, input }: Acting, { actor }: Doer): BegunAction {
  return { name: action.name, input: JSON.parse(inputText(input)), actor, at: new Date().toISOString() };
}

function inputText(input: object): string {
  return textOf(input);
}

function textOf(value: object): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
}

/** At most so many at once; the others wait in the order in which they came. */
function createTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
