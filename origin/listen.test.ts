// Strangers with sockets: half a request, many connections, a body that never comes.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { signCall } from '../contracts/sign-call.ts';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { readRanges } from './api/http/client-address.ts';
import { connectionMetrics } from './connection-bounds.ts';
import { type Listening, listen } from './listen.ts';
import { SampleApi } from './testing/sample-api.ts';
import { SampleCard } from './testing/sample-card.ts';

const bounds = { CONNECTIONS_MAX: 200, CONNECTIONS_PER_ADDRESS_MAX: 100, TRUSTED_PROXIES: [] };
const path = '/internal/card-events';

let api: SampleApi;
let door: Listening;
const registry = new Registry();
let port: number;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  door = await listen(api.app.fetch, { host: '127.0.0.1', port: 0 }, bounds, connectionMetrics(registry)('outer'));
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
  /** As ECONNRESET: what a client library would show instead of the answer. */
  error: string | null;
}

/** Opens a connection and sends a text; what comes back is gathered. */
async function send(text: string): Promise<Stranger> {
  const socket = connect(port, '127.0.0.1');
  const stranger: Stranger = { socket, answer: '', closedAfterMs: null, error: null };
  const startMs = performance.now();
  socket.on('error', (error: NodeJS.ErrnoException) => {
    stranger.error = error.code ?? error.message;
  });
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

test('X4: one address has so many connections and no more, which the others are told; headers have so many bytes', async () => {
  const open = await Promise.all(
    Array.from({ length: 110 }, () => send('GET /livez HTTP/1.1\r\nhost: origin\r\n\r\n')),
  );
  await expect.poll(() => open.every(({ answer }) => answer.includes('\r\n\r\n'))).toBe(true);
  await expect.poll(() => open.filter(({ closedAfterMs }) => closedAfterMs !== null).length).toBe(10);
  const refused = open.filter((stranger) => statusOf(stranger) === 503);
  expect(refused).toHaveLength(10);
  for (const { answer, error, closedAfterMs } of refused) {
    expect(answer).toMatch(/retry-after: 1\r\n.*"error_code":"too_many_connections"/s);
    // Its request has not been served as well.
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect([error, closedAfterMs]).toEqual([null, expect.any(Number)]);
  }
  expect(open.filter((stranger) => statusOf(stranger) === 200)).toHaveLength(100);
  for (const { socket } of open) socket.destroy();
  await expect.poll(() => open.every(({ closedAfterMs }) => closedAfterMs !== null)).toBe(true);
  // Each of them is counted, and by which bound.
  expect(await countsOf(registry)).toEqual({ 'address yes': 10 });
  const large = await fetch(`${door.url}/livez`, { headers: { 'x-large': 'x'.repeat(20_000) } });
  expect(large.status).toBe(431);
});

/** Refused connections so far, as `bound answered` and how many. */
async function countsOf(of: Registry): Promise<Record<string, number>> {
  const { values = [] } = (await of.getSingleMetric('connections_refused_total')?.get()) ?? {};
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels['bound']} ${labels['answered']}`, value]));
}

test('X4: beyond all connections, and those being answered, one is closed without an answer and counted', async () => {
  const narrow = { ...bounds, CONNECTIONS_MAX: 1 };
  const refusedAtFull = new Registry();
  const at = { host: '127.0.0.1', port: 0 };
  const full = await listen(api.app.fetch, at, narrow, connectionMetrics(refusedAtFull)('inner'));
  // They keep their half open after the answer, so that none of the hundred answers is over when the last connection comes.
  const options = { port: Number(new URL(full.url).port), host: '127.0.0.1', allowHalfOpen: true };
  const sockets = Array.from({ length: 140 }, () => connect(options).on('error', () => {}));
  await expect.poll(() => countsOf(refusedAtFull)).toEqual({ 'all yes': 100, 'all no': 39 });
  for (const socket of sockets) socket.destroy();
  await full.close();
});

const answersOf = ({ answer }: Stranger) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
const post = (bytes: number) =>
  `POST /settlements HTTP/1.1\r\nhost: origin\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;

test('a call that is refused before its body has come is answered, and its connection serves the next call', async () => {
  const bytes = 200_000;
  const slow = await send(`${post(bytes)}${'x'.repeat(bytes / 2)}`);
  await expect.poll(() => answersOf(slow)).toEqual([401]);
  // A slow line: the rest of the body is still under way for a while.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  slow.socket.write(`${'x'.repeat(bytes / 2)}GET /livez HTTP/1.1\r\nhost: origin\r\n\r\n`);
  await expect.poll(() => answersOf(slow), { timeout: 4_000 }).toEqual([401, 200]);
  expect([slow.error, slow.closedAfterMs]).toEqual([null, null]);
  slow.socket.destroy();
});

test('a body that is far too large is answered before the connection closes, and the answer says that it does', async () => {
  const large = await send(post(8_000_000));
  for (let n = 0; n < 8; n++) {
    large.socket.write('x'.repeat(100_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await expect.poll(() => large.closedAfterMs, { timeout: 4_000 }).not.toBe(null);
  expect(answersOf(large)).toEqual([401]);
  expect(large.answer).toMatch(/connection: close/i);
  expect(large.error).toBe(null);
});

test('behind our own proxies an idle connection is kept for longer than proxies keep theirs', async () => {
  const behind = await listen(
    api.app.fetch,
    { host: '127.0.0.1', port: 0 },
    { ...bounds, TRUSTED_PROXIES: readRanges('127.0.0.0/8') },
  );
  const [ofProxy, ofStranger] = await Promise.all([fetch(`${behind.url}/livez`), fetch(`${door.url}/livez`)]);
  expect(ofProxy.headers.get('keep-alive')).toBe('timeout=120');
  expect(ofStranger.headers.get('keep-alive')).toBe('timeout=5');
  await Promise.all([ofProxy.text(), ofStranger.text()]);
  await behind.close();
});
