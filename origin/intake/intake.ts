// The one way in for card events, pushed or pulled: what is taken is in Postgres, or among the dead letters, or brought again.
// Messages that come at the same time share a transaction. What waits here is bounded, and only in memory: nobody has been
// answered for it yet, so losing it loses nothing.

import type { Logger } from 'pino';
import type { DeliverAnswer } from '../../contracts/internal-api.ts';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import type { Database } from '../db/client.ts';
import { createHouseAccounts, type HouseAccounts } from '../ledger/house-accounts.ts';
import { isRefused, isRefusedByDatabase, takeOrSetAside } from '../set-aside.ts';
import { inSpan } from '../tracing/spans.ts';
import { bookBatch } from './book-batch.ts';
import { type DeadLetter, keepDeadLetters } from './dead-letters.ts';
import { raiseFact } from './facts-together.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import { asDeadLetter, eachEventOf } from './one-event.ts';
import { isReadMessage, type ReadMessage, readKeptFact, readMessage } from './read-message.ts';
import { ensureStreams } from './streams.ts';

/** `retry`: not taken, bring it again. */
export type Outcome = DeliverAnswer['results'][number]['outcome'];

export interface Message {
  readonly id: string;
  readonly body: unknown;
}

export interface IntakeOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly metrics: IntakeMetrics;
  readonly eventsPerBatchMax?: number;
  readonly eventsWaitingMax?: number;
}

interface Waiting {
  readonly message: ReadMessage;
  readonly answer: (outcome: Outcome) => void;
}

/** Two: while one waits for Postgres the other is read and laid out. More would only queue up for the same balances. */
const batchesMax = 2;

/** Streams known to exist, so that a batch need not make them; dropped when full, and losing it costs one statement. */
const knownStreamsMax = 200_000;

export class Intake {
  readonly #options: Required<IntakeOptions>;
  readonly #house: HouseAccounts;
  readonly #knownStreams = new Set<string>();
  #waiting: Waiting[] = [];
  #eventsWaiting = 0;
  #batches = 0;
  #closed = false;
  #onIdle: (() => void) | null = null;

  constructor(options: IntakeOptions) {
    this.#options = { eventsPerBatchMax: 1_000, eventsWaitingMax: 20_000, ...options };
    this.#house = createHouseAccounts(options.database.sql);
  }

  take(messages: readonly Message[]): Promise<DeliverAnswer['results']> {
    return Promise.all(
      messages.map(async ({ id, body }) => {
        const fact = readKeptFact(body);
        if (fact === null) return { id, outcome: await this.#takeOne(readMessage(body)) };
        return { id, outcome: 'fact_key' in fact ? await this.#keep(fact) : await this.#takeOne(fact) };
      }),
    );
  }

  /** A page of a card's own log: the events above `after`, without gaps. */
  takePage(body: unknown, after: number): Promise<Outcome> {
    return this.#takeOne(readMessage(body, after));
  }

  /** Takes nothing more, and returns when what it holds is committed or given back. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#batches === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async #takeOne(read: ReadMessage | DeadLetter): Promise<Outcome> {
    if (this.#closed) return 'retry';
    if (!isReadMessage(read)) return await this.#bury(read);
    if (this.#eventsWaiting + read.events.length > this.#options.eventsWaitingMax) return 'retry';
    this.#eventsWaiting += read.events.length;
    return await new Promise<Outcome>((answer) => {
      this.#waiting.push({ message: read, answer });
      // After this turn of the event loop, so that everything handed in together is one batch.
      setImmediate(() => this.#pump());
    });
  }

  #pump(): void {
    while (this.#batches < batchesMax && this.#waiting.length > 0) {
      this.#batches += 1;
      void this.#settle(this.#nextBatch()).finally(() => {
        this.#batches -= 1;
        this.#pump();
        if (this.#batches === 0) this.#onIdle?.();
      });
    }
  }

  #nextBatch(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const { message } of this.#waiting) {
      if (count > 0 && events + message.events.length > this.#options.eventsPerBatchMax) break;
      events += message.events.length;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#eventsWaiting -= events;
    return batch;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      await takeOrSetAside(batch, {
        take: async (part) => {
          await this.#book(part.map(({ message }) => message));
          for (const { message, answer } of part) answer(message.dead_letters.length > 0 ? 'dead_letter' : 'done');
        },
        setAside: async ({ message, answer }, error) => answer(await this.#bookApart(message, error)),
      });
    } catch (error) {
      // The rest of the batch comes again; who has been answered stays so.
      this.#options.log.error({ err: error, messages: batch.length }, 'card events were not booked, and come again');
      for (const { answer } of batch) answer('retry');
    }
  }

  /**
   * A message that the database refuses when it is alone: the event at fault becomes a dead letter and keeps its place, so that its
   * card goes on. An error of our own code is not the message's fault: it comes again, and a mended release takes it.
   */
  async #bookApart(message: ReadMessage, error: unknown): Promise<Outcome> {
    const { log } = this.#options;
    if (!isRefusedByDatabase(error)) {
      log.error({ err: error, messages: 1 }, 'card events were not booked, and come again');
      return 'retry';
    }
    const apart = {
      take: (messages: readonly ReadMessage[]) => this.#book(messages),
      setAside: async (one: ReadMessage, refused: unknown) => {
        log.error(
          { err: refused, sequence: one.events[0]?.sequence },
          'a card event was refused, and is a dead letter',
        );
        await this.#book([asDeadLetter(one, refused)]);
      },
    };
    const events = eachEventOf(message);
    if (events.length === 1) await apart.setAside(message, error);
    else await takeOrSetAside(events, apart);
    return 'dead_letter';
  }

  async #book(messages: readonly ReadMessage[]): Promise<void> {
    const { database, metrics } = this.#options;
    const end = metrics.batchSeconds.startTimer();
    const attributes = { 'messaging.batch.message_count': messages.length };
    const links = messages.flatMap(({ traces }) => traces);
    try {
      // Of many purchases: each has its own trace, and this leads to them.
      await inSpan('card events book', { kind: 'consumer', parent: null, links, attributes }, async (span) => {
        await this.#ensureStreams(messages);
        const booked = await bookBatch(database, this.#house, messages);
        metrics.countBatch(booked, messages);
        span.say({ 'atlas.events': booked.applied });
      });
    } catch (error) {
      // Said by who decides what becomes of it, so that it is said once.
      const cause = isRefused(error) ? 'refused' : 'failed';
      metrics.failures.inc({ cause });
      this.#knownStreams.clear();
      throw error;
    } finally {
      end();
    }
  }

  async #ensureStreams(messages: readonly ReadMessage[]): Promise<void> {
    const known = this.#knownStreams;
    const unknown = new Map(messages.filter((m) => !known.has(m.card_key)).map((m) => [m.card_key, m]));
    if (unknown.size === 0) return;
    await ensureStreams(this.#options.database.sql, [...unknown.values()]);
    if (known.size + unknown.size > knownStreamsMax) known.clear();
    for (const card_key of unknown.keys()) known.add(card_key);
  }

  /** What the edge could not book: for a person. */
  async #keep(fact: KeptFact): Promise<Outcome> {
    if (this.#closed) return 'retry';
    const { database, log, metrics } = this.#options;
    try {
      await database.transaction((sql) => raiseFact(sql, fact));
      metrics.messages.inc({ outcome: 'kept_fact' });
      return 'done';
    } catch (error) {
      log.error({ err: error }, 'a kept fact was not stored');
      return 'retry';
    }
  }

  async #bury(letter: DeadLetter): Promise<Outcome> {
    const { database, log, metrics } = this.#options;
    try {
      await keepDeadLetters(database.sql, [letter]);
      metrics.messages.inc({ outcome: 'dead_letter' });
      return 'dead_letter';
    } catch (error) {
      log.error({ err: error }, 'a dead letter was not kept');
      return 'retry';
    }
  }
}
