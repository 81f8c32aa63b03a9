import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../scripts/test-waiting.ts';
import { createQueueToken, createTokenMetric } from './queue-token.ts';

type Said = { status: number; body: unknown };
const unknown: Said = { status: 401, body: { success: false, errors: [{ code: 1000, message: 'Invalid API Token' }] } };
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const good = (expires_on?: string): Said => ({
  status: 200,
  body: { success: true, errors: [], messages: [], result: { id: 'a', status: 'active', expires_on } },
});

/** Days left, by what Cloudflare says of a user's token and of an account's; null: no figure. */
async function daysLeft(ofUser: Said, ofAccount: Said, { api_token = 'token', known = 'token' } = {}) {
  const keys: (string | undefined)[] = [];
  const app = new Hono();
  for (const [path, { status, body }] of [
    ['/user', ofUser],
    ['/accounts/acc', ofAccount],
  ] as const)
    app.get(`${path}/tokens/verify`, (context) => {
      keys.push(context.req.header('authorization'));
      const said = keys.at(-1) === `Bearer ${known}` ? { status, body } : unknown;
      return context.json(said.body as never, said.status as 200);
    });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  onTestFinished(() => {
    server.close();
  });
  const registry = new Registry();
  const api_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const queue = { api_url, account_id: 'acc', queue_id: 'que', api_token };
  const loop = createQueueToken({ queue, watch: createTokenMetric(registry), log: pino({ level: 'silent' }) });
  loop.start();
  onTestFinished(() => loop.stop());
  await until(loop.state, ({ last_success_at_ms, failures }) => last_success_at_ms !== null || failures > 0);
  expect(keys.at(-1)).toBe(`Bearer ${known}`);
  expect(keys.every((key) => api_token.split(' ').some((token) => key === `Bearer ${token}`))).toBe(true);
  const { values = [] } = (await registry.getSingleMetric('token_expiry_seconds')?.get()) ?? {};
  const days = values.map(({ labels, value }) => [labels['of'], Math.round(value / 86_400)]);
  return { days, failures: loop.failures() };
}

test.each<[string, Said, Said, unknown]>([
  ['a user’s token that ends in 9 days', good(inDays(9)), unknown, { days: [['queue', 9]], failures: 0 }],
  ['an account’s token that ends in 30', unknown, good(inDays(30)), { days: [['queue', 30]], failures: 0 }],
  ['a token that never ends', good(), unknown, { days: [], failures: 0 }],
  ['one that nobody knows', unknown, unknown, { days: [], failures: 0 }],
  ['Cloudflare away', { status: 503, body: null }, unknown, { days: [], failures: 1 }],
  ['another answer than documented', { status: 200, body: { success: true } }, unknown, { days: [], failures: 1 }],
])('%s', async (_, ofUser, ofAccount, expected) => {
  expect(await daysLeft(ofUser, ofAccount)).toEqual(expected);
});

test.each(['newer', 'older'])('while it changes, the end of the newest that is known: %s', async (known) => {
  const left = await daysLeft(unknown, good(inDays(9)), { api_token: 'newer older', known });
  expect(left).toEqual({ days: [['queue', 9]], failures: 0 });
});
