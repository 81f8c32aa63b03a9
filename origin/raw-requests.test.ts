// Requests that no client library would write: TRACE, and those that say two things about where they end (request smuggling). What
// Cloudflare makes of them before they come here is not shown.

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Listening } from './listen.ts';
import { exchangeRaw, openSampleDoor, statusesOf } from './testing/raw-exchange.ts';
import type { SampleApi } from './testing/sample-api.ts';

let api: SampleApi;
let door: Listening;
beforeAll(async () => {
  ({ api, door } = await openSampleDoor());
});
afterAll(async () => {
  await door.close();
  await api.close();
});

const exchange = (text: string) => exchangeRaw(door.url, text);

test('TRACE is served nowhere, and repeats no header', async () => {
  for (const path of ['/', '/livez', '/cards', '/docs']) {
    const headers = `host: x\r\nconnection: close\r\nauthorization: Bearer ${api.apiKey}\r\ncookie: a-secret-of-a-proxy\r\n`;
    const answer = await exchange(`TRACE ${path} HTTP/1.1\r\n${headers}\r\n`);
    const [status = 0, ...more] = statusesOf(answer);
    expect(more).toEqual([]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(answer).not.toContain('a-secret-of-a-proxy');
    expect(answer).not.toContain(api.apiKey);
  }
});

test('a body whose caller breaks off is no failure of ours', async () => {
  const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const head = `POST /settlements HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.apiKey}\r\n`;
  socket.write(
    `${head}content-type: application/json\r\nidempotency-key: broken-off\r\ncontent-length: 500\r\n\r\n{"a":`,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await closed;
  // The request itself has been heard by then: it is a refusal of the caller's, and a failure would be logged.
  await vi.waitFor(async () => {
    const metrics = await (await api.app.request('/metrics')).text();
    expect(metrics).toContain(
      'http_server_request_duration_seconds_count{http_response_status_code="400",route="/settlements",method="POST"} 1\n',
    );
    expect(metrics).toContain('app_exceptions_total 0');
  });
});

const hidden = 'GET /livez HTTP/1.1\r\nhost: hidden\r\nconnection: close\r\n\r\n';

test('what is not hidden is answered: two requests one after the other', async () => {
  const answer = await exchange(`GET /readyz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n${hidden}`);
  expect(statusesOf(answer)).toEqual([200, 200]);
});

test.each<[string, string, string, boolean?]>([
  ['both a length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${hidden}`],
  ['two different lengths', `content-length: 0\r\ncontent-length: ${hidden.length}\r\n`, hidden],
  ['two lengths in one header', `content-length: 0, ${hidden.length}\r\n`, hidden],
  ['a length with a sign', 'content-length: +0\r\n', hidden],
  ['a length that is no number', 'content-length: 0x0\r\n', hidden],
  ['a space before the colon', 'transfer-encoding : chunked\r\n', `0\r\n\r\n${hidden}`],
  ['chunks that are not the last encoding', 'transfer-encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`],
  ['a folded header', 'x-a: b\r\n transfer-encoding: chunked\r\n', `0\r\n\r\n${hidden}`],
  ['a chunk size with something behind it', 'transfer-encoding: chunked\r\n', `0 x\r\n\r\n${hidden}`, true],
])('%s: refused, and what is hidden behind it is not answered', async (_, headers, rest, isLate = false) => {
  const answer = await exchange(`GET /readyz HTTP/1.1\r\nhost: x\r\n${headers}\r\n${rest}`);
  // Where chunks turn out to be wrong only after the head, the first request may have been answered; the hidden one never is.
  const statuses = statusesOf(answer);
  expect(statuses.at(-1)).toBe(400);
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(isLate ? 1 : 0);
});

const close = 'connection: close\r\n';

describe('a path that can be read in two ways', () => {
  const up = [
    '/livez/../settlements',
    '/./livez',
    '/livez/.',
    '/livez/..',
    '/%2e%2e/livez',
    '/x/%2E./livez',
    '/.%2e',
    '/%252e%252e/livez',
    '/../../livez',
  ];
  const signs = [
    '//livez',
    '/livez//',
    '/livez;x=1',
    '/livez;',
    '/settlements%2flivez',
    '/settlements%2Flivez',
    '/settlements%5clivez',
  ];
  const more = [
    '/settlements%252flivez',
    '/livez%00',
    '/livez%0d%0aset-cookie:x',
    '/livez%3bx',
    '/livez%7f',
    'http://x/../livez',
    'http://x//livez',
    '/livez#x',
  ];
  test.each([...up, ...signs, ...more])('%j is refused, with a key and without one', async (path) => {
    for (const key of ['', `authorization: Bearer ${api.apiKey}\r\n`]) {
      const answer = await exchange(`GET ${path} HTTP/1.1\r\nhost: x\r\n${key}${close}\r\n`);
      expect(statusesOf(answer)).toEqual([400]);
      expect(answer).toContain('head_ambiguous');
    }
  });

  test('one with backslashes is refused by the server that reads it', async () => {
    const answer = await exchange(`GET /settlements\\..\\livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`);
    expect(statusesOf(answer)).toEqual([400]);
  });

  const plain = [
    '/livez',
    '/livez?a=../b//c;d%2f..\\',
    'http://x/livez',
    '/livez?',
    '/.well-known/security.txt',
    '/settlements/..x',
  ];
  test.each(plain)('%j is not', async (path) => {
    const answer = await exchange(`GET ${path} HTTP/1.1\r\nhost: x\r\n${close}\r\n`);
    expect(answer).not.toContain('head_ambiguous');
    expect(statusesOf(answer)).toHaveLength(1);
  });
});

describe('a head that says two things', () => {
  const post = `POST /settlements HTTP/1.1\r\n${close}content-length: 2\r\ncontent-type: application/json\r\n`;
  test.each<[string, string]>([
    ['two hosts', `GET /livez HTTP/1.1\r\nhost: x\r\nHost: y\r\n${close}\r\n`],
    ['one host twice', `GET /livez HTTP/1.1\r\nhost: x\r\nhost: x\r\n${close}\r\n`],
    ['a host, and another in the path', `GET http://y/livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`],
    [
      'two keys',
      `GET /livez HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\nAuthorization: Bearer b\r\n${close}\r\n`,
    ],
    ['two types', `${post}host: x\r\ncontent-type: text/plain\r\n\r\n{}`],
    ['two idempotency keys', `${post}host: x\r\nidempotency-key: a\r\nidempotency-key: b\r\n\r\n{}`],
    [
      'an encoding before the chunks',
      `GET /livez HTTP/1.1\r\nhost: x\r\n${close}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s: 400, and why', async (_, text) => {
    const answer = await exchange(text);
    expect(statusesOf(answer)).toEqual([400]);
    expect(answer).toContain('head_ambiguous');
  });

  const encodings = [
    'chunked, chunked',
    'identity',
    'xchunked',
    '\x0bchunked',
    'gzip',
    '',
    '"chunked"',
    'chunked;q=1',
    'chunked\r\ntransfer-encoding: chunked',
    'chunked, gzip',
  ];
  test.each(encodings)('transfer-encoding: %j is refused', async (encoding) => {
    const answer = await exchange(
      `GET /readyz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: ${encoding}\r\n\r\n0\r\n\r\n${hidden}`,
    );
    expect(statusesOf(answer)).toEqual([400]);
  });

  test.each(['content-length: 99', 'authorization: Bearer x', 'host: y'])(
    '%s behind the chunks changes nothing',
    async (trailer) => {
      const answer = await exchange(
        `GET /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${trailer}\r\n\r\n${hidden}`,
      );
      expect([[400], [200, 200], [200, 400]]).toContainEqual(statusesOf(answer));
      expect(answer).not.toContain('\r\nhost: y');
    },
  );
});
