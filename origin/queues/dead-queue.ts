// A dead queue, emptied: Cloudflare moves there what a queue's consumer did not take in 100 tries, and deletes it after 14 days.
// Most of it is in order, and came while the database was away for long: it is booked like any other message. What still cannot be
// taken becomes an open item, with the message to the letter, and a person hands it in again.
//
// A dead queue has no other behind it: Cloudflare deletes what is tried there 100 times. So tries become ever rarer, and the database
// being away for the whole 14 days is the only thing that can lose a message here.

import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import * as z from 'zod';
import { cardKeySchema } from '../../contracts/network.ts';
import type { Database } from '../db/client.ts';
import type { Loop } from '../loop.ts';
import type { QueueConfig } from '../queue-config.ts';
import { type DeadLetter, keepDeadLetters } from './dead-letters.ts';
import type { Message, Outcome } from './message.ts';
import { createPull, type PulledMessage } from './pull.ts';
import type { QueueMetrics } from './queue-metrics.ts';

/** Nothing is urgent that has waited for a hundred tries, and each look costs a call. */
const emptyPauseMsDefault = 30_000;
/** Tries from the dead queue, over 40 minutes, before it is a person's: more than a restart or a busy hour would need. */
const triesMax = 8;
const retryDelaySecondsFirst = 10;
/** Cloudflare's maximum. */
const retryDelaySecondsMax = 12 * 3_600;

const named = z.object({ card_key: cardKeySchema });

type Take = (messages: readonly Message[]) => Promise<readonly { readonly id: string; readonly outcome: Outcome }[]>;

export interface DeadQueueOptions {
  /** The loop's. */
  readonly name: string;
  readonly source: DeadLetter['source'];
  readonly queue: QueueConfig;
  /** Null: nobody here takes such messages; all of them are for a person. */
  readonly take: Take | null;
  readonly database: Database;
  readonly metrics: DeadQueueMetrics;
  readonly log: Logger;
  /** For tests. */
  readonly emptyPauseMs?: number;
}

export function createDeadQueue(options: DeadQueueOptions): Loop {
  const { name, source, queue, take, database, metrics, log, emptyPauseMs = emptyPauseMsDefault } = options;
  const count = metrics.of(source);

  async function keep({ body }: PulledMessage): Promise<Outcome> {
    const reason =
      take === null ? 'no card took it in 100 tries' : `could not be taken in 100 tries and ${triesMax} more`;
    const card_key = named.safeParse(body).data?.card_key ?? null;
    try {
      await keepDeadLetters(database.sql, [{ source, reason, message: JSON.stringify(body), place: null, card_key }]);
      return 'dead_letter';
    } catch (error) {
      log.error({ err: error, loop: name }, 'a message of a dead queue was not kept, and comes again');
      return 'retry';
    }
  }

  async function outcomesOf(messages: readonly PulledMessage[]): Promise<{ id: string; outcome: Outcome }[]> {
    const tried = new Map((await take?.(messages))?.map(({ id, outcome }) => [id, outcome]));
    const outcomes: { id: string; outcome: Outcome }[] = [];
    for (const message of messages) {
      const { id, attempts } = message;
      const outcome = tried.get(id) ?? 'retry';
      const isForPerson = outcome === 'retry' && (take === null || (attempts ?? triesMax) >= triesMax);
      outcomes.push({ id, outcome: isForPerson ? await keep(message) : outcome });
    }
    return outcomes;
  }

  return createPull({
    ...{ name, queue, log, emptyPauseMs },
    watch: metrics.queues(`dead ${source}`),
    retryDelaySeconds: (attempts) => Math.min(retryDelaySecondsMax, retryDelaySecondsFirst * 2 ** (attempts - 1)),
    intake: {
      async take(messages) {
        const outcomes = await outcomesOf(messages);
        for (const { outcome } of outcomes) count(outcome);
        return outcomes;
      },
    },
  });
}

export interface DeadQueueMetrics {
  readonly queues: QueueMetrics;
  of(source: DeadLetter['source']): (outcome: Outcome) => void;
}

export function createDeadQueueMetrics(registry: Registry, queues: QueueMetrics): DeadQueueMetrics {
  const messages = new Counter({
    name: 'dead_queue_messages_total',
    help: 'Messages that came out of a dead queue. done: booked after all; dead_letter: an open item; retry: comes again',
    labelNames: ['queue', 'outcome'],
    registers: [registry],
  });
  return {
    queues,
    of(queue) {
      for (const outcome of ['done', 'dead_letter', 'retry'] as const) messages.inc({ queue, outcome }, 0);
      return (outcome) => messages.inc({ queue, outcome });
    },
  };
}
