// The one way in for card events, pushed or pulled: what is taken is in Postgres, or among the dead letters, or brought again.
// Messages that come at the same time share a transaction. What waits here is bounded, and only in memory: nobody has been
// answered for it yet, so losing it loses nothing.

import type { Logger } from 'pino';
import type { DeliverAnswer } from '../../contracts/internal-api.ts';
import { type Database, sqlState } from '../db/client.ts';
import { createSharedAccounts } from '../ledger/shared-accounts.ts';
import { bookBatch } from './book-batch.ts';
import { type DeadLetter, keepDeadLetters } from './dead-letters.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import { isReadMessage, type ReadMessage, readMessage } from './read-message.ts';
import { ensureStreams } from './streams.ts';

/** `retry`: not taken, bring it again. */
export type Outcome = DeliverAnswer['results'][number]['outcome'];

export interface Message {
  readonly id: string;
  readonly body: unknown;
}

export interface Intake {
  take(messages: readonly Message[]): Promise<DeliverAnswer['results']>;
  /** A page of a card's own log: the events above `after`, without gaps. */
  takePage(body: unknown, after: number): Promise<Outcome>;
  /** Takes nothing more, and returns when what it holds is committed or given back. */
  close(): Promise<void>;
}

export interface IntakeOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly metrics: IntakeMetrics;
  /** Called after a batch that left a stream with a gap. */
  readonly onGap?: () => void;
  readonly eventsPerBatchMax?: number;
  readonly eventsWaitingMax?: number;
}

interface Waiting {
  readonly message: ReadMessage;
  readonly resolve: (outcome: Outcome) => void;
}

/** Two: while one waits for Postgres the other is read and laid out. More would only queue up for the same balances. */
const batchesMax = 2;

/** Streams known to exist, so that a batch need not make them; dropped when full, and losing it costs one statement. */
const knownStreamsMax = 200_000;

export function createIntake(options: IntakeOptions): Intake {
  const { database, log, metrics, onGap, eventsPerBatchMax = 1_000, eventsWaitingMax = 20_000 } = options;
  const shared = createSharedAccounts(database.sql);
  const knownStreams = new Set<string>();
  let waiting: Waiting[] = [];
  let eventsWaiting = 0;
  let batches = 0;
  let closed = false;
  let onIdle: (() => void) | null = null;

  async function take(read: ReadMessage | DeadLetter): Promise<Outcome> {
    if (closed) return 'retry';
    if (!isReadMessage(read)) return await bury([read]);
    if (eventsWaiting + read.events.length > eventsWaitingMax) return 'retry';
    eventsWaiting += read.events.length;
    return await new Promise<Outcome>((resolve) => {
      waiting.push({ message: read, resolve });
      // After this turn of the event loop, so that everything handed in together is one batch.
      setImmediate(pump);
    });
  }

  function pump(): void {
    while (batches < batchesMax && waiting.length > 0) {
      const batch = nextBatch();
      batches += 1;
      void settle(batch).finally(() => {
        batches -= 1;
        pump();
        if (batches === 0) onIdle?.();
      });
    }
  }

  function nextBatch(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const { message } of waiting) {
      if (count > 0 && events + message.events.length > eventsPerBatchMax) break;
      events += message.events.length;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    eventsWaiting -= events;
    return batch;
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    const outcome = await bookOrSayWhy(batch.map(({ message }) => message));
    if (outcome === 'refused' && batch.length > 1) {
      // One of them is at fault: each alone, so that it stands in nobody's way.
      for (const one of batch) await settle([one]);
      return;
    }
    for (const { message, resolve } of batch)
      resolve(outcome !== 'booked' ? 'retry' : message.dead_letters.length > 0 ? 'dead_letter' : 'done');
  }

  async function bookOrSayWhy(messages: readonly ReadMessage[]): Promise<'booked' | 'refused' | 'failed'> {
    const end = metrics.batchSeconds.startTimer();
    try {
      await ensureNewStreams(messages);
      const booked = await bookBatch(database, shared, messages);
      metrics.countBatch(booked, messages);
      if (booked.gaps) onGap?.();
      return 'booked';
    } catch (error) {
      const refused = isRefusal(error);
      log.error({ err: error, messages: messages.length, refused }, 'intake: a batch was not booked');
      metrics.failures.inc({ cause: refused ? 'refused' : 'failed' });
      knownStreams.clear();
      return refused ? 'refused' : 'failed';
    } finally {
      end();
    }
  }

  async function ensureNewStreams(messages: readonly ReadMessage[]): Promise<void> {
    const unknown = new Map(messages.filter((m) => !knownStreams.has(m.card_key)).map((m) => [m.card_key, m]));
    if (unknown.size === 0) return;
    await ensureStreams(database.sql, [...unknown.values()]);
    if (knownStreams.size + unknown.size > knownStreamsMax) knownStreams.clear();
    for (const card_key of unknown.keys()) knownStreams.add(card_key);
  }

  async function bury(letters: readonly DeadLetter[]): Promise<Outcome> {
    try {
      await keepDeadLetters(database.sql, letters);
      metrics.messages.inc({ outcome: 'dead_letter' });
      return 'dead_letter';
    } catch (error) {
      log.error({ err: error }, 'intake: a dead letter was not kept');
      return 'retry';
    }
  }

  return {
    take: (messages) =>
      Promise.all(messages.map(async ({ id, body }) => ({ id, outcome: await take(readMessage(body)) }))),
    takePage: (body, after) => take(readMessage(body, after)),
    async close() {
      closed = true;
      if (batches === 0 && waiting.length === 0) return;
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    },
  };
}

/** Postgres refused the data itself (SQLSTATE classes 22, 23 and 54), so the same batch would be refused again. */
function isRefusal(error: unknown): boolean {
  return /^(?:22|23|54)/.test(sqlState(error) ?? '');
}
