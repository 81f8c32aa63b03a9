// A card that was set back, from outside: what networks and the origin hear of it, until the origin has brought its past back.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CardEvent } from '../contracts/card-event.ts';
import type { RebuildAnswer } from '../contracts/internal-answers.ts';
import { cardKey } from '../contracts/network.ts';
import { clearing, profile, request } from '../core/testing/samples.ts';
import { rebuildCard } from './rebuild-card.ts';
import { call, cardAt, getInternal, internalSignature, newToken, postNative, putCard } from './testing/calls.ts';

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
  for (const level of ['error', 'warn'] as const)
    vi.spyOn(console, level).mockImplementation((line: unknown) => void logged.push(String(line)));
});
afterEach(() => vi.restoreAllMocks());

const pathOf = (token: string) => `/internal/cards/native/${token}`;

async function post(path: string, body: unknown) {
  const text = JSON.stringify(body);
  return await call(path, { method: 'POST', body: text, headers: internalSignature('POST', path, text) });
}

const spend = async (card_token: string, request_key: string, amount_minor: number) => {
  const body = { card_token, request: request({ request_key, authorization_key: `a-${request_key}`, amount_minor }) };
  const answer = await postNative('authorizations', body);
  return { status: answer.status, ...((await answer.json()) as { outcome?: string; error_code?: string }) };
};

/** A card of 100.00 whose storage lacks the second of its two purchases of 40.00; what the origin has of it. */
async function cardSetBack() {
  const token = newToken();
  await putCard('native', token, profile({ funds_minor: 10_000 }));
  for (const key of ['one', 'two']) await spend(token, key, 4_000);
  const { events } = (await (await getInternal(`${pathOf(token)}/events`)).json()) as { events: CardEvent[] };
  await runInDurableObject(cardAt('native', token), (_, { storage }) => {
    storage.sql.exec('delete from log where sequence = 3');
  });
  await abortAllDurableObjects();
  const last = events[2];
  return { token, events, until: { sequence: 3, event_id: last?.event_id ?? '' } };
}

test('fenced by a read of the origin or by a profile: networks hear the failure policy, messages come again', async () => {
  for (const by of ['read', 'profile'] as const) {
    const { token, until } = await cardSetBack();
    const seen = `?after=2&seen=3&event=${until.event_id}`;
    if (by === 'read') {
      const page = await getInternal(`${pathOf(token)}/events${seen}`);
      expect(await page.json()).toMatchObject({ is_fenced: true, last_sequence: 2 });
    } else {
      const [path, body] = [`${pathOf(token)}${seen}`, JSON.stringify(profile({ version: 2 }))];
      const put = await call(path, { method: 'PUT', body, headers: internalSignature('PUT', path, body) });
      expect([put.status, await put.json()]).toMatchObject([503, { error_code: 'card_set_back' }]);
    }
    expect(await spend(token, 'three', 4_000), by).toMatchObject({ status: 503, error_code: 'request_key_spent' });
    const messages = { messages: [{ card_token: token, message: clearing({ message_key: 'm1' }) }] };
    expect((await postNative('messages', messages)).status, by).toBe(503);
    expect(await (await getInternal(pathOf(token))).json()).toMatchObject({ fenced_since_ms: expect.any(Number) });
    expect(logged.filter((line) => line.includes('card_fenced'))).toHaveLength(1);
    logged.length = 0;
  }
});

test('rebuilt by signed calls: it decides by its whole past, and who gave up meanwhile stays given up', async () => {
  const { token, events, until } = await cardSetBack();
  expect(await spend(token, 'ignorant', 5_000)).toMatchObject({ outcome: 'approved' });
  await getInternal(`${pathOf(token)}/events?after=2&seen=3&event=${until.event_id}`);
  const path = `${pathOf(token)}/rebuild`;
  const unsigned = await call(path, { method: 'POST', body: JSON.stringify({ until, events: [] }) });
  expect(unsigned.status).toBe(401);
  expect((await post(path, { until: { sequence: 0, event_id: null }, events: [] })).status).toBe(422);
  expect(await (await post(path, { until, events: [] })).json()).toEqual({
    sequence: 0,
    is_fenced: true,
    told_again: 0,
  });
  expect((await post(path, { until, events: events.slice(1) })).status).toBe(503);
  const done = { sequence: 3, is_fenced: false, told_again: 1 } satisfies RebuildAnswer;
  expect(await (await post(path, { until, events })).json()).toEqual(done);
  // 40.00, 40.00 and the 50.00 of which it did not know better.
  expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 13_000, last_sequence: 4 });
  expect(await spend(token, 'four', 100)).toMatchObject({ outcome: 'declined' });
});

test('what its past contradicts is kept for a person, and then it decides again', async () => {
  const { token, until, events } = await cardSetBack();
  const card = cardAt('native', token);
  const told = clearing({ message_key: 'm1', authorization_key: 'a-one', amount_minor: 4_000 });
  const heard = { ...told, amount_minor: 3_900 };
  await card.receive(heard);
  await card.eventsAfter(2, until);
  const past = structuredClone(events);
  past[2] = { ...(past[2] as CardEvent), event_id: until.event_id, kind: 'message', message: told } as CardEvent;
  const kept: unknown[] = [];
  const CARD_EVENTS = { send: async (fact: unknown) => void kept.push(fact) } as unknown as Queue;
  const page = { until, events: past as never };
  const names = { network: 'native', cardToken: token } as const;
  expect(await rebuildCard({ ...env, CARD_EVENTS }, names, page)).toMatchObject({ is_fenced: false });
  const card_key = cardKey('native', token);
  expect(kept).toMatchObject([{ kind: 'kept_fact', reason: 'key_reused', field: 'amount_minor', card_key }]);
});
