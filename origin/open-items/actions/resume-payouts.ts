// resume_payouts: after a restore of the database, payouts are begun again. What the database does not know to be paid is owed again, so a
// person has to have compared it with the providers' own lists; and the cards' events have to be back.

import * as z from 'zod';
import type { Sql } from '../../db/client.ts';
import { transactionAction } from '../action.ts';
import type { OpenItem } from '../open-item.ts';

export const resumePayouts = transactionAction({
  name: 'resume_payouts',
  summary:
    'Begin payouts again. `payments_compared`: true once every payment that a provider made since the instant of the restore is known here. ' +
    'Refused until every card was compared with its books since the restore was found.',
  kinds: ['database_set_back'],
  input: z.strictObject({ payments_compared: z.literal(true) }),
  async perform({ sql }, item) {
    if (!(await areCardsCompared(sql, item)))
      return { outcome: 'refused', problem: 'cannot be done: the sweep has not compared every card since then' };
    return { outcome: 'done', result: {} };
  },
});

async function areCardsCompared(sql: Sql, { open_item_id }: OpenItem): Promise<boolean> {
  const { rows } = await sql.query<{ is_so: boolean }>(
    `select coalesce((select proved_at from last_proofs where kind = 'cards') > opened_at, false) as is_so
     from open_items where open_item_id = $1`,
    [open_item_id],
  );
  return rows[0]?.is_so ?? false;
}
