// Cloudflare Queues, pulled over HTTP: the origin takes messages at its own pace, and what it cannot take stays there.
// https://developers.cloudflare.com/queues/configuration/pull-consumers/ : JSON bodies come in base64; short polling only.

import type { Logger } from 'pino';
import * as z from 'zod';
import { createLoop, type Loop } from '../loop.ts';
import type { QueueConfig } from '../queue-config.ts';
import type { Message, Outcome } from './message.ts';
import { acceptedSchema, callQueue, type QueueCall } from './queue-call.ts';
import { type QueueWatch, unwatchedQueue } from './queue-metrics.ts';

/** Its documented maximum. */
const batchSize = 100;
/** For a batch in hand: longer than any batch takes, shorter than anybody wants to wait for one that was dropped. */
const visibilityTimeoutMs = 60_000;
const emptyPauseMsDefault = 1_000;
const retryDelaySecondsDefault = 5;

/** Each message is read by itself: one that is not as documented must not keep the others in the queue. */
const pulledSchema = z.object({
  success: z.literal(true),
  result: z.object({
    messages: z.array(z.unknown()),
    // To watch by: no reason to leave messages where they are.
    message_backlog_count: z.number().nonnegative().nullish().catch(null),
  }),
});
const messageSchema = z.object({
  lease_id: z.string(),
  body: z.unknown(),
  timestamp_ms: z.number().nullish().catch(null),
  attempts: z.int().positive().nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
});
type Pulled = z.infer<typeof messageSchema>;

export interface PulledMessage extends Message {
  /** With this one; null where the queue does not say. */
  readonly attempts: number | null;
}

export interface PullOptions {
  /** The loop's. */
  readonly name: string;
  readonly queue: QueueConfig;
  readonly intake: {
    take(messages: readonly PulledMessage[]): Promise<readonly { readonly id: string; readonly outcome: Outcome }[]>;
  };
  readonly watch?: QueueWatch | undefined;
  readonly log: Logger;
  /** Between two looks at an empty queue. */
  readonly emptyPauseMs?: number;
  /** Batches at one time, while there are full ones: at a round trip of 40 ms one after the other are 1,000 messages a second. 1 where it is not said. */
  readonly atOnceMax?: number;
  /** Until what was not taken at this try comes again. */
  readonly retryDelaySeconds?: (attempts: number) => number;
}

export function createPull(options: PullOptions): Loop {
  const { name, queue, intake, watch = unwatchedQueue, log, emptyPauseMs = emptyPauseMsDefault } = options;
  const { retryDelaySeconds = () => retryDelaySecondsDefault, atOnceMax = 1 } = options;
  let isBusy = false;

  /** A failure is counted; one that a stop of ours has made is none. */
  async function watched<T>(call: QueueCall<T>): Promise<T> {
    try {
      return await callQueue(queue, call);
    } catch (error) {
      if (call.signal?.aborted !== true) watch.failed();
      throw error;
    }
  }

  async function pull(signal: AbortSignal): Promise<{ messages: Pulled[]; backlog: number | null; isFull: boolean }> {
    const wanted = { batch_size: batchSize, visibility_timeout_ms: visibilityTimeoutMs };
    const { result } = await watched({ path: '/pull', body: wanted, schema: pulledSchema, signal });
    const { messages: pulled, message_backlog_count: backlog = null } = result;
    const messages = pulled.flatMap((one) => messageSchema.safeParse(one).data ?? []);
    // Without a lease's id nobody can say what became of it: it comes again, and the queue counts its tries.
    if (messages.length < pulled.length)
      log.error({ loop: name, unreadable: pulled.length - messages.length }, 'messages of the queue have no lease');
    return { messages, backlog, isFull: pulled.length === batchSize };
  }

  async function take(messages: readonly Pulled[]) {
    const attemptsOf = new Map(messages.map((message) => [message.lease_id, message.attempts ?? 1]));
    const results = await intake.take(
      messages.map((message) => ({
        ...{ id: message.lease_id, body: bodyOf(message), attempts: message.attempts ?? null },
      })),
    );
    return results.map(({ id, outcome }) => ({ id, outcome, attempts: attemptsOf.get(id) ?? 1 }));
  }

  return createLoop({
    name,
    log,
    intervalMs: emptyPauseMs,
    async round(signal) {
      // One alone tells whether there is so much that several are worth their calls.
      const pulls = await Promise.allSettled(Array.from({ length: isBusy ? atOnceMax : 1 }, () => pull(signal)));
      const batches = pulls.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const failed = pulls.find((one) => one.status === 'rejected');
      isBusy = batches.some(({ isFull }) => isFull);
      const all = batches.flatMap(({ messages }) => messages);
      if (batches.length > 0) watch.pulled({ backlog: batches.at(-1)?.backlog ?? null, oldestAgeMs: oldestAgeMs(all) });
      const filled = batches.filter(({ messages }) => messages.length > 0);
      const results = (await Promise.all(filled.map(({ messages }) => take(messages)))).flat();
      const taken = results.filter(({ outcome }) => outcome !== 'retry');
      const refused = results.filter(({ outcome }) => outcome === 'retry');
      if (results.length > 0) {
        // Of all batches in one call. Not ended by a stop: what was committed is acknowledged, so that it does not come again. If this fails it
        // does, and intake finds that it has it.
        const told = {
          acks: taken.map(({ id }) => ({ lease_id: id })),
          retries: refused.map(({ id, attempts }) => ({ lease_id: id, delay_seconds: retryDelaySeconds(attempts) })),
        };
        await watched({ path: '/ack', body: told, schema: acceptedSchema });
      }
      if (failed !== undefined) throw failed.reason;
      if (results.length === 0) return false;
      if (taken.length === 0) throw new Error('no message of a batch was taken');
      return refused.length === 0;
    },
  });
}

function oldestAgeMs(messages: readonly Pulled[]): number {
  const stamps = messages.flatMap(({ timestamp_ms }) => timestamp_ms ?? []);
  return stamps.length === 0 ? 0 : Math.max(0, Date.now() - Math.min(...stamps));
}

/** What it holds, or what there is instead, where it is not what the edge sends: intake then says why it cannot be read. */
function bodyOf({ body, metadata }: Pulled): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(metadata?.['CF-Content-Type'] !== 'text' ? Buffer.from(body, 'base64').toString('utf8') : body);
  } catch {
    return body;
  }
}
