// Which route answers, with what it is told, and who is asked before.

import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Env } from './env.ts';
import { Routes, routed } from './router.ts';

const guarded = new Routes<{ user: string }>()
  .use((context) => {
    if (context.req.header('authorization') === undefined) throw new Error('who are you?');
    context.set('user', 'someone');
  })
  .on('GET', '/cards/:network/:token', (context) => context.json({ ...context.req.param(), user: context.get('user') }))
  .on('GET', '/cards/:network/:token/events', (context) => context.json(context.req.query(), 409));
const open = new Routes<{ user: string }>()
  .on('GET', '', (context) => context.json({ path: context.req.path }))
  .on('POST', '/unset', (context) => context.json(context.get('user')));

const fetch = routed(
  { '/open': open, '/guarded': guarded },
  {
    notFound: () => new Response('nothing', { status: 404 }),
    failed: (error, route) => new Response(`${route}: ${String(error)}`, { status: 500 }),
  },
);

async function ask(method: string, path: string, headers: Record<string, string> = { authorization: 'x' }) {
  const request = new Request(`https://edge.test${path}`, { method, headers });
  const answer = await fetch(request, env as unknown as Env, {} as ExecutionContext);
  return [answer.status, await answer.text()];
}

test.each([
  ['GET', '/open', 200, '{"path":"/open"}'],
  ['GET', '/open?a=1', 200, '{"path":"/open"}'],
  ['HEAD', '/open', 200, ''],
  ['GET', '/guarded/cards/native/a%20b', 200, '{"network":"native","token":"a b","user":"someone"}'],
  ['GET', '/guarded/cards/native/%E0%A4', 200, '{"network":"native","token":"%E0%A4","user":"someone"}'],
  ['GET', '/guarded/cards/native/t/events?after=1&after=2&x=%00', 409, '{"x":"\\u0000","after":"1"}'],
  ['POST', '/open', 404, 'nothing'],
  ['GET', '/open/', 404, 'nothing'],
  ['GET', '/opened', 404, 'nothing'],
  ['GET', '/', 404, 'nothing'],
  ['GET', '/guarded/cards/native/', 404, 'nothing'],
  ['GET', '/guarded/cards/native', 404, 'nothing'],
  ['GET', '/guarded/cards/native/t/events/more', 404, 'nothing'],
])('%s %s: %d', async (method, path, status, text) => {
  expect(await ask(method, path)).toEqual([status, text]);
});

test('the guard is asked first, where there is no route too, and what it throws is told with the route', async () => {
  expect(await ask('GET', '/guarded/cards/n/t', {})).toEqual([
    500,
    '/guarded/cards/:network/:token: Error: who are you?',
  ]);
  expect(await ask('GET', '/guarded/elsewhere', {})).toEqual([500, ': Error: who are you?']);
});

test('a handler that asks for what no guard has set fails', async () => {
  expect(await ask('POST', '/open/unset')).toEqual([500, '/open/unset: Error: no guard has set user']);
});
