// What is said of a path's methods, and to whom: 405 with `Allow`, OPTIONS, HEAD, a preflight of CORS, https, and the way from `/`.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { operationsOf, someId } from '../../testing/sample-operations.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
let api: SampleApi;
let apart: SampleApi;
beforeAll(async () => {
  const url = await createTestDatabase();
  world = await SampleWorld.start(url, { TRUSTED_PROXIES: '10.0.0.0/8' });
  api = world.api;
  apart = await SampleApi.start(url, { INNER_PORT: '0', DOCS: 'inner' });
});
afterAll(() => Promise.all([api.close(), apart.close()]));

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Every path of the document, with an id that nothing has, and the methods that it is documented with. */
async function documentedPaths(): Promise<Map<string, string[]>> {
  const paths = new Map<string, string[]>();
  for (const { path, method } of await operationsOf(world)) paths.set(path, [...(paths.get(path) ?? []), method]);
  return new Map([...paths].map(([path, taken]) => [path.replace(/\{\w+\}/g, someId('card')), taken]));
}

const allowOf = (answer: { headers: Headers }) => (answer.headers.get('allow') ?? '').split(', ').filter(Boolean);

describe('a method that a path does not take', () => {
  test('is 405, and Allow names those that it takes, as documented: every path, every method', async () => {
    const otherwise: string[] = [];
    for (const [path, taken] of await documentedPaths())
      for (const method of methods.filter((one) => !taken.includes(one))) {
        const answer = await api.call(method, path);
        if (answer.status !== 405) {
          otherwise.push(`${answer.status} ${method} ${path}`);
          continue;
        }
        expect(answer.body['error_code']).toBe('method_not_allowed');
        expect(allowOf(answer)).toEqual(expect.arrayContaining([...taken, 'OPTIONS']));
        expect(allowOf(answer)).not.toContain(method);
        expect(allowOf(answer).includes('HEAD')).toBe(allowOf(answer).includes('GET'));
      }
    // This address is also where a dead letter of that id would be.
    expect(otherwise).toEqual(['404 GET /settlement-dead-letters/replay']);
  });

  test.each([
    ['/livez', 'GET, HEAD, OPTIONS'],
    ['/health', 'GET, HEAD, OPTIONS'],
    ['/docs', 'GET, HEAD, OPTIONS'],
    ['/', 'GET, HEAD, OPTIONS'],
    ['/provider-webhooks/stripe', 'POST, OPTIONS'],
  ])('of a path that is open to everybody needs no key: %s', async (path, allow) => {
    const answer = await api.app.request(path, { method: 'PUT' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(((await answer.json()) as { error_code: string }).error_code).toBe('method_not_allowed');
  });

  test('says nothing of a path to who has no key', async () => {
    for (const method of ['PUT', 'OPTIONS'])
      for (const path of ['/settlements', '/nowhere']) {
        const answer = await api.app.request(path, { method });
        expect([answer.status, answer.headers.get('allow')]).toEqual([401, null]);
      }
  });

  test('is 404 where there is nothing by any method', async () => {
    for (const method of ['PUT', 'OPTIONS', 'GET'])
      expect(await api.call(method, '/nowhere')).toMatchObject({
        status: 404,
        body: { error_code: 'route_not_found' },
      });
  });
});

test('OPTIONS is answered with the methods, and nothing else: every path', async () => {
  for (const [path, taken] of await documentedPaths()) {
    const answer = await api.call('OPTIONS', path);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(allowOf(answer)).toEqual(expect.arrayContaining([...taken, 'OPTIONS']));
  }
});

test('HEAD is answered as GET is, without its body, and needs the same key', async () => {
  for (const path of ['/cards', '/docs', '/livez', '/']) {
    const [head, get] = [await api.call('HEAD', path), await api.call('GET', path)];
    expect([path, head.status, head.text]).toEqual([path, 200, '']);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  }
  expect((await api.app.request('/cards', { method: 'HEAD' })).status).toBe(401);
});

describe('CORS', () => {
  test.each(['/cards', '/settlements', '/docs', '/openapi.json', '/livez', '/', '/nowhere'])(
    'no page of another place may read %s, or ask for more',
    async (path) => {
      const origin = { origin: 'https://elsewhere.example' };
      const preflight = {
        ...origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      };
      const answers = [
        // A browser sends no key with its preflight; a page that has one sends it with the request.
        await api.app.request(path, { method: 'OPTIONS', headers: preflight }),
        await api.call('OPTIONS', path, undefined, preflight),
        await api.call('GET', path, undefined, origin),
        await api.call('POST', path, {}, origin),
      ];
      for (const { headers } of answers)
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );
});

describe('Strict-Transport-Security', () => {
  const sentBy = async (remoteAddress: string, proto?: string, path = '/cards') => {
    const headers = { ...(proto === undefined ? {} : { 'x-forwarded-proto': proto }) };
    const env = { incoming: { socket: { remoteAddress } } };
    const answer = await api.app.request(path, { headers }, env);
    return answer.headers.get('strict-transport-security');
  };

  test('is sent with every answer to what came by https through a proxy of ours', async () => {
    for (const path of ['/cards', '/docs', '/livez', '/nowhere'])
      expect(await sentBy('10.0.0.7', 'https', path)).toBe('max-age=31536000; includeSubDomains');
    expect(await sentBy('::ffff:10.0.0.7', 'http, HTTPS')).toBe('max-age=31536000; includeSubDomains');
  });

  test.each([
    ['by http through it', '10.0.0.7', 'http'],
    ['where the proxy does not say', '10.0.0.7', undefined],
    ['on the word of a stranger', '192.0.2.1', 'https'],
  ])('is not sent %s', async (_, address, proto) => {
    expect(await sentBy(address, proto)).toBeNull();
  });
});

describe('/', () => {
  const get = (of: SampleApi, accept?: string) =>
    of.app.request('/', { ...(accept === undefined ? {} : { headers: { accept } }) });

  test('leads a browser to the page of the API', async () => {
    const answer = await get(api, 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');
    expect([answer.status, answer.headers.get('location'), answer.headers.get('vary')]).toEqual([
      302,
      '/docs',
      'Accept',
    ]);
  });

  test('gives a program the addresses that there are', async () => {
    for (const accept of [undefined, '*/*', 'application/json']) {
      const answer = await get(api, accept);
      const body = (await answer.json()) as Record<string, string>;
      expect([answer.status, body]).toEqual([
        200,
        { service: 'atlas', livez: '/livez', readyz: '/readyz', docs: '/docs', openapi: '/openapi.json' },
      ]);
      for (const path of [body['livez'], body['readyz'], body['docs'], body['openapi']])
        expect((await api.app.request(path ?? '')).status).toBe(200);
    }
  });

  test('names no page where it is kept to the inner door', async () => {
    const answer = await get(apart, 'text/html');
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { service: 'atlas', livez: '/livez', readyz: '/readyz' },
    ]);
  });
});

test('a request is counted under the route that answered it, where several fit its path', async () => {
  expect((await api.call('GET', '/open-items/counts')).status).toBe(200);
  const metrics = (await api.call('GET', '/metrics')).text;
  const counted = (route: string) =>
    metrics.includes(`_count{http_response_status_code="200",route="${route}",method="GET"}`);
  expect([counted('/open-items/counts'), counted('/open-items/:open_item_id')]).toEqual([true, false]);
});
