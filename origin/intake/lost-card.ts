// The edge tells of a card that has lost its storage: what is booked of it here is brought back to it by gap repair, within a second or two.

import type { LostCard } from '../../contracts/lost-card.ts';
import { splitCardKey } from '../../contracts/network.ts';
import type { Database } from '../db/client.ts';
import { raiseSetBack } from './card-conditions.ts';

/** Nothing where nothing of it has come here: then its next profile is its first event. */
export async function noteLost({ transaction }: Pick<Database, 'transaction'>, { card_key }: LostCard): Promise<void> {
  const { network, cardToken: card_token } = splitCardKey(card_key);
  await transaction(async (sql) => {
    const { rows } = await sql.query<{ seen_sequence: string }>(
      'select seen_sequence from card_streams where network = $1 and card_token = $2 and seen_sequence > 0',
      [network, card_token],
    );
    await raiseSetBack(
      sql,
      rows.map((row) => ({ network, card_token, known_sequence: Number(row.seen_sequence), last_sequence: 0 })),
    );
  });
}
