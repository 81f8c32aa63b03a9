import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../scripts/test-waiting.ts';
import type { Loop } from '../loop.ts';
import { startQueue } from '../testing/sample-queue.ts';
import type { Message, Outcome } from './message.ts';
import { createPull } from './pull.ts';
import { createQueueMetrics, type QueueWatch } from './queue-metrics.ts';

describe('the queue, pulled', () => {
  let queue: Awaited<ReturnType<typeof startQueue>>['queue'];
  let taken: unknown[];
  let registry: Registry;
  let outcomeOf: (body: unknown) => Outcome;
  let atOnceMax: number;

  beforeEach(async () => {
    const started = await startQueue();
    queue = started.queue;
    taken = [];
    outcomeOf = () => 'done';
    atOnceMax = 1;
    return started.close;
  });

  async function pulling(work: (loop: Loop) => Promise<unknown>, api_token = 'token', own?: QueueWatch) {
    const intake = {
      take: (messages: readonly Message[]) => {
        taken.push(...messages.map(({ body }) => body));
        return Promise.resolve(messages.map(({ id, body }) => ({ id, outcome: outcomeOf(body) })));
      },
    };
    const config = { api_url: queue.url, account_id: 'acc', queue_id: 'que', api_token };
    registry = new Registry();
    const watch = own ?? createQueueMetrics(registry)('card events');
    const log = pino({ level: 'silent' });
    const loop = createPull({ name: 'queue pull', queue: config, intake, watch, log, atOnceMax });
    loop.start();
    try {
      await work(loop);
    } finally {
      await loop.stop();
    }
  }
  const put = (...bodies: unknown[]) =>
    queue.waiting.push(...bodies.map((body, index) => ({ id: `m${index}`, body, attempts: 1 })));
  const isEmpty = () =>
    until(
      () => queue.waiting.length + queue.leased.size,
      (left) => left === 0,
    );

  test('messages are taken whole, and acknowledged by their lease', async () => {
    put({ version: 1, name: 'Zoë' }, 'text in JSON', null);
    await pulling(isEmpty);
    expect(taken).toEqual([{ version: 1, name: 'Zoë' }, 'text in JSON', null]);
    expect(queue.pulls[0]).toEqual({ batch_size: 100, visibility_timeout_ms: 60_000 });
  });

  const figure = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;

  test('each pull says how much waits, and for how long; a queue that is away has no figure, and a failure more', async () => {
    const dayMs = 86_400_000;
    queue.backlog = 1_234;
    queue.sentAtMs = Date.now() - dayMs;
    put('one');
    await pulling(async () => {
      await isEmpty();
      expect(await figure('queue_pull_failures_total')).toBe(0);
      expect(await figure('queue_backlog_messages')).toBe(1_234);
      await until(
        () => figure('queue_oldest_age_seconds'),
        (age) => age === 0,
      );
      queue.failing = true;
      await until(
        () => figure('queue_pull_failures_total'),
        (failures) => Number(failures) > 0,
      );
      expect(await figure('queue_backlog_messages')).toBeUndefined();
      expect(await figure('queue_oldest_age_seconds')).toBeUndefined();
    });
  });

  test('the age is that of the oldest message, and a figure that cannot be read keeps no message back', async () => {
    queue.backlog = 'many';
    queue.sentAtMs = Date.now() - 90_000;
    put('one');
    const told: { backlog: number | null; oldestAgeMs: number }[] = [];
    await pulling(isEmpty, 'token', { pulled: (answer) => told.push(answer), failed: () => {} });
    expect(told[0]?.oldestAgeMs).toBeGreaterThanOrEqual(90_000);
    expect(told[0]?.backlog).toBeNull();
    expect(taken).toEqual(['one']);
  });

  test('a backlog is drained without a pause between batches', async () => {
    put(...Array.from({ length: 450 }, (_, n) => n));
    const startMs = performance.now();
    await pulling(isEmpty);
    expect(taken).toHaveLength(450);
    expect(performance.now() - startMs).toBeLessThan(900);
  });

  test('a backlog is pulled by several at one time, an empty queue by one, and each time is acknowledged in one call', async () => {
    atOnceMax = 4;
    put(...Array.from({ length: 950 }, (_, n) => n));
    await pulling(async () => {
      await isEmpty();
      const pulls = queue.pulls.length;
      await until(
        () => queue.pulls.length,
        (now) => now > pulls,
      );
    });
    expect(taken.toSorted((one, other) => Number(one) - Number(other))).toEqual(
      Array.from({ length: 950 }, (_, n) => n),
    );
    // 100; then 400, 400 and 50, whose three other pulls found nothing.
    expect(queue.acks.slice(0, 4)).toEqual([100, 400, 400, 50]);
    expect(queue.pulls.length).toBeLessThan(1 + 4 + 4 + 4 + 4);
  });

  test('of several pulls the one that fails is counted, and what the others brought is taken', async () => {
    atOnceMax = 4;
    put(...Array.from({ length: 400 }, (_, n) => n));
    queue.failingPulls = [2];
    await pulling(async (loop) => {
      await isEmpty();
      expect(loop.state().failures_total).toBe(1);
    });
    expect(new Set(taken).size).toBe(400);
    expect(taken).toHaveLength(400);
  });

  test('what was not taken is brought again later; dead letters are acknowledged', async () => {
    let tries = 0;
    outcomeOf = (body) => {
      if (body === 'bad') return 'dead_letter';
      tries += 1;
      return tries === 1 ? 'retry' : 'done';
    };
    put('good', 'bad');
    await pulling(isEmpty);
    expect(queue.retried).toEqual([{ lease_id: expect.any(String), delay_seconds: 5 }]);
    expect(taken.filter((body) => body === 'good')).toHaveLength(2);
  });

  test('a body that is no JSON reaches intake as it is', async () => {
    queue.waiting.push({ id: 'm', body: 'plain {', attempts: 1, contentType: 'text' });
    await pulling(isEmpty);
    expect(taken).toEqual(['plain {']);
  });

  test('a queue that fails is asked again, more and more seldom, until it answers', async () => {
    queue.failing = true;
    put('late');
    await pulling(async (loop) => {
      await until(loop.failures, (failures) => failures > 0);
      queue.failing = false;
      await isEmpty();
    });
    expect(taken).toEqual(['late']);
  });

  test('a wrong token is a failure, and nothing is taken', async () => {
    put('secret');
    await pulling((loop) => until(loop.failures, (failures) => failures > 0), 'wrong');
    expect(taken).toEqual([]);
  });
});
