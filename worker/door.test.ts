// The gateway's requests are answered without the router. Whoever is sent through it (by a query, say) gets the same answer.

import { env, exports } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { profile } from '../core/testing/samples.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import worker from './index.ts';
import { basic, call, cardAt, nativeSignature, newToken } from './testing/calls.ts';

const path = '/networks/marqeta/gateway';

/** All of an answer that depends on what was sent. */
async function answerAt(at: string, init: RequestInit) {
  const answer = await call(at, { method: 'POST', headers: basic(), ...init });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: text.replace(/"request_id":"req_\w+"/, '"request_id":""'),
  };
}

describe('a request of the gateway, by the router and without it', () => {
  test('is decided once, and answered with the same bytes', async () => {
    const cardToken = newToken();
    await cardAt('marqeta', cardToken).putProfile(profile());
    const body = gatewayMessage({ cardToken, amount: '10.25' });
    const direct = await answerAt(path, { body });
    expect(direct.status).toBe(200);
    expect(await answerAt(`${path}?by=router`, { body })).toEqual(direct);
    expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ held_minor: 1025, last_sequence: 2 });
  });

  test.each<[why: string, status: number, init: RequestInit]>([
    ['without credentials', 401, { headers: {}, body: '{}' }],
    ['no JSON', 400, { body: '{' }],
    ['too large', 413, { body: 'x'.repeat(2_000_000) }],
    ['card data in it', 422, { body: '{"pan":"x"}' }],
    ['no object', 422, { body: '[]' }],
    ['unreadable', 402, { body: gatewayMessage({ cardToken: 'card-1', amount: '"much"' }) }],
  ])('%s is refused alike', async (_, status, init) => {
    const direct = await answerAt(path, init);
    expect(direct.status).toBe(status);
    expect(await answerAt(`${path}?by=router`, init)).toEqual(direct);
  });
});

// What goes up (`..`) or has a backslash is resolved by the platform, before there is a request here.
test.each([
  '//networks/marqeta/gateway',
  '/networks//marqeta/gateway',
  `${path};x`,
  `${path}%00`,
  '/networks%2fmarqeta%2fgateway',
  '/networks/%6darqeta;/gateway',
])('%s is no path of the gateway: nothing is decided', async (other) => {
  const cardToken = newToken();
  await cardAt('marqeta', cardToken).putProfile(profile());
  expect((await answerAt(other, { body: gatewayMessage({ cardToken, amount: '10.25' }) })).status).toBe(404);
  expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ last_sequence: 1 });
});

test.each([
  ['Basic', 200],
  ['basic', 200],
  ['BASIC', 200],
  ['Bearer', 401],
  ['Basic ', 401],
])(
  'the scheme %j of Basic credentials is %i: its case says nothing (RFC 9110 section 11.1)',
  async (scheme, status) => {
    const authorization = String(basic()['authorization']).replace('Basic', scheme);
    const ping = { method: 'POST', headers: { authorization }, body: '{"pings":[{}]}' };
    expect((await call('/networks/marqeta/webhook', ping)).status).toBe(status);
  },
);

test.each<[at: string, method: string]>([
  [`/elsewhere${path}`, 'POST'],
  [`/${path}`, 'POST'],
  [`${path}/more`, 'POST'],
  ['/?to=/networks/marqeta/gateway', 'POST'],
])('%s by %s is no path of the gateway', async (at, method) => {
  const answer = await call(at, { method, headers: basic(), body: '{}' });
  expect([answer.status, (await answer.json<{ error_code: string }>()).error_code]).toEqual([404, 'route_not_found']);
});

test.each<[at: string, method: string, allow: string]>([
  [path, 'GET', 'POST, OPTIONS'],
  [path, 'PUT', 'POST, OPTIONS'],
  [`${path}?by=router`, 'DELETE', 'POST, OPTIONS'],
  ['/networks/marqeta/webhook', 'GET', 'POST, OPTIONS'],
  ['/livez', 'POST', 'GET, HEAD, OPTIONS'],
  ['/readyz', 'DELETE', 'GET, HEAD, OPTIONS'],
])('%s by %s is 405, and Allow names what it takes: %s', async (at, method, allow) => {
  const answer = await call(at, { method, headers: basic() });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  expect((await answer.json<{ error_code: string }>()).error_code).toBe('method_not_allowed');
  const options = await call(at, { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allow, '']);
});

test('what only the origin may see names no method to anybody else', async () => {
  for (const method of ['POST', 'OPTIONS']) {
    const answer = await call('/internal/cards/native/card-1', { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([401, null]);
  }
});

test('health says what time it is here: atlas doctor compares it with its own', async () => {
  const before = Math.floor(Date.now() / 1_000) * 1_000;
  for (const at of ['/livez', '/readyz']) {
    const said = Date.parse((await call(at, {})).headers.get('date') ?? '');
    expect(said).toBeGreaterThanOrEqual(before);
    expect(said).toBeLessThanOrEqual(Date.now());
  }
});

test('HEAD is answered as GET is, without its body', async () => {
  const [head, get] = [await call('/readyz', { method: 'HEAD' }), await call('/readyz', {})];
  expect([head.status, await head.text()]).toEqual([get.status, '']);
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
});

describe('every answer of the edge', () => {
  const body = '{}';
  const answers: readonly [what: string, status: number, at: string, init: RequestInit][] = [
    ['health', 200, '/livez', {}],
    ['readiness', 200, '/readyz', {}],
    [
      'a decision',
      402,
      path,
      { method: 'POST', headers: basic(), body: gatewayMessage({ cardToken: newToken(), amount: '1' }) },
    ],
    ['a refusal of the gateway', 401, path, { method: 'POST', body }],
    ['a refusal through the router', 401, '/networks/native/authorizations', { method: 'POST', body }],
    ['a webhook', 200, '/networks/marqeta/webhook', { method: 'POST', headers: basic(), body }],
    ['an unsigned call of the inside', 401, '/internal/stand-in/native', {}],
    ['nothing', 404, '/nowhere', {}],
    ['another method', 405, '/livez', { method: 'DELETE' }],
    ['options', 204, '/livez', { method: 'OPTIONS' }],
  ];

  test.each(answers)(
    'is kept by nobody, read as no other type, and by https only: %s (%d)',
    async (_, status, at, init) => {
      const { headers, status: answered } = await call(at, init);
      expect(answered).toBe(status);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
      const type = status < 400 || status === 402 ? 'application/json' : 'application/problem+json';
      expect(headers.get('content-type')).toBe(status === 204 ? null : type);
    },
  );

  test.each(answers)('lets no page of another place read it, nor ask for more: %s', async (_, __, at, init) => {
    const origin = { origin: 'https://elsewhere.example' };
    const preflight = {
      ...origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const asked = await call(at, { ...init, headers: { ...init.headers, ...origin } });
    const before = await call(at, { method: 'OPTIONS', headers: preflight });
    for (const { headers } of [asked, before])
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('over plain http says nothing of https, which nobody would believe', async () => {
    const answer = await exports.default.fetch(new Request('http://edge.test/livez'));
    expect(answer.headers.get('strict-transport-security')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('TRACE is served nowhere, and repeats no header', async () => {
    // The standard's Request refuses the method; what comes over a wire is not made by it.
    const traced = {
      method: 'TRACE',
      url: 'https://edge.test/livez',
      headers: new Headers({ cookie: 'a-secret-of-a-proxy' }),
    };
    const answer = await worker.fetch(traced as unknown as Request, env, {} as ExecutionContext);
    const text = await answer.text();
    expect(answer.status).toBe(405);
    expect(text + JSON.stringify([...answer.headers])).not.toContain('a-secret-of-a-proxy');
  });
});

describe('a body under an encoding, which no reader here undoes', () => {
  const paths = [
    path,
    '/networks/marqeta/webhook',
    ...['authorizations', 'messages', 'voids'].map((at) => `/networks/native/${at}`),
  ];
  test.each(paths)('%s: 415', async (at) => {
    const known = at.startsWith('/networks/native') ? nativeSignature('{}') : basic();
    for (const encoding of ['gzip', 'br', 'GZIP', 'gzip, identity', 'identity, gzip', 'nonsense']) {
      const headers = { ...known, 'content-encoding': encoding };
      const answer = await call(at, { method: 'POST', body: '{}', headers });
      expect([encoding, answer.status, await answer.json()]).toMatchObject([
        encoding,
        415,
        { error_code: 'content_encoding_unsupported' },
      ]);
    }
    const headers = { ...known, 'content-encoding': 'Identity' };
    expect((await call(at, { method: 'POST', body: '{}', headers })).status).not.toBe(415);
  });
});
