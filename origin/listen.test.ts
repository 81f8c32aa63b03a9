// Strangers with sockets: half a request, many connections, a body that never comes.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { signCall } from '../contracts/sign-call.ts';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { SampleApi } from './api/sample-api.ts';
import { SampleCard } from './intake/sample-card.ts';
import { type Listening, listen } from './listen.ts';

const bounds = { CONNECTIONS_MAX: 200, CONNECTIONS_PER_ADDRESS_MAX: 100, TRUSTED_PROXIES: [] };
const path = '/internal/card-events';

let api: SampleApi;
let door: Listening;
let port: number;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  door = await listen(api.app.fetch, { host: '127.0.0.1', port: 0 }, bounds);
  port = Number(new URL(door.url).port);
});
afterAll(async () => {
  await door.close();
  await api.close();
});

interface Stranger {
  readonly socket: Socket;
  answer: string;
  closedAfterMs: number | null;
}

/** Opens a connection and sends a text; what comes back is gathered. */
async function send(text: string): Promise<Stranger> {
  const socket = connect(port, '127.0.0.1');
  const stranger: Stranger = { socket, answer: '', closedAfterMs: null };
  const startMs = performance.now();
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    stranger.answer += String(chunk);
  });
  socket.once('close', () => {
    stranger.closedAfterMs = performance.now() - startMs;
  });
  await once(socket, 'connect');
  socket.write(text);
  return stranger;
}

function head(headers: Record<string, string>): string {
  const lines = Object.entries({ host: 'origin', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const statusOf = ({ answer }: Stranger) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

test('X4: 60 bodies of 12 MiB that never come are refused by their headers, and take no memory', async () => {
  const bytes = String(12 * 1024 * 1024);
  const stale = { 'webhook-id': 'x', 'webhook-timestamp': '1000000000', 'webhook-signature': 'v1,AAAA' };
  const fresh = { ...stale, 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) };
  const kinds: [Record<string, string>, number][] = [
    [{}, 401],
    [stale, 401],
    // Who has no secret may send as much as one message is long, and no more.
    [fresh, 413],
    [{ ...fresh, 'atlas-body-bytes': bytes, 'atlas-head-signature': 'v1,AAAA' }, 401],
  ];
  const before = process.memoryUsage().rss;
  const strangers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => {
      const [headers] = kinds[n % kinds.length] ?? [{}];
      return send(`${head({ ...headers, 'content-length': bytes })}{"messages":[`);
    }),
  );
  await expect.poll(() => strangers.every(({ answer }) => answer !== ''), { timeout: 4_000 }).toBe(true);
  expect(strangers.map(statusOf)).toEqual(strangers.map((_, n) => kinds[n % kinds.length]?.[1]));
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  // Answered, they are closed, whatever they still hold back.
  await expect
    .poll(() => strangers.every(({ closedAfterMs }) => closedAfterMs !== null), { timeout: 5_000 })
    .toBe(true);
});

test('X4: what the edge has signed is taken, however large', async () => {
  const card = new SampleCard('door-1');
  card.authorize(1_000);
  const messages = [
    { id: 'm1', body: card.message() },
    ...Array.from({ length: 20 }, (_, n) => ({ id: `n${n}`, body: { about: 'x'.repeat(90_000) } })),
  ];
  const body = JSON.stringify({ messages });
  const signed = signCall(
    api.edge.secret,
    { method: 'POST', pathAndQuery: path, body },
    { id: newId('req'), at: new Date() },
  );
  const answer = await fetch(door.url + path, { method: 'POST', headers: signed, body });
  expect(answer.status).toBe(200);
  const { results } = (await answer.json()) as { results: { outcome: string }[] };
  expect(results).toHaveLength(21);
  expect(results[0]).toEqual({ id: 'm1', outcome: 'done' });
  // A byte more than was signed is not gathered.
  const longer = await fetch(door.url + path, { method: 'POST', headers: signed, body: `${body} ` });
  expect(longer.status).toBe(413);
});

test('X4: half-sent requests are closed within seconds, and nobody waits for them', async () => {
  const strangers = await Promise.all(
    Array.from({ length: 80 }, () => send('POST /settlements HTTP/1.1\r\nhost: x\r\n')),
  );
  const startMs = performance.now();
  expect((await fetch(`${door.url}/livez`)).status).toBe(200);
  expect(performance.now() - startMs).toBeLessThan(1_000);
  await expect
    .poll(() => strangers.every(({ closedAfterMs }) => closedAfterMs !== null), { timeout: 12_000 })
    .toBe(true);
  expect(Math.max(...strangers.map(({ closedAfterMs }) => closedAfterMs ?? 0))).toBeLessThan(10_000);
});

test('X4: one address has so many connections and no more; headers have so many bytes', async () => {
  const open = await Promise.all(Array.from({ length: 110 }, () => send('')));
  await expect.poll(() => open.filter(({ closedAfterMs }) => closedAfterMs !== null).length).toBe(10);
  for (const { socket } of open) socket.destroy();
  await expect.poll(() => open.every(({ closedAfterMs }) => closedAfterMs !== null)).toBe(true);
  const large = await fetch(`${door.url}/livez`, { headers: { 'x-large': 'x'.repeat(20_000) } });
  expect(large.status).toBe(431);
});
