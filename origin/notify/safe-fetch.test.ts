// What reaches a server and what does not: against real servers on this machine, with names that a test resolves.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createSafeFetch, type SafeFetch, type SafeFetchOptions } from './safe-fetch.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

interface Listening {
  readonly port: number;
  readonly paths: string[];
  connections: number;
}

async function listen(answer: RequestListener, address = '127.0.0.1', port = 0): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    listening.paths.push(request.url ?? '');
    request.resume();
    answer(request, response);
  });
  const listening: Listening = { port: 0, paths: [], connections: 0 };
  server.on('connection', () => {
    listening.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  open.push({ close: () => server.closeAllConnections() }, server);
  return Object.assign(listening, { port: (server.address() as AddressInfo).port });
}

function safeFetch(options: Partial<SafeFetchOptions> = {}): SafeFetch {
  const made = createSafeFetch({ development: true, ...options });
  open.push({ close: () => void made.close() });
  return made;
}

const post = { headers: { 'content-type': 'application/json' }, body: '{}' };

describe('a name that is bound to another address', () => {
  test('between look and call: the call goes to the address that was looked at', async () => {
    const good = await listen((_, response) => response.end('good'));
    const evil = await listen((_, response) => response.end('evil'), '127.0.0.2', good.port);
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let looks = 0;
    const fetch = safeFetch({ resolve: async () => answers[looks++] ?? [] });

    const reached = await fetch.post(`http://rebound.example:${good.port}/`, post);

    expect(reached).toMatchObject({ outcome: 'answered', status: 200 });
    expect({ looks, good: good.connections, evil: evil.connections }).toEqual({ looks: 1, good: 1, evil: 0 });
  });

  test('between two attempts: each attempt looks again, and what leads inside reaches nothing', async () => {
    const server = await listen((_, response) => response.end());
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['127.0.0.1', '10.0.0.1']];
    let looks = 0;
    const fetch = safeFetch({ resolve: async () => answers[looks++] ?? [] });
    const reached = [];
    for (let attempt = 0; attempt < 3; attempt++)
      reached.push(await fetch.post(`http://rebound.example:${server.port}/`, post));
    expect(reached).toMatchObject([
      { outcome: 'answered', status: 200 },
      { outcome: 'unreached', reason: 'address_refused' },
      { outcome: 'unreached', reason: 'address_refused' },
    ]);
    expect({ looks, paths: server.paths }).toEqual({ looks: 3, paths: ['/'] });
  });

  test('while a connection is kept: it is used only for an attempt whose look found its address', async () => {
    const first = await listen((_, response) => response.end());
    const second = await listen((_, response) => response.end(), '127.0.0.2', first.port);
    const answers = [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']];
    const fetch = safeFetch({ resolve: async () => answers.shift() ?? [] });
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await fetch.post(`http://moved.example:${first.port}/`, post)).toMatchObject({ status: 200 });
      // The connection is free again in the turn after its answer.
      await new Promise(setImmediate);
    }
    expect(first).toMatchObject({ connections: 1, paths: ['/', '/'] });
    expect(second).toMatchObject({ connections: 1, paths: ['/'] });
  });
});

test.each([301, 302, 303, 307, 308])('a %i is an answer, and nobody goes where it points', async (status) => {
  const inside = await listen((_, response) => response.end());
  const server = await listen((_, response) => {
    response.writeHead(status, { location: `http://127.0.0.1:${inside.port}/secrets` }).end();
  });
  expect(await safeFetch().post(`http://127.0.0.1:${server.port}/`, post)).toMatchObject({
    outcome: 'answered',
    status,
  });
  expect(inside.connections).toBe(0);
});

test('what is refused opens no connection', async () => {
  const inside = await listen((_, response) => response.end());
  const fetch = safeFetch({ development: false });
  for (const url of [`http://127.0.0.1:${inside.port}/`, `https://127.0.0.1:${inside.port}/`, 'https://[::1]/'])
    expect(await fetch.post(url, post)).toEqual({ outcome: 'unreached', reason: 'url_refused' });
  expect(inside.connections).toBe(0);
});

test('an answer is read as far as it is kept, and a huge one closes its connection', async () => {
  let written = 0;
  let closed = false;
  const server = await listen((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    const more = () => {
      written += 65_536;
      if (!closed && written < 200_000_000) response.write('x'.repeat(65_536), more);
    };
    more();
  });
  const reached = await safeFetch().post(`http://127.0.0.1:${server.port}/`, post);
  expect(reached).toMatchObject({ outcome: 'answered', status: 200, answerCut: true });
  expect(reached.outcome === 'answered' ? reached.answer.length : 0).toBe(1_024);
  await expect.poll(() => closed).toBe(true);
  expect(written).toBeLessThan(20_000_000);
});

test('a body that drips does not hold an attempt up: its status is known', async () => {
  const server = await listen((_, response) => {
    const drip = setInterval(() => response.write('.'), 50);
    response.on('close', () => clearInterval(drip));
  });
  const startedMs = performance.now();
  const reached = await safeFetch().post(`http://127.0.0.1:${server.port}/`, post);
  expect(reached).toMatchObject({ outcome: 'answered', status: 200, answerCut: true });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test('no answer is a timeout, from the look at the name to the status', async () => {
  const silent = await listen(() => {});
  const fetch = safeFetch({ timeoutMs: 300, resolve: () => new Promise(() => {}) });
  expect(await fetch.post(`http://127.0.0.1:${silent.port}/`, post)).toEqual({
    outcome: 'unreached',
    reason: 'timeout',
  });
  expect(await fetch.post('https://slow-name.example/', post)).toEqual({ outcome: 'unreached', reason: 'timeout' });
});

test('what went wrong has a stable name', async () => {
  const plain = await listen((_, response) => response.end());
  const gone = await listen(() => {});
  const malformed = await listen(({ socket }) => socket.end('HTTP/1.1 banana\r\n\r\n'));
  const fetch = safeFetch({ resolve: async (name) => (name === 'unknown.example' ? [] : ['127.0.0.1']) });
  const reason = async (url: string) => {
    const reached = await fetch.post(url, post);
    return reached.outcome === 'unreached' ? reached.reason : reached.status;
  };
  for (const thing of open.splice(2, 2)) thing.close();
  expect({
    unknown: await reason('https://unknown.example/'),
    tls: await reason(`https://plain.example:${plain.port}/`),
    refused: await reason(`http://127.0.0.1:${gone.port}/`),
    malformed: await reason(`http://127.0.0.1:${malformed.port}/`),
  }).toEqual({
    unknown: 'name_not_resolved',
    tls: 'tls_failed',
    refused: 'connection_failed',
    malformed: 'answer_malformed',
  });
});
