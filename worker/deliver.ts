// Queue batches to whom they are for: stand-ins to their cards; cards' events to the origin, where the queue has no pull
// (wrangler dev). The origin says of each message whether it took it; what it did not take comes again. Nothing throws after an
// ack, so nothing acked is ever delivered twice by our doing.

import { newId } from '../contracts/ids.ts';
import { type DeliverAnswer, deliverAnswerSchema, signCall } from '../contracts/internal-api.ts';
import { type Env, settingsOf } from './env.ts';
import { logEvent } from './log.ts';
import { deliverStandIns } from './stand-in.ts';

/** The queues' names, as wrangler.toml has them. */
const cardEventsQueue = 'atlas-card-events';
const standInsQueue = 'atlas-stand-ins';

const path = '/internal/card-events';
const timeoutMs = 10_000;
const retryDelaySecondsMax = 30;

export function deliver(batch: MessageBatch, env: Env): Promise<void> {
  switch (batch.queue) {
    case cardEventsQueue:
      return deliverCardEvents(batch, env);
    case standInsQueue:
      return deliverStandIns(batch, env);
    default:
      // Thrown, so that nothing of it is taken for delivered.
      throw new Error(`nobody here consumes the queue ${batch.queue}`);
  }
}

async function deliverCardEvents(batch: MessageBatch, env: Env): Promise<void> {
  let answer: DeliverAnswer;
  try {
    answer = await post(batch, settingsOf(env));
  } catch (error) {
    logEvent('warn', 'origin_unreachable', { messages: batch.messages.length, error: String(error) });
    for (const message of batch.messages)
      message.retry({ delaySeconds: Math.min(message.attempts, retryDelaySecondsMax) });
    return;
  }
  const taken = new Set(answer.results.filter(({ outcome }) => outcome !== 'retry').map(({ id }) => id));
  for (const message of batch.messages) {
    if (taken.has(message.id)) message.ack();
    else message.retry({ delaySeconds: 1 });
  }
}

async function post(batch: MessageBatch, settings: { ORIGIN_URL: string; INTERNAL_SECRET: string }) {
  if (settings.ORIGIN_URL === '') throw new Error('ORIGIN_URL is empty: the origin should pull from this queue');
  const body = JSON.stringify({ messages: batch.messages.map(({ id, body }) => ({ id, body })) });
  const call = { method: 'POST', pathAndQuery: path, body };
  const signature = signCall(settings.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  const answer = await fetch(new URL(path, settings.ORIGIN_URL), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!answer.ok) throw new Error(`the origin answered ${answer.status}`);
  return deliverAnswerSchema.parse(await answer.json());
}
