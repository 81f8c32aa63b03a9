// A queue for tests that speaks the documented contract of Cloudflare's pull consumers: leases, base64 bodies, acks and retries
// by lease. https://developers.cloudflare.com/queues/configuration/pull-consumers/

import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const path = '/accounts/acc/queues/que/messages';

export async function startQueue() {
  const queue = {
    waiting: [] as { id: string; body: unknown; attempts: number; contentType?: string }[],
    leased: new Map<string, { id: string; body: unknown; attempts: number }>(),
    pulls: [] as unknown[],
    /** Pulls that fail, by their number from 0. */
    failingPulls: [] as number[],
    /** How many messages each acknowledgement was of. */
    acks: [] as number[],
    retried: [] as unknown[],
    /** Put in over HTTP. */
    sent: [] as unknown[],
    failing: false,
    /** What it says of itself. */
    backlog: 0 as unknown,
    sentAtMs: 1_700_000_000_000,
    url: '',
  };
  let leases = 0;
  const app = new Hono();
  app.use(async (context, next) => {
    if (queue.failing) return context.json({ success: false, errors: [{ code: 10_000, message: 'away' }] }, 503);
    if (context.req.header('authorization') !== 'Bearer token') return context.json({ success: false }, 401);
    return await next();
  });
  app.post(path, async (context) => {
    queue.sent.push(await context.req.json());
    return context.json({ success: true, errors: [], messages: [], result: {} });
  });
  app.post(`${path}/pull`, async (context) => {
    const wanted = await context.req.json<{ batch_size: number }>();
    queue.pulls.push(wanted);
    if (queue.failingPulls.includes(queue.pulls.length - 1)) return context.json({ success: false }, 503);
    const messages = queue.waiting.splice(0, wanted.batch_size).map((message) => {
      leases += 1;
      const lease_id = `lease-${leases}`;
      queue.leased.set(lease_id, message);
      const { id, body, attempts, contentType = 'json' } = message;
      const text = contentType === 'text' ? String(body) : Buffer.from(JSON.stringify(body)).toString('base64');
      const metadata = { 'CF-Content-Type': contentType };
      return { id, body: text, attempts, lease_id, metadata, timestamp_ms: queue.sentAtMs };
    });
    return context.json({
      success: true,
      errors: [],
      messages: [],
      result: { message_backlog_count: queue.backlog, messages },
    });
  });
  app.post(`${path}/ack`, async (context) => {
    const { acks, retries } = await context.req.json<Record<'acks' | 'retries', { lease_id: string }[]>>();
    queue.acks.push(acks.length);
    for (const { lease_id } of [...acks, ...retries]) {
      const message = queue.leased.get(lease_id);
      queue.leased.delete(lease_id);
      if (message !== undefined && retries.some((retry) => retry.lease_id === lease_id)) {
        queue.retried.push(retries[0]);
        queue.waiting.push({ ...message, attempts: message.attempts + 1 });
      }
    }
    return context.json({ success: true, result: { ackCount: acks.length, retryCount: retries.length } });
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  queue.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { queue, close: () => server.close() };
}
