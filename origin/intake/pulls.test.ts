// Several queues of card events, each pulled by itself: what a change of their number does to a card's events, and what one queue that is away
// does to the others.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { openDatabase } from '../db/client.ts';
import { createDeadQueueMetrics } from '../queues/dead-queue.ts';
import { createQueueMetrics } from '../queues/queue-metrics.ts';
import { SampleBooks, whole } from '../testing/sample-books.ts';
import { startQueue } from '../testing/sample-queue.ts';
import { pullsOf } from './pulls.ts';

async function twoQueues() {
  const started = [await startQueue(), await startQueue()];
  const database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  const books = new SampleBooks(database);
  const [registry, log] = [new Registry(), pino({ level: 'silent' })];
  const queues = createQueueMetrics(registry);
  const { pulls, beside } = pullsOf(
    {
      eventQueues: started.map(({ queue: { url } }) => ({
        ...{ api_url: url, account_id: 'acc', queue_id: 'que', api_token: 'token' },
      })),
      ...{ settlementQueue: null, standInsQueue: null },
      deadQueues: { cardEvents: null, settlements: null, standIns: null },
    },
    { database, intake: books.intake(), log, registry, queues, deadQueues: createDeadQueueMetrics(registry, queues) },
  );
  for (const pull of pulls) pull.start();
  onTestFinished(async () => {
    await Promise.all(pulls.map((pull) => pull.stop()));
    for (const { close } of started) close();
    await database.close();
  });
  const put = (at: number, body: unknown) => started[at]?.queue.waiting.push({ id: 'm', body, attempts: 1 });
  return { books, pulls, beside, put, registry, queues: started.map(({ queue }) => queue) };
}

test('a card whose events come by two queues, the later ones first and one of them twice, is booked whole and once', async () => {
  const { books, put, queues } = await twoQueues();
  const card = await books.knownCard();
  for (const amount of [1_000, 2_000, 3_000, 4_000]) card.authorize(amount);
  const { events, ...of } = card.message();
  expect(events.length).toBeGreaterThan(4);
  for (const [index, event] of events.toReversed().entries()) put(index % 2, { ...of, events: [event] });
  put(0, { ...of, events: events.slice(0, 1) });
  await until(
    () => queues.reduce((sum, { waiting, leased }) => sum + waiting.length + leased.size, 0),
    (left) => left === 0,
  );
  expect(await books.stored(card)).toEqual(whole(card));
});

test('one that is away is counted by its own name, and the other is emptied', async () => {
  const { books, put, queues, registry, pulls, beside } = await twoQueues();
  const card = await books.knownCard();
  card.authorize(1_000);
  for (const queue of queues.slice(0, 1)) queue.failing = true;
  put(1, card.message());
  await until(
    () => books.stored(card),
    (stored) => JSON.stringify(stored) === JSON.stringify(whole(card)),
  );
  const failures = async () => {
    const { values = [] } = (await registry.getSingleMetric('queue_pull_failures_total')?.get()) ?? {};
    return Object.fromEntries(values.map(({ labels, value }) => [labels['queue'], Math.min(Number(value), 1)]));
  };
  await until(failures, (seen) => seen['card events'] === 1);
  expect(await failures()).toEqual({ 'card events': 1, 'card events 2': 0 });
  expect([...pulls, ...beside].map((loop) => loop.state().name)).toEqual(['queue pull', 'queue pull 2', 'queue token']);
});
