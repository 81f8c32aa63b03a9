// Queue batches to the origin: a message is acked only where the origin says that it has it.

import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DeliverAnswer, signedText } from '../contracts/internal-api.ts';
import worker from './index.ts';
import { settings } from './testing/calls.ts';

const eventQueue = 'atlas-card-events';
const ids = ['m1', 'm2', 'm3'];

let logged: string[];

beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'warn').mockImplementation((line) => logged.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What the queue is told of three messages, where the origin answers so. */
async function deliver(
  origin: typeof fetch,
  { attempts = 1, changes = {}, bodyOf = (id: string): unknown => ({ about: id }), queue = eventQueue } = {},
) {
  const sent = vi.spyOn(globalThis, 'fetch').mockImplementation(origin);
  const messages = ids.map((id) => ({ id, attempts, timestamp: new Date(), body: bodyOf(id) }));
  const batch = createMessageBatch(queue, messages);
  const retries = batch.messages.map((message) => vi.spyOn(message, 'retry'));
  const execution = createExecutionContext();
  await worker.queue(batch, { ...env, ...changes });
  const { explicitAcks, retryMessages, outcome } = await getQueueResult(batch, execution);
  const waits = retries.map(({ mock }) => mock.calls[0]?.[0]?.delaySeconds);
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId), waits, outcome, sent };
}

const answering = (results: DeliverAnswer['results']) => () => Promise.resolve(Response.json({ results }));
const allDone = answering(ids.map((id) => ({ id, outcome: 'done' })));

describe('deliver', () => {
  test.each(['atlas-card-events-2', 'atlas-card-events-12-development'])(
    '%s is one of several queues of card events',
    async (queue) => {
      expect((await deliver(allDone, { queue })).acked).toEqual(ids);
    },
  );

  test('the origin gets the messages whole, in one signed call', async () => {
    const { sent } = await deliver(allDone);
    expect(sent).toHaveBeenCalledOnce();
    const [url, init] = sent.mock.calls[0] ?? [];
    expect(String(url)).toBe(`${settings.ORIGIN_URL}/internal/card-events`);
    const body = String(init?.body);
    expect(JSON.parse(body)).toEqual({ messages: ids.map((id) => ({ id, body: { about: id } })) });
    const signed = signedText({ method: 'POST', pathAndQuery: '/internal/card-events', body });
    const headers = Object.fromEntries(new Headers(init?.headers));
    expect(() => new Webhook(settings.INTERNAL_SECRET).verify(signed, headers, { jsonParse: false })).not.toThrow();
  });

  test('what is done and what is a dead letter there is acked; what is to come again is retried', async () => {
    const { acked, retried } = await deliver(
      answering([
        { id: 'm1', outcome: 'done' },
        { id: 'm2', outcome: 'retry' },
        { id: 'm3', outcome: 'dead_letter' },
      ]),
    );
    expect([acked, retried]).toEqual([['m1', 'm3'], ['m2']]);
  });

  test('what the origin says nothing of is retried', async () => {
    const { acked, retried } = await deliver(answering([{ id: 'm3', outcome: 'done' }]));
    expect([acked, retried]).toEqual([['m3'], ['m1', 'm2']]);
  });

  test.each<[string, typeof fetch]>([
    ['away', () => Promise.reject(new TypeError('connection refused'))],
    ['answering 503', () => Promise.resolve(new Response('', { status: 503 }))],
    ['answering 401', () => Promise.resolve(Response.json({ results: [] }, { status: 401 }))],
    ['redirecting', () => Promise.resolve(new Response(null, { status: 302, headers: { location: '/login' } }))],
    ['answering what is no JSON', () => Promise.resolve(new Response('<html>'))],
    ['answering another shape', () => Promise.resolve(Response.json({ results: [{ id: 'm1', outcome: 'fine' }] }))],
  ])('an origin that is %s: all retried, nothing acked, and it is logged', async (_, origin) => {
    const { acked, retried, outcome } = await deliver(origin);
    expect([acked, retried, outcome]).toEqual([[], ids, 'ok']);
    expect(logged).toEqual([expect.stringContaining('"event":"origin_unreachable","messages":3')]);
  });

  /** All but one, which the origin refuses together with whatever stands beside it. */
  const refusing = (odd: string, status: number) => (_: unknown, init?: RequestInit) => {
    const { messages } = JSON.parse(String(init?.body)) as { messages: { id: string }[] };
    const isRefused = messages.some(({ id }) => id === odd);
    const results = messages.map(({ id }) => ({ id, outcome: 'done' }));
    return Promise.resolve(isRefused ? new Response('', { status }) : Response.json({ results }));
  };

  test.each([400, 413, 422])(
    'one odd message that the origin refuses with %i does not keep the others',
    async (status) => {
      const { acked, retried } = await deliver(refusing('m2', status));
      expect([acked, retried]).toEqual([['m1', 'm3'], ['m2']]);
      expect(logged).toEqual([expect.stringContaining('"event":"card_events_refused","messages":1,"attempts_max":1')]);
    },
  );

  test('one odd message that is no JSON does not keep the others', async () => {
    const bodyOf = (id: string) => (id === 'm1' ? { about: 1n } : { about: id });
    const { acked, retried } = await deliver(refusing('none', 422), { bodyOf });
    expect([acked, retried]).toEqual([['m2', 'm3'], ['m1']]);
  });

  test('a message that has come often waits longer, up to a bound', async () => {
    const away = () => Promise.reject(new TypeError('connection refused'));
    for (const [attempts, delaySeconds] of [
      [1, 1],
      [7, 7],
      [99, 30],
    ] as const) {
      const { waits } = await deliver(away, { attempts });
      expect(waits).toEqual(ids.map(() => delaySeconds));
    }
  });

  test('without the origin’s address nothing is sent and nothing acked: that origin pulls', async () => {
    const { acked, retried, sent } = await deliver(allDone, { changes: { ORIGIN_URL: '' } });
    expect([acked, retried]).toEqual([[], ids]);
    expect(sent).not.toHaveBeenCalled();
  });

  test.each(['development', 'staging', 'dead-development'])(
    'the queue of %s is one of the same kind; another’s is nobody’s',
    async (name) => {
      const sent = vi.spyOn(globalThis, 'fetch').mockImplementation(allDone);
      const one = () => [{ id: 'm1', attempts: 1, timestamp: new Date(), body: {} }];
      await worker.queue(createMessageBatch(`${eventQueue}-${name}`, one()), env);
      expect(sent).toHaveBeenCalledTimes(1);
      for (const other of ['of-others', 'dead', 'dead-staging'])
        expect(() => worker.queue(createMessageBatch(`${eventQueue}-${other}`, one()), env)).toThrow(
          'nobody here consumes',
        );
    },
  );
});
