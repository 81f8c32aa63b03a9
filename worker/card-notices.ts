// The queue of what cards must still be told, both ends. What the queue has taken is told until the card has heard it: it comes
// again, ever later, for about four days, and goes by the dead queue to a person.

import type { CardMessage } from '../contracts/card-message.ts';
import { type CardNotice, readCardNotice } from '../contracts/card-notice.ts';
import { limits } from '../contracts/limits.ts';
import { splitCardKey } from '../contracts/network.ts';
import { type CardNames, callCard } from './card-object.ts';
import type { Env } from './env.ts';
import { keepFact } from './keep-facts.ts';
import { logEvent } from './log.ts';
import { nativeIdentifiers } from './networks/native/facts.ts';
import { type HeldBack, receiveFact } from './receive-fact.ts';
import { mayWake } from './unknown-cards.ts';

/** Whether the queue has taken it. */
export async function queueNotice(env: Env, notice: CardNotice, delaySeconds = 0): Promise<boolean> {
  try {
    await env.STAND_INS.send(notice, { contentType: 'json', delaySeconds });
    return true;
  } catch (error) {
    const { network } = splitCardKey(notice.card_key);
    logEvent('error', 'card_notice_not_queued', { network, does: notice.does, error: String(error) });
    return false;
  }
}

/** Returns once the card has heard it; throws where it could not. */
export async function tellCard(env: Env, notice: CardNotice): Promise<void> {
  const card = splitCardKey(notice.card_key);
  if (notice.does === 'receive') {
    const { message } = notice;
    // What the edge has promised in the card's place is never held back.
    const isPromised = message.kind === 'advice' && message.decided_by === 'edge';
    const answer = await (isPromised
      ? callCard(env, card, (object) => object.receive(message))
      : receiveFact(env, card, message));
    if (answer.outcome !== 'conflict' && answer.outcome !== 'held_back') return;
    await keepUntaken(env, card, message, answer);
    return;
  }
  const { request_key, after } = notice;
  if (after === undefined && !(await mayWake(env, card))) return;
  if (after !== undefined) await callCard(env, card, (object) => object.receive(after));
  // Heard a second time it must not take back what was said of the request since.
  await callCard(env, card, (object) => object.void(request_key, { onlyFirst: after === undefined }));
}

/** For a person. `conflict`: the card knows the key with another content, another fact, which no repeat would ever tell it. */
export async function keepUntaken(
  env: Env,
  card: CardNames,
  message: CardMessage,
  answer: HeldBack | { readonly outcome: 'conflict'; readonly field: string },
): Promise<void> {
  const { reason, problem } =
    answer.outcome === 'held_back'
      ? answer
      : { reason: 'key_reused' as const, problem: 'differs from the first message with this key' };
  // In the shape of our own network, so that a person can hand it in again, whichever network it came from.
  const fact = { card_token: card.cardToken, message };
  const { field } = answer;
  const merchant = 'merchant' in message ? message.merchant : null;
  const odd = { fact, cardToken: card.cardToken, reason, field, problem, merchant };
  await keepFact(env, card.network, nativeIdentifiers, odd);
}

/**
 * Tells the cards. One that is away, or a message that cannot be read, waits alone: the others of its batch go on. What cannot
 * be read is kept too, because a newer version of this code may have written it.
 */
export async function deliverNotices(batch: MessageBatch, env: Env): Promise<void> {
  const outcomes = await Promise.all(batch.messages.map((queued) => deliverOne(queued, env)));
  for (const outcome of ['waiting', 'unreadable'] as const) {
    const attempts = batch.messages.flatMap((queued, index) => (outcomes[index] === outcome ? [queued.attempts] : []));
    if (attempts.length === 0) continue;
    logEvent('error', `card_notices_${outcome}`, { messages: attempts.length, attempts_max: Math.max(...attempts) });
  }
}

async function deliverOne(queued: Message, env: Env): Promise<'told' | 'waiting' | 'unreadable'> {
  const notice = readCardNotice(queued.body);
  try {
    if (notice === null) return comesAgain(queued, 'unreadable');
    await tellCard(env, notice);
  } catch (error) {
    logEvent('warn', 'card_notice_failed', { attempts: queued.attempts, error: String(error) });
    return comesAgain(queued, 'waiting');
  }
  queued.ack();
  return 'told';
}

function comesAgain<T>(queued: Message, outcome: T): T {
  queued.retry({ delaySeconds: Math.min(2 ** (queued.attempts - 1), limits.standInRetrySecondsMax) });
  return outcome;
}
