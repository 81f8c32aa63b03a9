// The property *authorization latency*: whatever fails, hangs or comes late between the edge and a card, the network is answered
// within its deadline, by decision or by policy; and what it was told is what the card holds once all is quiet. Never is a
// purchase approved to the network and released, or declined to it and held.

import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardNotice } from '../contracts/card-notice.ts';
import { fromJsonText } from '../contracts/json-text.ts';
import { profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
import worker from './index.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import { cardAt, nativeSignature, newToken, postNative, putCard, requestTo } from './testing/calls.ts';
import { heldQueue } from './testing/held-queue.ts';

const deadlineMs = nativeDeadlinesMs.min;
/** Beyond the deadline. Marqeta's own margin is twice that. */
const marginMs = 250;

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => void vi.restoreAllMocks());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const away = (marks: Readonly<Record<string, boolean>> = {}) => Object.assign(new Error('it is away'), marks);

/** What becomes of one call: it is carried out or not, after a while, and its answer comes, fails, or comes late. */
const call = fc.record({
  beforeMs: fc.constantFrom(0, 0, 0, 30, 300, 490, 700),
  isDone: fc.boolean(),
  afterMs: fc.constantFrom(0, 0, 0, 30, 300, 490, 700),
  fails: fc.constantFrom(null, null, {}, { retryable: true }, { retryable: true, overloaded: true }),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

async function carriedOut<T>({ beforeMs, isDone, afterMs, fails }: Call, work: () => T): Promise<T> {
  if (beforeMs > 0) await pause(beforeMs);
  const result = isDone || fails === null ? work() : null;
  if (afterMs > 0) await pause(afterMs);
  if (fails !== null) throw away(fails);
  return result as T;
}

/** One purchase and what happens to it. The calls of each kind in turn; those after the last are carried out at once. */
const purchase = fc.record({
  amount_minor: fc.constantFrom(500, 2_000, 4_000),
  funds_minor: fc.constantFrom(10_000, 10_000, 1_000),
  policy: fc.constantFrom('decline', 'stand_in', 'stand_in'),
  status: fc.constantFrom('active', 'active', 'active', 'frozen'),
  authorize: fc.array(call, { maxLength: 4 }),
  void: fc.array(call, { maxLength: 3 }),
  desk: fc.array(call, { maxLength: 2 }),
  queue: fc.array(call, { minLength: 1, maxLength: 2 }),
  /** Where the queue's messages are brought: in which order, and how often. */
  order: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  hasInstant: fc.boolean(),
});
type Purchase = typeof purchase extends fc.Arbitrary<infer T> ? T : never;

const plans = new Map<string, Purchase>();
const nextCall = (key: string, kind: 'authorize' | 'void' | 'desk'): Call | undefined => plans.get(key)?.[kind].shift();

function disturb(): void {
  const { authorize, void: giveUp } = CardObject.prototype;
  const { standIn } = StandInDesk.prototype;
  vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(function (this: CardObject, text, deadlineAtMs) {
    const next = nextCall(fromJsonText<AuthorizationRequest>(text).request_key, 'authorize');
    const work = () => authorize.call(this, text, deadlineAtMs);
    return (next === undefined ? work() : carriedOut(next, work)) as ReturnType<typeof authorize>;
  });
  vi.spyOn(CardObject.prototype, 'void').mockImplementation(function (this: CardObject, key, options) {
    const next = nextCall(key, 'void');
    const work = () => giveUp.call(this, key, options);
    return (next === undefined ? work() : carriedOut(next, work)) as never;
  });
  vi.spyOn(StandInDesk.prototype, 'standIn').mockImplementation(function (this: StandInDesk, ...asked) {
    const next = nextCall(String(asked[0].request_key), 'desk');
    const work = () => standIn.apply(this, asked);
    return (next === undefined ? work() : carriedOut(next, work)) as never;
  });
}

/** The longest that this machine let a timer wait while it was at work: that much later an answer may come. */
async function longestLagMs(work: Promise<unknown>): Promise<number> {
  let [isOver, longestMs] = [false, 0];
  void work.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const startedMs = Date.now();
    await pause(10);
    longestMs = Math.max(longestMs, Date.now() - startedMs - 10);
  }
  return longestMs;
}

async function newCard(plan: Purchase) {
  const token = newToken();
  const { funds_minor, status } = plan;
  await putCard('native', token, profile({ funds_minor, status }));
  return { plan, token };
}

async function buy({ plan, token }: { plan: Purchase; token: string }) {
  const { amount_minor, policy, hasInstant } = plan;
  const asked = request({
    request_key: `r-${token}`,
    amount_minor,
    ...(hasInstant ? { occurred_at_ms: Date.now() - 100 } : {}),
  });
  plans.set(asked.request_key, structuredClone(plan));
  const taken: CardNotice[] = [];
  const { STAND_INS } = heldQueue((notice) => {
    const next = plan.queue.length > taken.length ? plan.queue[taken.length] : undefined;
    // Whether the queue has it is known to the queue alone.
    const work = () => taken.push(notice);
    return next === undefined ? Promise.resolve(work()) : carriedOut(next, work);
  });
  const body = JSON.stringify({ card_token: token, request: asked, deadline_ms: deadlineMs });
  const init = { method: 'POST', headers: nativeSignature(body), body };
  const settings = { NATIVE_FAILURE_POLICY: policy, NATIVE_STAND_IN_MAX: 'USD 30.00' };
  const execution = createExecutionContext();
  const startedMs = Date.now();
  const answer = await worker.fetch(
    requestTo('/networks/native/authorizations', init),
    { ...env, ...settings, STAND_INS },
    execution,
  );
  const tookMs = Date.now() - startedMs;
  const told = (await answer.json()) as { outcome?: string; approved_minor?: number };
  await waitOnExecutionContext(execution);
  return { plan, token, asked, taken, tookMs, told, status: answer.status };
}

/** All that is still on its way arrives, and every message of the queue is brought, some of them again. */
async function settle(bought: Awaited<ReturnType<typeof buy>>): Promise<void> {
  const { taken, asked } = bought;
  const { order } = bought.plan;
  plans.delete(asked.request_key);
  await pause(1_600);
  const sequence = [...order.map((index) => index % Math.max(1, taken.length)), ...taken.keys()];
  for (const index of sequence) {
    if (taken[index] === undefined) continue;
    const message = { id: `m${index}`, attempts: 1, timestamp: new Date(), body: taken[index] };
    await worker.queue(createMessageBatch('atlas-stand-ins', [message]), env);
  }
}

test('any failures, delays and late answers: answered in time, and what was told is what is held', async () => {
  disturb();
  await fc.assert(
    fc.asyncProperty(fc.array(purchase, { minLength: 10, maxLength: 14 }), async (all) => {
      const cards = await Promise.all(all.map(newCard));
      const buying = Promise.all(cards.map(buy));
      const lagMs = await longestLagMs(buying);
      const bought = await buying;
      await Promise.all(bought.map(settle));
      for (const { plan, token, asked, told, status, tookMs } of bought) {
        expect(tookMs).toBeLessThan(deadlineMs + marginMs + lagMs);
        expect([200, 503]).toContain(status);
        const approved = told.outcome === 'approved' ? Number(told.approved_minor) : 0;
        const { held_minor } = await cardAt('native', token).read();
        expect({ plan, told, status, held_minor }).toMatchObject({ held_minor: approved });
        const again = await postNative('authorizations', { card_token: token, request: asked });
        const { outcome, approved_minor } = (await again.json()) as typeof told;
        expect({ plan, again: [outcome, approved_minor] }).toMatchObject({
          again: approved > 0 ? ['approved', approved] : ['declined', 0],
        });
      }
    }),
    // It draws in real time: a smaller case would take as long to find as it would save.
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);
