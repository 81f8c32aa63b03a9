// As `atlas reconcile` does it: each card's own log is read by the origin at once, instead of by the sweep within the hour.

import { connectOwner } from '../../origin/db/which-postgres.ts';
import { apiOf } from '../../scripts/dev/demo.ts';
import { fewAtATime } from '../few-at-a-time.ts';

export interface Card {
  readonly token: string;
  readonly id: string;
}

const wholeWithinMs = 60_000;
const pollMs = 100;

export async function rereadUntilWhole(originUrl: string, cards: readonly Card[]): Promise<void> {
  const api = apiOf(originUrl);
  const untilMs = Date.now() + wholeWithinMs;
  const whole = async ({ id, token }: Card) => {
    for (;;) {
      const { body } = await api('POST', `/cards/${id}/reread`);
      if ((body as { is_whole: boolean }).is_whole) return;
      if (Date.now() > untilMs) throw new Error(`${token} is not whole after ${wholeWithinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  };
  // So many calls of this cost are in hand at once at most.
  await fewAtATime(cards, whole, 2);
}

/** By their ids. */
export async function cardsOf(databaseUrl: string): Promise<ReadonlyMap<string, Card>> {
  const sql = await connectOwner(databaseUrl);
  try {
    const { rows } = await sql.query<Card>('select card_token as token, card_id as id from cards');
    return new Map(rows.map((card) => [card.id, card]));
  } finally {
    await sql.end();
  }
}
