// Several calls of the origin in one: each is answered as if it had come by itself.

import { expect, test, vi } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { profile } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { call, cardAt, internalSignature, newToken } from './testing/calls.ts';

const path = '/internal/calls';

async function post(calls: unknown, headers?: Record<string, string>) {
  const body = JSON.stringify(calls);
  const answer = await call(path, { method: 'POST', body, headers: headers ?? internalSignature('POST', path, body) });
  return { status: answer.status, body: await answer.json() };
}

const put = (token: string, of: unknown, query = '') => ({
  ...{ method: 'PUT', path: `/internal/cards/native/${token}${query}` },
  body: typeof of === 'string' ? of : JSON.stringify(of),
});

test('each is answered by itself, in its place: what is stored, stale, refused, unreadable, away, or asked for', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const tokens = Array.from({ length: 7 }, newToken) as [string, string, string, string, string, string, string];
  await post([put(tokens[1], profile({ version: 5 }))]);
  const original = CardObject.prototype.putProfile;
  vi.spyOn(CardObject.prototype, 'putProfile').mockImplementation(function (this: CardObject, given, booked) {
    if (given.version === 13) throw new Error('it is broken');
    return original.call(this, given, booked);
  });
  const { status, body } = await post([
    put(tokens[0], profile({ version: 2 }), '?after=6'),
    put(tokens[1], profile({ version: 4 })),
    put(tokens[2], { ...profile(), note: 1 }),
    put(tokens[3], '{"version":1'),
    put(tokens[4], profile({ version: 13 })),
    put(tokens[5], '{"version":1,"version":2}'),
    { method: 'GET', path: `/internal/cards/native/${tokens[1]}/events?after=0`, body: '' },
    { method: 'GET', path: '/internal/nothing', body: '' },
    put('a%2Fb', profile({ version: 3 })),
  ]);
  vi.restoreAllMocks();
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { status: 200, body: { outcome: 'stored', version: 2 } },
    { status: 409, body: { outcome: 'stale', version: 5 } },
    { status: 422, body: { details: [{ field: 'note' }] } },
    { status: 400, body: { error_code: 'body_malformed' } },
    { status: 503, body: { error_code: 'card_unavailable' } },
    { status: 422, body: { details: [{ field: 'version' }] } },
    { status: 200, body: { last_sequence: 1, events: [{ kind: 'profile' }] } },
    { status: 404, body: { error_code: 'route_not_found' } },
    { status: 200, body: { outcome: 'stored', version: 3 } },
  ]);
  expect(await cardAt('native', tokens[0]).read()).toMatchObject({ last_sequence: 7, profile: { version: 2 } });
  expect(await cardAt('native', 'a/b').read()).toMatchObject({ profile: { version: 3 } });
});

test.each([
  ['unsigned', () => ({})],
  ['signed for one of them', (body: string) => internalSignature('PUT', '/internal/cards/native/x', body)],
  ['signed over another body', () => internalSignature('POST', path, '[]')],
])('%s it is 401, and nothing is stored', async (_, headers) => {
  const token = newToken();
  const calls = [put(token, profile())];
  expect((await post(calls, headers(JSON.stringify(calls)))).status).toBe(401);
  expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 0 });
});

test('a hundred, of more bytes than any other caller may send; one more, or one that changes anything else, is 422', async () => {
  const many = Array.from({ length: limits.batchDirectMax }, () =>
    put(newToken(), profile({ controls: [blocked(Array.from({ length: 120 }, (_, code) => `${1000 + code}`))] })),
  );
  expect(JSON.stringify(many).length).toBeGreaterThan(limits.bodyBytesMax);
  const { status, body } = await post(many);
  expect([status, body]).toMatchObject([200, many.map(() => ({ status: 200 }))]);
  expect((await post([...many.slice(1), ...many.slice(0, 2)])).status).toBe(422);
  expect((await post([{ method: 'POST', path, body: '[]' }])).status).toBe(422);
});

const blocked = (any_of: string[]) => ({
  ...({ control_id: 'none', mode: 'enforce', does: 'block' } as const),
  applies_to: { category: { any_of } },
});
