// Routes are found as they are declared, strangers learn nothing of what there is, and a path from outside is never a route's name.

import { expect, test } from 'vitest';
import { answerBy, callOf, group } from './router.ts';

const execution = {} as ExecutionContext;
const env = {} as Parameters<typeof callOf>[1];

const things = group('/things', () => 'given', {
  'GET /:kind/:id': (_, given, params) => Response.json({ given, ...params }),
  'PUT /:kind/:id': () => new Response(null, { status: 204 }),
  'GET /:kind/:id/parts': (_, _given, { id }) => Response.json({ partsOf: id }),
});
const closed = group(
  '/closed',
  () => {
    throw new Error('no signature');
  },
  { 'GET /door': () => new Response('open') },
);

async function ask(method: string, path: string) {
  const call = callOf(new Request(`https://edge.test${path}`, { method }), env, execution);
  const answer = await answerBy([things, closed], call, () => new Response('none', { status: 404 }));
  return { status: answer.status, text: await answer.text(), route: call.route };
}

test.each<[method: string, path: string, text: string]>([
  ['GET', '/things/a/b', '{"given":"given","kind":"a","id":"b"}'],
  ['GET', '/things/a/b/', '{"given":"given","kind":"a","id":"b"}'],
  ['GET', '/things/a/b?id=c', '{"given":"given","kind":"a","id":"b"}'],
  ['GET', '/things/a/b%2Fc%20d', '{"given":"given","kind":"a","id":"b/c d"}'],
  ['GET', '/things/a/100%', '{"given":"given","kind":"a","id":"100%"}'],
  ['GET', '/things/a/b/%70arts', '{"partsOf":"b"}'],
  ['HEAD', '/things/a/b', ''],
])('%s %s is found', async (method, path, text) => {
  expect(await ask(method, path)).toMatchObject({ status: 200, text });
});

test('the method chooses among routes of one path', async () => {
  expect(await ask('PUT', '/things/a/b')).toMatchObject({ status: 204, route: '/things/:kind/:id' });
  expect(await ask('DELETE', '/things/a/b')).toMatchObject({ status: 404 });
});

test.each(['/', '', '/thing/a/b', '/thingsa/b', '/things', '/things/a', '/things//b', '/things/a/b/parts/c'])(
  '%j is no route',
  async (path) => {
    expect(await ask('GET', path)).toMatchObject({ status: 404, text: 'none' });
  },
);

test('a group that refuses a stranger does so below its prefix wherever he asks, and names no path of his', async () => {
  for (const path of ['/closed', '/closed/door', '/closed/4111111111111111']) {
    const call = callOf(new Request(`https://edge.test${path}`), env, execution);
    await expect(answerBy([things, closed], call, () => new Response())).rejects.toThrow('no signature');
    expect(call.route).toBe('/closed/*');
  }
});
