// A card's storage returns to an earlier instant, because a person says so. It then lacks what the origin has booked since: the origin's next
// question fences it, and it is rebuilt (durable-objects/card/fence.ts).

import { noHistory } from '../contracts/internal-api.ts';
import { Refusal } from '../contracts/problem.ts';
import { refusalOf } from './body.ts';
import { type CardNames, callCard, cardObject } from './card-object.ts';
import type { Env } from './env.ts';
import { logEvent } from './log.ts';

const keptMs = 30 * 86_400_000;

export async function returnCard(env: Env, card: CardNames, atMs: number): Promise<{ undo_bookmark: string }> {
  const nowMs = Date.now();
  if (atMs > nowMs || atMs < nowMs - keptMs) throw refusalOf('at_ms', 'must be an instant of the last 30 days');
  const answer = await callCard(env, card, (object) => object.returnTo(atMs)).catch((error: unknown) => {
    // The platform's own words, as workerd's on a machine of one's own.
    if (!String(error).includes('point-in-time recovery')) throw error;
    throw new Refusal(501, 'history_not_kept', noHistory);
  });
  logEvent('warn', 'card_returned', { network: card.network, at_ms: atMs, undo_bookmark: answer.undo_bookmark });
  await Promise.resolve(cardObject(env, card.network, card.cardToken).startAgain()).catch(() => undefined);
  return { undo_bookmark: answer.undo_bookmark };
}
