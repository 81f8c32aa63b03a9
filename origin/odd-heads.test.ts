// Request lines, heads and encodings of bodies that no client writes: each is refused, or answered as if what is odd were not there, and none is
// served as something that another reader would not see.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
const close = 'connection: close\r\n';

describe('a request line or a head that no client writes', () => {
  const versions = [
    'HTTP/2.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/3.0',
    'HTTP/9.9',
    'HTTP/1',
    'HTTP/01.1',
    'HTTP/1.10',
    'HTTP/+1.1',
    'http/1.1',
    'HTTPS/1.1',
    'ICE/1.0',
    'HTTP/1,1',
    'HTTP/',
    '',
  ];
  test.each(versions)('version %j is refused', async (version) => {
    const answer = await exchange(`GET /livez ${version}\r\nhost: x\r\n${close}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|505) /);
    expect(answer).not.toContain('"ok"');
  });

  test.each<[string, string]>([
    ['no host', `GET /livez HTTP/1.1\r\n${close}\r\n`],
    ['an empty host', `GET /livez HTTP/1.1\r\nhost: \r\n${close}\r\n`],
    ['a host with a path', `GET /livez HTTP/1.1\r\nhost: x/y\r\n${close}\r\n`],
    ['a host with a login', `GET /livez HTTP/1.1\r\nhost: a@x\r\n${close}\r\n`],
    ['two hosts in one header', `GET /livez HTTP/1.1\r\nhost: x, y\r\n${close}\r\n`],
    ['a host with a space', `GET /livez HTTP/1.1\r\nhost: x y\r\n${close}\r\n`],
    ['a method in small letters', `get /livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`],
    ['a method that nobody knows', `FETCH /livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a path without its slash', `GET livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`],
    ['two paths', `GET /livez /readyz HTTP/1.1\r\nhost: x\r\n${close}\r\n`],
    ['line feeds alone', 'GET /livez HTTP/1.1\nhost: x\nconnection: close\n\n'],
    ['a carriage return alone in a value', `GET /livez HTTP/1.1\r\nhost: x\r\nx-a: b\rc: d\r\n${close}\r\n`],
    ['NUL in a value', `GET /livez HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n${close}\r\n`],
    ['a name with a space', `GET /livez HTTP/1.1\r\nhost: x\r\nx a: b\r\n${close}\r\n`],
    ['a header without a name', `GET /livez HTTP/1.1\r\nhost: x\r\n: b\r\n${close}\r\n`],
    ['a line that is no header', `GET /livez HTTP/1.1\r\nhost: x\r\nhello\r\n${close}\r\n`],
    [
      'one length twice',
      `POST /settlements HTTP/1.1\r\nhost: x\r\n${close}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`,
    ],
    ['a length of spaces', `POST /settlements HTTP/1.1\r\nhost: x\r\n${close}content-length:  \r\n\r\n`],
    [
      'a length beyond all numbers',
      `POST /settlements HTTP/1.1\r\nhost: x\r\n${close}content-length: 99999999999999999999999\r\n\r\n`,
    ],
    [
      'chunks in HTTP/1.0',
      `POST /settlements HTTP/1.0\r\nhost: x\r\n${close}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a head that is too large', `GET /livez HTTP/1.1\r\nhost: x\r\nx-a: ${'b'.repeat(20_000)}\r\n${close}\r\n`],
  ])('%s is refused', async (_, text) => {
    const answer = await exchange(text);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('"ok"');
  });

  test.each<[string, string, number]>([
    ['a version of before', `GET /livez HTTP/1.0\r\n${close}\r\n`, 200],
    ['a range, which no answer has', `GET /livez HTTP/1.1\r\nhost: x\r\nrange: bytes=0-1\r\n${close}\r\n`, 200],
    [
      'an upgrade that nobody takes',
      `GET /livez HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nconnection: upgrade, close\r\n\r\n`,
      200,
    ],
    [
      'an expectation that nobody meets',
      `POST /settlements HTTP/1.1\r\nhost: x\r\n${close}expect: a-wonder\r\ncontent-length: 2\r\n\r\n{}`,
      417,
    ],
    ['a method that is asked of no path', `PROPFIND /livez HTTP/1.1\r\nhost: x\r\n${close}\r\n`, 405],
    ['a host as IPv6 has it', `GET /livez HTTP/1.1\r\nhost: [::1]:8788\r\n${close}\r\n`, 200],
  ])('%s is answered as it may be', async (_, text, status) => {
    expect(statusesOf(await exchange(text))).toEqual([status]);
  });

  test('a tunnel is opened to nobody', async () => {
    expect(await exchange(`CONNECT example.net:443 HTTP/1.1\r\nhost: example.net:443\r\n${close}\r\n`)).not.toContain(
      ' 200 ',
    );
  });
});

describe('a body under an encoding that is not taken', () => {
  const send = (encoding: string, more = '') =>
    exchange(
      `POST /settlements HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.apiKey}\r\n${close}content-type: application/json\r\n` +
        `content-length: 2\r\n${encoding}${more}\r\n\r\n{}`,
    );
  test.each([
    'gzip',
    'br',
    'deflate',
    'x-gzip',
    'zstd',
    'GZIP',
    'gzip, identity',
    'identity, gzip',
    'identity\r\ncontent-encoding: gzip',
    'aes128gcm',
    'nonsense',
    'utf-8',
  ])('%j is 415, and said to be so', async (encoding) => {
    const answer = await send(`content-encoding: ${encoding}`);
    expect(statusesOf(answer)).toEqual([415]);
    expect(answer).toContain('content_encoding_unsupported');
  });

  test.each(['identity', 'Identity', '', 'identity, identity'])('%j is none', async (encoding) => {
    expect(await send(`content-encoding: ${encoding}`)).not.toContain('content_encoding_unsupported');
  });

  test('with no body it is of nothing', async () => {
    expect(
      statusesOf(await exchange(`GET /livez HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\n${close}\r\n`)),
    ).toEqual([200]);
  });

  test('a provider’s webhook and what the edge pushes are no exception', async () => {
    for (const path of ['/provider-webhooks/stripe', '/internal/card-events']) {
      const answer = await exchange(
        `POST ${path} HTTP/1.1\r\nhost: x\r\n${close}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}`,
      );
      expect([path, statusesOf(answer)]).toEqual([path, [415]]);
    }
  });
});
