import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../scripts/test-waiting.ts';
import type { Loop } from '../loop.ts';
import type { Message, Outcome } from './intake.ts';
import { createPull } from './pull.ts';
import { startQueue } from './sample-queue.ts';

describe('the queue, pulled', () => {
  let queue: Awaited<ReturnType<typeof startQueue>>['queue'];
  let taken: unknown[];
  let outcomeOf: (body: unknown) => Outcome;

  beforeEach(async () => {
    const started = await startQueue();
    queue = started.queue;
    taken = [];
    outcomeOf = () => 'done';
    return started.close;
  });

  async function pulling(work: (loop: Loop) => Promise<unknown>, api_token = 'token') {
    const intake = {
      take: (messages: readonly Message[]) => {
        taken.push(...messages.map(({ body }) => body));
        return Promise.resolve(messages.map(({ id, body }) => ({ id, outcome: outcomeOf(body) })));
      },
    };
    const config = { api_url: queue.url, account_id: 'acc', queue_id: 'que', api_token };
    const loop = createPull({ queue: config, intake, log: pino({ level: 'silent' }) });
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

  test('a backlog is drained without a pause between batches', async () => {
    put(...Array.from({ length: 450 }, (_, n) => n));
    const startMs = performance.now();
    await pulling(isEmpty);
    expect(taken).toHaveLength(450);
    expect(performance.now() - startMs).toBeLessThan(900);
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
