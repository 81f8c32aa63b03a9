// The gateway's requests are answered without the router. Whoever is sent through it (by a query, say) gets the same answer.

import { describe, expect, test } from 'vitest';
import { profile } from '../core/samples.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { basic, call, cardAt, newToken } from './sample-calls.ts';

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

test.each<[at: string, method: string]>([
  [path, 'GET'],
  [path, 'PUT'],
  [`/elsewhere${path}`, 'POST'],
  [`/${path}`, 'POST'],
  [`${path}/more`, 'POST'],
  ['/?to=/networks/marqeta/gateway', 'POST'],
])('%s by %s is no path of the gateway', async (at, method) => {
  const answer = await call(at, { method, headers: basic(), ...(method === 'GET' ? {} : { body: '{}' }) });
  expect([answer.status, (await answer.json<{ error_code: string }>()).error_code]).toEqual([404, 'route_not_found']);
});
