// Queue batches to whom they are for: notices to their cards; cards' events to the origin, where the queue has no pull
// (wrangler dev). The origin says of each message whether it took it; what it did not take comes again. Nothing throws after an
// ack, so nothing acked is ever delivered twice by our doing.

import { newId } from '../contracts/ids.ts';
import {
  bodyBytesHeader,
  deliverAnswerSchema,
  headSignatureHeader,
  headText,
  signedText,
} from '../contracts/internal-api.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import { deliverNotices } from './card-notices.ts';
import { type Env, settingsOf } from './env.ts';
import { logEvent } from './log.ts';
import { signatureHeaders } from './signature.ts';

/** The queues' names, as wrangler.toml has them for production. The second is called by what it was first made for. */
const cardEventsQueue = 'atlas-card-events';
const noticesQueue = 'atlas-stand-ins';

/**
 * What the names of other queues of the kind end with: `-2` of the second, and the environment; `-dead-development` too: only on a laptop does the
 * worker itself take what is dead once more. Elsewhere the origin pulls the dead queues.
 */
const otherOfTheKind = /(?:-\d+)?(?:-(?:(?:dead-)?development|staging))?$/;

const path = '/internal/card-events';
const timeoutMs = 10_000;
const retryDelaySecondsMax = 30;

export function deliver(batch: MessageBatch, env: Env): Promise<void> {
  switch (batch.queue.replace(otherOfTheKind, '')) {
    case cardEventsQueue:
      return deliverCardEvents(batch.messages, env);
    case noticesQueue:
      return deliverNotices(batch, env);
    default:
      // Thrown, so that nothing of it is taken for delivered.
      throw new Error(`nobody here consumes the queue ${batch.queue}`);
  }
}

/** The origin would refuse the same again: one message of the batch may be why. */
class Refused extends Error {}

/**
 * A batch that is refused is halved until what is refused stands alone: that one waits, and ends in the dead queue; the others
 * are delivered.
 */
async function deliverCardEvents(messages: readonly Message[], env: Env): Promise<void> {
  let taken: ReadonlySet<string> = new Set();
  try {
    taken = await post(messages, settingsOf(env));
  } catch (error) {
    if (error instanceof Refused && messages.length > 1) {
      const half = Math.ceil(messages.length / 2);
      await deliverCardEvents(messages.slice(0, half), env);
      return deliverCardEvents(messages.slice(half), env);
    }
    const attempts_max = Math.max(...messages.map(({ attempts }) => attempts));
    const event = error instanceof Refused ? 'card_events_refused' : 'origin_unreachable';
    logEvent('warn', event, { messages: messages.length, attempts_max, error: String(error) });
  }
  for (const message of messages) {
    if (taken.has(message.id)) message.ack();
    else message.retry({ delaySeconds: Math.min(message.attempts, retryDelaySecondsMax) });
  }
}

/** The ids of the messages that the origin has now: done, or kept by it as dead letters. */
async function post(
  messages: readonly Message[],
  settings: { ORIGIN_URL: string; INTERNAL_SECRET: string },
): Promise<ReadonlySet<string>> {
  if (settings.ORIGIN_URL === '') throw new Error('ORIGIN_URL is empty: the origin should pull from this queue');
  const body = bodyOf(messages);
  const call = { method: 'POST', pathAndQuery: path, body };
  const fresh = { id: newId('req'), at: new Date() };
  const secrets = secretsIn(settings.INTERNAL_SECRET);
  const signature = await signatureHeaders(secrets, signedText(call), fresh);
  // A batch may have megabytes: the origin gathers so many only for who has signed how many there are.
  const bytes = new TextEncoder().encode(body).byteLength;
  const head = await signatureHeaders(secrets, headText({ ...call, bytes }), fresh);
  const announced = { [bodyBytesHeader]: String(bytes), [headSignatureHeader]: head['webhook-signature'] ?? '' };
  const answer = await fetch(new URL(path, settings.ORIGIN_URL), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature, ...announced },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if ([400, 413, 422].includes(answer.status)) throw new Refused(`the origin answered ${answer.status}`);
  if (!answer.ok) throw new Error(`the origin answered ${answer.status}`);
  const { results } = deliverAnswerSchema.parse(await answer.json());
  return new Set(results.filter(({ outcome }) => outcome !== 'retry').map(({ id }) => id));
}

/** A body that is no JSON (a queue carries more than that) is refused like one that the origin refuses. */
function bodyOf(messages: readonly Message[]): string {
  try {
    return JSON.stringify({ messages: messages.map(({ id, body }) => ({ id, body })) });
  } catch (error) {
    throw new Refused(String(error));
  }
}
