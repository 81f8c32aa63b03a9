// A network is a value and a line in all.ts: one that only this test has is served from request to refund, by settings of its own, and nothing
// of the edge knows its name. "A network" in CONTRIBUTING.md is this, step by step.

import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import { authorizationRequestSchema } from '../../contracts/authorization-request.ts';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { networkKeySchema } from '../../contracts/network.ts';
import { clearing, profile, request } from '../../core/testing/samples.ts';
import { inShape, lenientText, parseJson } from '../body.ts';
import { basicHeader, requireBasic } from '../credentials.ts';
import type { Env } from '../env.ts';
import { several } from '../setting-shapes.ts';
import { networks } from './all.ts';
import { listOf } from './list-of.ts';
import { type CardNetwork, cardNetwork } from './network.ts';

const purchase = z.object({ card: networkKeySchema, request: authorizationRequestSchema });
const fact = z.object({ card: networkKeySchema, message: cardMessageSchema });
/** What it is asked it says again, with `yes` or `no` before it. */
const echo = cardNetwork({
  name: 'echo',
  deadlineMs: 600,
  policies: ['decline', 'stand_in'],
  settings: { ECHO_PASSWORD: several(/^.{20,}$/, 'must be 20 characters') },
  credentials: ({ ECHO_PASSWORD: secret }) => ({
    secrets: [{ name: 'ECHO_PASSWORD', secret }],
    logins: [],
    problems: [],
  }),
  door: ({ ECHO_PASSWORD: password }) => ({
    admit: (headers) => requireBasic(headers.get('authorization'), [basicHeader({ username: 'echo', password })]),
    textOf: (_, bytes) => lenientText(bytes),
  }),
  requests: {
    path: 'ask',
    parse(text) {
      const { card, request } = inShape(purchase, parseJson(text));
      return {
        ...{ cardToken: card, request },
        render: (answer) => {
          const isYes = answer.outcome === 'stood_in' || (answer.outcome === 'decided' && !answer.decision.reason);
          return { status: 200, body: `${isYes ? 'yes' : 'no'} ${card}` };
        },
      };
    },
  },
  facts: {
    path: 'tell',
    parse: (text) => parseJson(text),
    batchOf(body) {
      const { first, rest } = listOf(body, 'body', limits.batchDirectMax, null);
      return { elements: first, unknown: [], rest };
    },
    noticeOf(element, at) {
      const { card, message } = inShape(fact, element, at);
      return { does: 'receive', cardToken: card, message };
    },
    merchantIn: () => null,
    fieldOf: (field, at) => `${at}.${field}`,
    identifiers: new Set(),
    render: (results) => new Response(results.map(({ outcome }) => outcome).join(' ')),
  },
});

// The line in all.ts, before anything has read the list.
(networks as CardNetwork[]).push(echo);
const { default: worker } = await import('../index.ts');
const { misconfigurationOf, settingNames } = await import('../env.ts');
const { internalSignature, newToken, requestTo } = await import('../testing/calls.ts');

const ECHO_PASSWORD = 'Qw55-zPm18-bYh63-nLd90';
const served = { ...env, NETWORKS: 'native echo', ECHO_PASSWORD } as Env;
const execution = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;

const authorization = `Basic ${btoa(`echo:${ECHO_PASSWORD}`)}`;

async function say(
  path: string,
  body: unknown,
  given: Env = served,
  headers: Record<string, string> = { authorization },
) {
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await worker.fetch(requestTo(path, init), given, execution);
  return { status: answer.status, text: await answer.text() };
}

async function newCard(): Promise<string> {
  const card = newToken();
  const [path, body] = [`/internal/cards/echo/${card}`, JSON.stringify(profile({ funds_minor: 10_000 }))];
  const init = { method: 'PUT', body, headers: internalSignature('PUT', path, body) };
  expect((await worker.fetch(requestTo(path, init), served, execution)).status).toBe(200);
  return card;
}

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
  return () => vi.restoreAllMocks();
});

describe('a network that nothing else of the edge knows', () => {
  test('is asked, told, and answers in its own words', async () => {
    const card = await newCard();
    const asked = { card, request: request({ amount_minor: 7_000 }) };
    expect(await say('/networks/echo/ask', asked)).toEqual({ status: 200, text: `"yes ${card}"` });
    const beyond = { card, request: request({ request_key: 'r2', authorization_key: 'a2', amount_minor: 7_000 }) };
    expect((await say('/networks/echo/ask', beyond)).text).toBe(`"no ${card}"`);
    const message = clearing({ authorization_key: asked.request.authorization_key, amount_minor: 6_000 });
    expect(
      await say('/networks/echo/tell', [
        { card, message },
        { card, message },
      ]),
    ).toMatchObject({ status: 200 });
    const read = `/internal/cards/echo/${card}`;
    const answer = await worker.fetch(requestTo(read, { headers: internalSignature('GET', read) }), served, execution);
    expect(await answer.json()).toMatchObject({ posted_minor: 6_000 });
  });

  test('lets nobody in without its own credentials, and keeps what it cannot read', async () => {
    expect((await say('/networks/echo/ask', {}, served, {})).status).toBe(401);
    const kept: unknown[] = [];
    const CARD_EVENTS = { send: async (fact: unknown) => void kept.push(fact) } as unknown as Queue;
    const odd = await say('/networks/echo/tell', [{ card: newToken(), message: {} }], { ...served, CARD_EVENTS });
    expect([odd, kept]).toMatchObject([
      { status: 200, text: 'kept' },
      [{ network: 'echo', reason: 'out_of_contract' }],
    ]);
  });

  test('has its policy, bounds and place by settings that bear its name', () => {
    expect(settingNames()).toContain('ECHO_STAND_IN_MAX');
    const wrong = { ...served, ECHO_PASSWORD: 'short', ECHO_FAILURE_POLICY: 'network' } as Env;
    expect(misconfigurationOf(wrong)?.settings).toEqual(['ECHO_PASSWORD', 'ECHO_FAILURE_POLICY']);
  });

  test('is not there where a deployment does not serve it, and none of its settings is needed', async () => {
    expect(misconfigurationOf(env)).toBeNull();
    expect((await say('/networks/echo/ask', {}, env)).status).toBe(404);
    expect((await say('/networks/marqeta/gateway', {})).status).toBe(404);
    const unknown = { ...served, NETWORKS: 'native visa' } as Env;
    expect(misconfigurationOf(unknown)?.settings).toEqual(['NETWORKS']);
  });
});

test('every network leaves its card at least half of the deadline beside a stand-in', () => {
  expect(networks.map(({ name }) => name)).toEqual(['marqeta', 'native', 'echo']);
  for (const { deadlineMs } of networks) expect(deadlineMs).toBeGreaterThanOrEqual(2 * limits.standInMs);
});
