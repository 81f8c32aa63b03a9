// resume_payouts: after a restore of the database, payouts are begun again. What the database does not know to be paid is owed again: so
// each provider's own list is read first, from before the instant of the restore on, and what it has is noted here. Nothing is sent while
// the item is open; and the cards' events have to be back, since what a merchant was paid for may be among them.

import * as z from 'zod';
import type { Sql } from '../../db/client.ts';
import type { PaymentsFound } from '../../payouts/lost-payments.ts';
import { outsideAction } from '../action.ts';
import type { OpenItem } from '../open-item.ts';

/** Read from so long before: providers' clocks are others, and what is known is passed over. */
const marginMs = 3_600_000;

export const resumePayouts = outsideAction({
  name: 'resume_payouts',
  summary:
    'Begin payouts again, once what every provider lists since the instant of the restore is known here: payments of the lost time are noted as sent, ' +
    'and settlements of it made again under their ids. Refused until every card was compared with its books since the restore was found. ' +
    '`payments_compared`: true only where a list cannot be read and a person has compared it.',
  kinds: ['database_set_back'],
  input: z.strictObject({ payments_compared: z.literal(true).optional() }),
  async call({ database, findPayments }, item, { payments_compared = false }) {
    if (!(await areCardsCompared(database.sql, item)))
      return { outcome: 'refused', problem: 'cannot be done: the sweep has not compared every card since then' };
    const since = sinceSchema.safeParse(item.evidence).data?.since;
    if (since === undefined && !payments_compared)
      return {
        outcome: 'refused',
        problem: 'cannot be done: the item does not say since when; say it with npm run audit -- set-back --since',
      };
    const from = new Date((since === undefined ? item.opened_at : new Date(since)).getTime() - marginMs);
    const found = await findPayments(from, { actor: 'open_items', correlation_id: item.open_item_id });
    const problem = problemOf(found, payments_compared);
    return problem === null
      ? { outcome: 'done', result: { since: from.toISOString(), ...found } }
      : { outcome: 'not_now', problem };
  },
});

const sinceSchema = z.object({ since: z.iso.datetime() });

function problemOf({ unread, must_wait }: PaymentsFound, areCompared: boolean): string | null {
  const [first] = unread;
  if (first !== undefined && !areCompared)
    return `must wait: the list of ${first.provider} could not be read (${first.problem})`;
  if (must_wait > 0)
    return `must wait: ${must_wait} payments are found whose settlements are with another provider here`;
  return null;
}

async function areCardsCompared(sql: Sql, { open_item_id }: OpenItem): Promise<boolean> {
  const { rows } = await sql.query<{ is_so: boolean }>(
    `select coalesce((select proved_at from last_proofs where kind = 'cards') > opened_at, false) as is_so
     from open_items where open_item_id = $1`,
    [open_item_id],
  );
  return rows[0]?.is_so ?? false;
}
