// An open item closed by an action: its new state and the audit event, in the caller's transaction, which holds the item's lock.

import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { type Acting, textOf } from './look-at.ts';
import { type BegunAction, findOpenItem, type OpenItem } from './open-item.ts';

export async function close(
  sql: Sql,
  acting: Acting & { readonly item: OpenItem; readonly result: object },
  doer: Doer,
): Promise<OpenItem> {
  const { item, action, reason, result } = acting;
  const status = action.dismisses ? 'dismissed' : 'resolved';
  const { rows } = await sql.query(
    `update open_items set status = $2, closed_at = now(), resolution = $3, result = $4, action = coalesce(action, $5),
       claimed_by = null, claimed_until = null
     where open_item_id = $1 and status = 'open' returning open_item_id`,
    [item.open_item_id, status, action.name, textOf(result), JSON.stringify(begunBy(acting, doer))],
  );
  // A condition that ended meanwhile has closed it: what was written here is rolled back, and asked again it is closed.
  if (rows.length === 0) throw new Error(`${item.open_item_id} was closed while ${action.name} was at work`);
  const { open_item_id: subject, merchant_id } = item;
  const states = { from_state: 'open', to_state: status };
  await recordAuditEvents(sql, [
    {
      ...doer,
      action: `open_item.${action.name}`,
      subject,
      merchant_id,
      ...states,
      reason: reason + figuresOf(item, result),
    },
  ]);
  const closed = await findOpenItem(sql, subject);
  if (closed === null) throw new Error(`${subject} is gone`);
  return closed;
}

/** What was owed in another currency, for the proof of what merchants are owed (audit/accrual-law.ts): it leaves one sum, and comes to another. */
function figuresOf({ currency }: OpenItem, result: object): string {
  const { moved_minor, owed_minor, currency: to } = result as Readonly<Record<string, unknown>>;
  return owed_minor === undefined ? '' : `: moved ${moved_minor} ${currency}, owed ${owed_minor} ${to}`;
}

/** What is kept of an action from its beginning: whoever finishes it after a crash does so in this person's name. */
export function begunBy({ action, input, reason }: Acting, { actor, correlation_id }: Doer): BegunAction {
  const at = new Date().toISOString();
  return { name: action.name, input: JSON.parse(textOf(input)), actor, at, reason, correlation_id };
}
