// The trace of an authorization, and of what a network states later: the network's own where its call names one, else one that is made; with its event in the queue.

import { tracing } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CardEventsMessage } from '../contracts/card-event.ts';
import { traceParentOf } from '../contracts/trace-parent.ts';
import { profile } from '../core/testing/samples.ts';
import { hearEvents } from '../durable-objects/testing/event-queues.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import { basic, cardAt, nativeSignature, newToken, postMarqeta, postNative } from './testing/calls.ts';
import { traceIdOf, tracesOf } from './traces.ts';

const theirs = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const platform = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

let sent: CardEventsMessage[];
beforeEach(() => {
  sent = [];
  hearEvents((message) => sent.push(message));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The traces of one card's events, once all of them are in the queue. */
async function tracesInQueue(token: string, last: number) {
  const mine = () => sent.filter(({ card_key }) => card_key.endsWith(`:${token}`));
  await vi.waitFor(() => expect(mine().at(-1)?.events.at(-1)?.sequence).toBe(last), { timeout: 10_000, interval: 20 });
  return Object.assign({}, ...mine().map(({ traces }) => traces ?? {})) as Record<number, string>;
}

async function newCard(): Promise<string> {
  const token = newToken();
  await cardAt('marqeta', token).putProfile(profile({ funds_minor: 10_000 }));
  return token;
}
const messageOf = (cardToken: string) => gatewayMessage({ cardToken, amount: '1.00', jitToken: newToken() });
const purchase = (message: string, headers: Record<string, string> = {}) =>
  postMarqeta('gateway', message, { ...basic(), ...headers });

test("the network's traceparent goes with the event of its purchase, and with no other", async () => {
  const token = await newCard();
  const message = messageOf(token);
  expect((await purchase(message, { traceparent: theirs })).status).toBe(200);
  // A repeat of it is no event of its own: the trace that it comes in has nothing to be linked from.
  expect((await purchase(message, { traceparent: theirs.replace('4bf9', '4bfa') })).status).toBe(200);
  expect((await purchase(messageOf(token), { traceparent: 'no trace' })).status).toBe(200);
  const traces = await tracesInQueue(token, 3);
  expect(Object.keys(traces)).toEqual(['2', '3']);
  expect(traces[2]).toBe(theirs);
  expect(traceParentOf(traces[3])).toBe(traces[3]);
});

test("a webhook's traceparent goes with the event of each fact in it, and a repeat has none", async () => {
  const [token, other] = [await newCard(), newToken()];
  const clearing = webhookMessage({ type: 'authorization.clearing', cardToken: token, amount: '1.00' });
  // Of a card that has no profile yet: kept, and numbered from 1.
  const refund = webhookMessage({ type: 'refund', cardToken: other, amount: '2.00' });
  const again = theirs.replace('4bf9', '4bfa');
  for (const [body, traceparent] of [
    [clearing, theirs],
    [refund, theirs],
    [clearing, again],
  ] as const)
    expect((await postMarqeta('webhook', body, { ...basic(), traceparent })).status).toBe(200);
  expect(await tracesInQueue(token, 2)).toEqual({ 2: theirs });
  expect(await tracesInQueue(other, 1)).toEqual({ 1: theirs });
});

test('so it does with the native network, whose messages are told several at a time', async () => {
  const tokens = [newToken(), newToken()];
  for (const token of tokens) await cardAt('native', token).putProfile(profile({ funds_minor: 10_000 }));
  const messages = tokens.map((card_token) => ({
    card_token,
    message: {
      ...{ kind: 'clearing', message_key: newToken(), currency: 'USD', authorization_key: null },
      ...{ amount_minor: 100, final: true },
    },
  }));
  const headers = { ...nativeSignature(JSON.stringify({ messages })), traceparent: theirs };
  expect(await (await postNative('messages', { messages }, headers)).json()).toMatchObject({
    results: [{ outcome: 'stored' }, { outcome: 'stored' }],
  });
  for (const token of tokens) expect(await tracesInQueue(token, 2)).toEqual({ 2: theirs });
});

test('what is in the log, and is read back from it, has no trace in it', async () => {
  const token = await newCard();
  await purchase(messageOf(token), { traceparent: theirs });
  const { events } = await cardAt('marqeta', token).eventsAfter(0);
  expect(JSON.stringify(events)).not.toContain('4bf92f3577b34da6');
  await tracesInQueue(token, 2);
});

test("the platform's trace comes after the network's, or alone; where there is neither, one is made", () => {
  const headers = new Headers({ traceparent: theirs });
  const ofPlatform = `00-${platform.traceId}-${platform.spanId}-01`;
  const [made, another] = [tracesOf(new Headers()), tracesOf(new Headers())];
  expect(traceParentOf(made)).toBe(made);
  expect(traceIdOf(made)).not.toBe(traceIdOf(another));
  expect(tracesOf(headers)).toBe(theirs);
  vi.spyOn(tracing, 'getActiveSpan').mockReturnValue({ spanContext: () => platform } as never);
  expect(tracesOf(headers)).toBe(`${theirs} ${ofPlatform}`);
  expect(tracesOf(new Headers())).toBe(ofPlatform);
  expect(traceIdOf(tracesOf(new Headers()))).toBe(platform.traceId);
});

test('of the traces that are made none is ever taken for a card number, and none comes twice', () => {
  const made = Array.from({ length: 20_000 }, () => tracesOf(new Headers()));
  expect(made.filter((trace) => traceParentOf(trace) === null)).toEqual([]);
  expect(new Set(made.map(traceIdOf)).size).toBe(made.length);
});

test('a platform that says nothing of use is passed over', () => {
  for (const said of [
    undefined,
    { spanContext: () => ({}) },
    { spanContext: () => ({ traceId: '0'.repeat(32), spanId: 'x' }) },
  ]) {
    vi.spyOn(tracing, 'getActiveSpan').mockReturnValue(said as never);
    expect(tracesOf(new Headers({ traceparent: theirs }))).toBe(theirs);
  }
});
