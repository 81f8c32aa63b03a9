// What the edge logs of decisions and what it measures: one in so many, with nothing of whose they are. All of them are events.

import { afterEach, expect, test, vi } from 'vitest';

import { profile, request } from '../core/testing/samples.ts';
import { hearEvents } from '../durable-objects/testing/event-queues.ts';
import { decisionsPerLogLine } from './card-call.ts';
import { cardAt, newToken, postNative } from './testing/calls.ts';

afterEach(() => void vi.restoreAllMocks());

test('of two hundred decisions two are lines, without card, merchant, account or amount', async () => {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(console, 'info').mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  const token = newToken();
  await cardAt('native', token).putProfile(profile({ funds_minor: 10_000 }));
  const decisions = 2 * decisionsPerLogLine;
  for (let one = 1; one <= decisions; one++) {
    const asked = request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor: 1 });
    const answer = await postNative('authorizations', { card_token: token, request: asked });
    expect(answer.status).toBe(200);
  }
  const decided = lines.filter(({ event }) => event === 'authorization_decided');
  expect(decided).toHaveLength(2);
  for (const { waited_ms, ...line } of decided) {
    expect(line).toEqual({
      level: 'info',
      event: 'authorization_decided',
      network: 'native',
      reason: null,
      trace_id: expect.anything(),
    });
    expect(waited_ms).toBeGreaterThanOrEqual(0);
  }
});

test.each([
  ['is measured', 0, true],
  ['is not', 0.99, false],
])('by chance, a request %s', async (_, drawn, isMeasured) => {
  vi.spyOn(Math, 'random').mockReturnValue(drawn);
  const messages: object[] = [];
  hearEvents((message) => messages.push(message));
  const token = newToken();
  await cardAt('native', token).putProfile(profile({ funds_minor: 10_000 }));
  const asked = request({ request_key: 'r1', authorization_key: 'a1' });
  expect((await postNative('authorizations', { card_token: token, request: asked })).status).toBe(200);
  const ofCard = () => messages.filter((message) => 'card_key' in message && message.card_key === `native:${token}`);
  await vi.waitFor(() => expect(JSON.stringify(ofCard())).toContain('"sequence":2'), { timeout: 10_000 });
  expect(ofCard().some((message) => 'answered_ms' in message)).toBe(isMeasured);
});
