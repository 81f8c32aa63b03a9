// A card that has lost its storage finds out with its first request: its network hears the failure policy, and the origin is told. A token
// that nobody has is declined as before, and tells nobody anything.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CardEvent } from '../contracts/card-event.ts';
import { lostCardSchema } from '../contracts/lost-card.ts';
import { cardKey } from '../contracts/network.ts';
import { profile, request } from '../core/testing/samples.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { call, cardAt, getInternal, internalSignature, nativeSignature, newToken, putCard } from './testing/calls.ts';

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

function edge() {
  const sent: unknown[] = [];
  const bindings = { ...env, CARD_EVENTS: { send: async (body: unknown) => void sent.push(body) } } as unknown as Env;
  const left: Promise<unknown>[] = [];
  const execution = { waitUntil: (promise: Promise<unknown>) => left.push(promise) } as unknown as ExecutionContext;
  const ask = async (card_token: string, request_key: string) => {
    const body = JSON.stringify({ card_token, request: request({ request_key, authorization_key: request_key }) });
    const init = { method: 'POST', body, headers: nativeSignature(body, undefined, new Date()) };
    const path = 'https://edge.test/networks/native/authorizations';
    const answer = await worker.fetch(new Request(path, init), bindings, execution);
    await Promise.all(left.splice(0));
    return { status: answer.status, ...((await answer.json()) as { outcome?: string; reason?: string }) };
  };
  return { sent, ask };
}

async function lose(token: string): Promise<void> {
  await runInDurableObject(cardAt('native', token), (_, { storage }) => storage.deleteAll());
  await abortAllDurableObjects();
}

test('its request gets the failure policy, the origin is told, and once rebuilt it decides', async () => {
  const { sent, ask } = edge();
  const token = newToken();
  await putCard('native', token, profile());
  const path = `/internal/cards/native/${token}`;
  const { events } = (await (await getInternal(`${path}/events`)).json()) as { events: CardEvent[] };
  await lose(token);
  for (const key of ['one', 'two']) expect((await ask(token, key)).status).toBe(503);
  const lost = { version: 1, kind: 'lost_card', card_key: cardKey('native', token) };
  expect(sent.map((body) => lostCardSchema.parse(body))).toEqual([lost, lost]);
  const until = { sequence: 1, event_id: events[0]?.event_id ?? '' };
  await getInternal(`${path}/events?after=1&seen=1&event=${until.event_id}`);
  const text = JSON.stringify({ until, events });
  await call(`${path}/rebuild`, {
    method: 'POST',
    body: text,
    headers: internalSignature('POST', `${path}/rebuild`, text),
  });
  expect(await ask(token, 'three')).toMatchObject({ status: 200, outcome: 'approved' });
});

test('a token that nobody has is declined, and nobody is told', async () => {
  const { sent, ask } = edge();
  expect(await ask(newToken(), 'one')).toMatchObject({ outcome: 'declined', reason: 'card_unknown' });
  expect(sent).toEqual([]);
});
