// Cloudflare Queues, pulled over HTTP: the origin takes messages at its own pace, and what it cannot take stays there.
// https://developers.cloudflare.com/queues/configuration/pull-consumers/ : JSON bodies come in base64; short polling only.

import type { Logger } from 'pino';
import * as z from 'zod';
import type { QueueConfig } from '../config.ts';
import { beforeWaitingFor } from '../db/held.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Intake } from './intake.ts';
import { type QueueWatch, unwatchedQueue } from './queue-metrics.ts';

/** Its documented maximum. */
const batchSize = 100;
/** For a batch in hand: longer than any batch takes, shorter than anybody wants to wait for one that was dropped. */
const visibilityTimeoutMs = 60_000;
const emptyPauseMs = 1_000;
const retryDelaySeconds = 5;
const timeoutMs = 15_000;

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
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
});
const ackedSchema = z.object({ success: z.literal(true) });
type Pulled = z.infer<typeof messageSchema>;

export interface PullOptions {
  /** The loop's. */
  readonly name: string;
  readonly queue: QueueConfig;
  readonly intake: Pick<Intake, 'take'>;
  readonly watch?: QueueWatch | undefined;
  readonly log: Logger;
}

export function createPull({ name, queue, intake, watch = unwatchedQueue, log }: PullOptions): Loop {
  const base = `${queue.api_url}/accounts/${queue.account_id}/queues/${queue.queue_id}/messages`;

  async function call<T>(
    schema: z.ZodType<T>,
    action: 'pull' | 'ack',
    body: unknown,
    signal?: AbortSignal,
  ): Promise<T> {
    beforeWaitingFor('the queue');
    const timeout = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(`${base}/${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${queue.api_token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const said: unknown = await answer.json().catch(() => null);
    const parsed = schema.safeParse(said);
    if (!answer.ok || !parsed.success) throw new Error(`the queue answered ${answer.status} to ${action}`);
    return parsed.data;
  }

  /** A failure is counted; one that a stop of ours has made is none. */
  async function watched<T>(asked: Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (signal?.aborted !== true) watch.failed();
      throw error;
    }
  }

  return createLoop({
    name,
    log,
    intervalMs: emptyPauseMs,
    async round(signal) {
      const wanted = { batch_size: batchSize, visibility_timeout_ms: visibilityTimeoutMs };
      const { messages: pulled, message_backlog_count: backlog = null } = (
        await watched(call(pulledSchema, 'pull', wanted, signal), signal)
      ).result;
      const messages = pulled.flatMap((one) => messageSchema.safeParse(one).data ?? []);
      watch.pulled({ backlog, oldestAgeMs: oldestAgeMs(messages) });
      // Without a lease's id nobody can say what became of it: it comes again, and the queue counts its tries.
      if (messages.length < pulled.length)
        log.error({ loop: name, unreadable: pulled.length - messages.length }, 'messages of the queue have no lease');
      if (messages.length === 0) return false;
      const results = await intake.take(messages.map((message) => ({ id: message.lease_id, body: bodyOf(message) })));
      const taken = results.filter(({ outcome }) => outcome !== 'retry');
      const refused = results.filter(({ outcome }) => outcome === 'retry');
      // Not ended by a stop: what was committed is acknowledged, so that it does not come again. If this fails it does, and
      // intake finds that it has it.
      const told = {
        acks: taken.map(({ id }) => ({ lease_id: id })),
        retries: refused.map(({ id }) => ({ lease_id: id, delay_seconds: retryDelaySeconds })),
      };
      await watched(call(ackedSchema, 'ack', told));
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
