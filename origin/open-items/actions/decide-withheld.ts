// release and keep_withheld: what becomes of clearings that no card approved, and of refunds of no purchase, that no bound let pass. They
// are booked in any case: between the cardholder and the network. This says only whether the shop is owed them, or charged with them.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import type { Sql } from '../../db/client.ts';
import { type Decided, decideWithheld } from '../../merchants/withheld.ts';
import { withheldBooks } from '../../merchants/withheld-books.ts';
import { decideHour } from '../../merchants/withheld-hours.ts';
import { inSavepoint, isRefusedByDatabase } from '../../set-aside.ts';
import { type ActionOutcome, transactionAction } from '../action.ts';
import type { OpenItem } from '../open-item.ts';
import { clearedEvidenceSchema } from './assign-merchant.ts';

const input = z.strictObject({
  /** The sum that the item shows: refused where it is another by now, so that nothing is decided that nobody has looked at. */
  of_minor: z.int().positive(),
  /** Only what is of this one; not given: all of it. */
  authorization_id: z.optional(idSchema('auth')),
});

/** Of refunds at shops that no merchant has. */
const hourSchema = z.object({ clearing_no: z.string(), hour: z.iso.datetime() });

const kinds = withheldBooks.map(({ kind }) => kind);

export const release = transactionAction({
  name: 'release',
  summary:
    'Owe it to its shop, or charge the shop with the refund, which its card may spend from then on: all of it (`of_minor`, as the item shows it), or only what is of `authorization_id`, also where that was kept before.',
  kinds,
  input,
  perform: ({ sql }, item, asked) => decide(sql, item, asked, 'released'),
});

export const keepWithheld = transactionAction({
  name: 'keep_withheld',
  summary:
    'Do not owe it to its shop, or do not charge the shop with the refund: all of it (`of_minor`, as the item shows it), or only what is of `authorization_id`. It stays booked.',
  kinds,
  input,
  perform: ({ sql }, item, asked) => decide(sql, item, asked, 'kept'),
});

async function decide(
  sql: Sql,
  { kind, evidence, open_item_id }: OpenItem,
  { of_minor, authorization_id }: z.output<typeof input>,
  to: Decided['to'],
): Promise<ActionOutcome> {
  const book = withheldBooks.find((one) => one.kind === kind);
  if (book === undefined) throw new Error(`nothing is withheld by an item ${kind}`);
  const of = z.union([clearedEvidenceSchema, hourSchema]).parse(evidence);
  const decided = {
    of_minor: BigInt(of_minor),
    open_item_id,
    authorization_id: authorization_id ?? null,
    to,
  };
  try {
    const done = await inSavepoint(sql, () =>
      'hour' in of ? decideHour(sql, { ...decided, ...of }) : decideWithheld(sql, { book, ...decided, ...of }),
    );
    switch (done.outcome) {
      case 'decided':
        return {
          outcome: 'done',
          result: { moved_minor: Number(done.moved_minor), rest_minor: Number(done.rest_minor) },
        };
      case 'changed':
        return {
          ...{ outcome: 'refused', field: 'of_minor' },
          problem: `is not what is withheld, ${done.left_minor}: look at the item again`,
        };
      case 'nothing_left':
        return { outcome: 'not_now', problem: 'nothing of it is withheld' };
    }
  } catch (error) {
    if (!isRefusedByDatabase(error)) throw error;
    return { outcome: 'not_now', problem: 'the ledger refuses to book it to this merchant' };
  }
}
