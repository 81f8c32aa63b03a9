// What Cloudflare moved to a dead queue: taken after all, or a person's, and never gone.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { receiveNotice } from '../../contracts/card-notice.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { takersOf } from '../open-items/takers.ts';
import { SampleBooks, whole } from '../testing/sample-books.ts';
import { startQueue } from '../testing/sample-queue.ts';
import { createDeadQueue, createDeadQueueMetrics, type DeadQueueOptions } from './dead-queue.ts';
import type { Message } from './message.ts';
import { createQueueMetrics } from './queue-metrics.ts';

const log = pino({ level: 'silent' });
let database: Database;
let books: SampleBooks;
let queue: Awaited<ReturnType<typeof startQueue>>['queue'];
let registry: Registry;

beforeEach(async () => {
  const started = await startQueue();
  queue = started.queue;
  queue.sentAtMs = Date.now();
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  books = new SampleBooks(database);
  registry = new Registry();
  return async () => {
    started.close();
    await database.close();
  };
});

const config = () => ({ api_url: queue.url, account_id: 'acc', queue_id: 'que', api_token: 'token' });
const put = (attempts: number, ...bodies: unknown[]) =>
  queue.waiting.push(...bodies.map((body, index) => ({ id: `m${index}`, body, attempts })));

function emptying(options: Partial<DeadQueueOptions> = {}) {
  const metrics = createDeadQueueMetrics(registry, createQueueMetrics(registry));
  const parts = {
    name: 'dead',
    source: 'card_events',
    queue: config(),
    database,
    metrics,
    log,
    emptyPauseMs: 20,
  } as const;
  const intake = books.intake();
  const take = (messages: readonly Message[]) => intake.take(messages);
  const loop = createDeadQueue({ ...parts, take, ...options });
  loop.start();
  onTestFinished(() => loop.stop());
  return loop;
}
const empty = () =>
  until(
    () => queue.waiting.length + queue.leased.size,
    (left) => left === 0,
  );
interface Item {
  readonly source: string;
  readonly card_key: string | null;
  readonly times: number;
  readonly message: string;
  readonly reason: string;
}
const nothing: Item = { source: '', card_key: null, times: 0, message: 'null', reason: '' };
const items = async () =>
  (
    await database.sql.query<Item>(
      `select source, card_key, times, evidence ->> 'message' as message, evidence ->> 'reason' as reason from open_items where kind = 'dead_letter'`,
    )
  ).rows;
const counted = async () => {
  const { values = [] } = (await registry.getSingleMetric('dead_queue_messages_total')?.get()) ?? {};
  return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'], value]));
};

describe('dead queue', () => {
  test('a message that is in order is booked like any other, once, however often it comes', async () => {
    const card = await books.knownCard();
    card.authorize(1_000);
    put(1, card.message(), card.message());
    emptying();
    await empty();
    expect(await books.stored(card)).toEqual(whole(card));
    expect([await items(), await counted()]).toEqual([[], { done: 2, dead_letter: 0, retry: 0 }]);
  });

  test('one that cannot be read is an open item, one item for two copies', async () => {
    put(1, { version: 9, surprise: true }, { version: 9, surprise: true });
    emptying();
    await empty();
    expect(await items()).toMatchObject([{ times: 2, message: '{"version":9,"surprise":true}' }]);
  });

  test('one that fails try after try waits longer each time, and then is a person’s, to the letter', async () => {
    const card = await books.knownCard();
    put(6, card.message());
    emptying({ take: (messages) => Promise.resolve(messages.map(({ id }) => ({ id, outcome: 'retry' }))) });
    await empty();
    expect(queue.retried).toMatchObject([320, 640].map((delay_seconds) => ({ delay_seconds })));
    const [item = nothing, ...more] = await items();
    expect([JSON.parse(item.message), item.card_key, more]).toEqual([card.message(), card.card_key, []]);
    expect(item.reason).toBe('could not be taken in 100 tries and 8 more');
    expect(await counted()).toEqual({ done: 0, dead_letter: 1, retry: 2 });

    const takers = takersOf({ database, intake: books.intake(), standInsQueue: null, log });
    expect(await takers.card_events([{ id: 'again', body: JSON.parse(item.message) }])).toMatchObject([
      { outcome: 'done' },
    ]);
    expect(await books.stored(card)).toEqual(whole(card));
  });

  test('while the database is away nothing is acknowledged, and tries come to be half a day apart', async () => {
    const away = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', poolMax: 1, onIdleError: () => {} });
    onTestFinished(() => away.close());
    put(20, 'one');
    const loop = emptying({ database: away, take: null });
    await until(loop.failures, (failures) => failures > 1);
    await loop.stop();
    expect(queue.waiting.map(({ body }) => body)).toEqual(['one']);
    expect(queue.retried[0]).toMatchObject({ delay_seconds: 43_200 });
    expect(await counted()).toMatchObject({ done: 0, dead_letter: 0 });
  });

  test('what no card took is an open item at once, of its card; handed in again it is back in the edge’s queue', async () => {
    const card = await books.knownCard();
    const message = { kind: 'expiry', message_key: 'm-1', authorization_key: 'a-1', currency: 'USD', at_ms: 1 };
    const notice = receiveNotice(card.card_key, message as unknown as CardMessage);
    put(1, notice, notice);
    emptying({ source: 'card_notices', take: null });
    await empty();
    const [item = nothing] = await items();
    expect(item).toMatchObject({ source: 'card_notices', card_key: card.card_key, times: 2 });
    const again = { id: 'again', body: JSON.parse(item.message) };
    const parts = { database, intake: books.intake(), log };
    const [refused] = await takersOf({ ...parts, standInsQueue: null }).card_notices([again]);
    expect([refused?.outcome, queue.sent]).toEqual(['retry', []]);
    const [taken] = await takersOf({ ...parts, standInsQueue: config() }).card_notices([again]);
    expect([taken?.outcome, queue.sent]).toEqual(['done', [{ body: notice, content_type: 'json' }]]);
  });
});
