// The one way in for card events, pushed or pulled: what is taken is in Postgres, or among the dead letters, or brought again.
// Messages that come at the same time share a transaction. What waits here is bounded, and only in memory: nobody has been
// answered for it yet, so losing it loses nothing.

import type { Logger } from 'pino';
import type { DeliverAnswer } from '../../contracts/internal-api.ts';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import { type LostCard, lostCardSchema } from '../../contracts/lost-card.ts';
import { Batcher } from '../batcher.ts';
import type { Database } from '../db/client.ts';
import { createHouseAccounts, type HouseAccounts } from '../ledger/house-accounts.ts';
import { type DeadLetter, keepDeadLetters } from '../queues/dead-letters.ts';
import type { Message, Outcome } from '../queues/message.ts';
import { isRefused, isRefusedByDatabase, takeOrSetAside } from '../set-aside.ts';
import { inSpan } from '../tracing/spans.ts';
import { bookBatch } from './book-batch.ts';
import { raiseFact } from './facts-together.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import { noteLost } from './lost-card.ts';
import { asDeadLetter, eachEventOf } from './one-event.ts';
import { isReadMessage, type ReadMessage, readKeptFact, readMessage } from './read-message.ts';
import { ensureStreams } from './streams.ts';

/** `retry`: not taken, bring it again. */
export interface IntakeOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly metrics: IntakeMetrics;
  readonly eventsPerBatchMax?: number;
  readonly eventsWaitingMax?: number;
}

interface Waiting {
  readonly message: ReadMessage;
  /** Once it is booked or set aside. */
  outcome: Outcome;
}

/** Two: while one waits for Postgres the other is read and laid out. More would only queue up for the same balances. */
const batchesMax = 2;

/** Streams known to exist, so that a batch need not make them; dropped when full, and losing it costs one statement. */
const knownStreamsMax = 200_000;

export class Intake {
  readonly #options: Required<IntakeOptions>;
  readonly #house: HouseAccounts;
  readonly #knownStreams = new Set<string>();
  readonly #batcher: Batcher<Waiting>;
  #closed = false;

  constructor(options: IntakeOptions) {
    this.#options = { eventsPerBatchMax: 1_000, eventsWaitingMax: 20_000, ...options };
    this.#house = createHouseAccounts(options.database.sql);
    const { eventsPerBatchMax, eventsWaitingMax } = this.#options;
    this.#batcher = new Batcher({
      // After this turn of the event loop, so that everything handed in together is one batch.
      ...{ sizeMax: eventsPerBatchMax, waitMsMax: 0, underWayMax: batchesMax, waitingMax: eventsWaitingMax },
      // One that is of a newer release has none that can be read.
      sizeOf: ({ message }) => Math.max(1, message.events.length),
      store: (waiting) => this.#store(waiting),
      setAside: async (waiting, error) => {
        waiting.outcome = await this.#bookApart(waiting.message, error);
      },
    });
  }

  take(messages: readonly Message[]): Promise<DeliverAnswer['results']> {
    return Promise.all(
      messages.map(async ({ id, body }) => {
        const lost = lostCardSchema.safeParse(body);
        if (lost.success) return { id, outcome: await this.#noteLost(lost.data) };
        const fact = readKeptFact(body);
        if (fact === null) return { id, outcome: await this.#takeOne(readMessage(body)) };
        return { id, outcome: 'fact_key' in fact ? await this.#keep(fact) : await this.#takeOne(fact) };
      }),
    );
  }

  async #noteLost(lost: LostCard): Promise<Outcome> {
    const { database, log } = this.#options;
    return await noteLost(database, lost).then(
      () => 'done',
      (error: unknown) => {
        log.error({ err: error }, 'a lost card was not noted, and is told of again');
        return 'retry';
      },
    );
  }

  /** A page of a card's own log: the events above `after`, without gaps. */
  takePage(body: unknown, after: number): Promise<Outcome> {
    return this.#takeOne(readMessage(body, after));
  }

  /** Takes nothing more, and returns when what it holds is committed or given back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#batcher.idle();
  }

  async #takeOne(read: ReadMessage | DeadLetter): Promise<Outcome> {
    if (this.#closed) return 'retry';
    if (!isReadMessage(read)) return await this.#bury(read);
    const waiting: Waiting = { message: read, outcome: 'retry' };
    // Why it was not booked is said once for its batch.
    await this.#batcher.add(waiting).catch(() => {});
    return waiting.outcome;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#book(batch.map(({ message }) => message));
    } catch (error) {
      if (!isRefused(error))
        this.#options.log.error({ err: error, messages: batch.length }, 'card events were not booked, and come again');
      throw error;
    }
    for (const waiting of batch) waiting.outcome = waiting.message.dead_letters.length > 0 ? 'dead_letter' : 'done';
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
