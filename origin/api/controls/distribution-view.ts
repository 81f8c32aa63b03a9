// A distribution as the API shows it: what is wanted, and how far it has come.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import type { Distribution } from '../../controls/distributions.ts';
import type { Sql } from '../../db/client.ts';

export const refusingCardSchema = z.strictObject({
  card_id: idSchema('card'),
  details: z.array(z.strictObject({ field: z.string(), problem: z.string() })),
});

export const distributionSchema = z.strictObject({
  control_set_id: idSchema('cset'),
  distribution_no: z.int(),
  version: z.int(),
  /** The version that most of its cards had when it began, and that an undo gives back; null: none had another. */
  version_before: z.int().nullable(),
  /** Of an undo: the version that it takes away; cards with another one stay as they are. */
  only_version: z.int().nullable(),
  /** Of the set's cards, chosen by a hash of the card: a larger percentage has the same cards and more. */
  percent: z.int(),
  /** `done`: every chosen card has it or has refused. `replaced`: another version was applied meanwhile. */
  state: z.enum(['running', 'paused', 'done', 'undone', 'replaced']),
  /** As counted when it began, or went on. */
  cards_to_move: z.int(),
  cards_moved: z.int(),
  cards_refused: z.int(),
  /** Cards of it whose profile the edge does not have yet: they still decide by the one before. */
  cards_waiting: z.int(),
  /** The first hundred. */
  refused: z.array(refusingCardSchema),
  created_at_ms: z.int(),
  changed_at_ms: z.int(),
});

export async function viewOf(sql: Sql, distribution: Distribution): Promise<z.infer<typeof distributionSchema>> {
  const {
    created_at,
    changed_at,
    after_card_id: _after,
    actor: _actor,
    correlation_id: _id,
    refused,
    ...shown
  } = distribution;
  const { rows } = await sql.query<{ cards: number }>(
    `select count(*)::int as cards from edge_outbox o join cards c using (card_id)
     where c.control_set_id = $1 and c.control_set_version = $2`,
    [shown.control_set_id, shown.version],
  );
  return {
    ...shown,
    cards_waiting: rows[0]?.cards ?? 0,
    refused: refused.map(({ card_id, details }) => ({ card_id, details: [...details] })),
    created_at_ms: created_at.getTime(),
    changed_at_ms: changed_at.getTime(),
  };
}
