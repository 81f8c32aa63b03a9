// What a card's desk allows while the card is away (E4): nothing for a card that is not known as active, and no more on a day
// than the operator says, however many ask at once.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { cardKey } from '../contracts/network.ts';
import type { Profile } from '../contracts/profile.ts';
import { advice, profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { nativeDeadlinesMs } from './networks/native/requests.ts';
import { cardAt, nativeSignature, newToken, postNative, putCard, requestTo } from './testing/calls.ts';
import { heldQueue } from './testing/held-queue.ts';

let logged: { event: string; reason?: string }[];
beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(JSON.parse(String(line))));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const reasons = () => logged.filter(({ event }) => event === 'stand_in_refused').map(({ reason }) => reason);

const throwing = () => {
  throw new Error('the object is broken');
};
const breakCards = () => vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(throwing);

const policies = { NATIVE_FAILURE_POLICY: 'stand_in', NATIVE_STAND_IN_MAX: 'USD 50.00 EUR 50.00' };
const deskAt = (token: string) => env.STAND_IN_DESKS.getByName(cardKey('native', token));

/** Asks for 5.00 USD of a card; the answer, after all that the worker does later. */
async function ask(token: string, asked: Parameters<typeof request>[0] = {}, changes: Partial<Env> | object = {}) {
  const body = JSON.stringify({ card_token: token, request: request(asked) });
  const execution = createExecutionContext();
  const call = requestTo('/networks/native/authorizations', { method: 'POST', headers: nativeSignature(body), body });
  const answer = await worker.fetch(call, { ...env, ...policies, ...heldQueue(), ...changes }, execution);
  await waitOnExecutionContext(execution);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** How many of so many different requests of 5.00 USD are stood in for, all at once. */
async function stoodIn(token: string, count: number, changes: object = {}): Promise<number> {
  const keys = Array.from({ length: count }, (_, one) => ({ request_key: `r${one}`, authorization_key: `a${one}` }));
  const answers = await Promise.all(keys.map((asked) => ask(token, asked, changes)));
  return answers.filter(({ body }) => body['stood_in'] === true).length;
}

async function newCard(changes: Partial<Profile> = {}): Promise<string> {
  const token = newToken();
  expect((await putCard('native', token, profile({ funds_minor: 10_000, ...changes }))).status).toBe(200);
  return token;
}

describe('E4: what is not known as an active card', () => {
  test('E4: a token that no card ever had: 40 requests, none stood in for, and nothing stored', async () => {
    breakCards();
    const token = newToken();
    expect(await stoodIn(token, 40)).toBe(0);
    expect(new Set(reasons())).toEqual(new Set(['card_unknown']));
  });

  test.each<[string, Partial<Profile>, string]>([
    ['frozen', { status: 'frozen' }, 'card_not_active'],
    ['closed', { status: 'closed' }, 'card_not_active'],
    ['expired', { expires_at_ms: 1 }, 'card_not_active'],
    ['good for one purchase, which it may have had', { single_use: true }, 'card_not_active'],
    ['of another currency', { currency: 'EUR' }, 'currency_not_allowed'],
  ])('E4: a card that is %s: 40 requests, none stood in for', async (_, changes, reason) => {
    const token = await newCard(changes);
    breakCards();
    expect(await stoodIn(token, 40)).toBe(0);
    expect(new Set(reasons())).toEqual(new Set([reason]));
  });

  test('E4: a card that is frozen while its object is away is frozen at its desk at once', async () => {
    const token = await newCard();
    breakCards();
    vi.spyOn(CardObject.prototype, 'putProfile').mockImplementation(throwing);
    const frozen = await putCard('native', token, profile({ version: 2, status: 'frozen' }));
    expect([frozen.status, frozen.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await stoodIn(token, 3)).toBe(0);
  });

  test('a profile reaches the desk or its put fails; a repeat of it makes up for what failed', async () => {
    const token = newToken();
    const broken = vi.spyOn(StandInDesk.prototype, 'putCard').mockImplementation(throwing);
    expect((await putCard('native', token, profile())).status).toBe(503);
    broken.mockRestore();
    expect(await (await putCard('native', token, profile())).json()).toMatchObject({ outcome: 'unchanged' });
    breakCards();
    expect(await stoodIn(token, 1)).toBe(1);
  });

  test('profiles in any order: the newest version is in force at the desk', async () => {
    breakCards();
    for (const versions of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const token = newToken();
      for (const version of versions)
        await putCard('native', token, profile({ version, status: version === 3 ? 'frozen' : 'active' }));
      expect(await stoodIn(token, 2)).toBe(0);
      await putCard('native', token, profile({ version: 4 }));
      expect(await stoodIn(token, 2)).toBe(2);
    }
  });

  test('a desk that is away, or does not answer: the policy’s decline, in time', async () => {
    const token = await newCard();
    breakCards();
    const away = vi.spyOn(StandInDesk.prototype, 'standIn').mockImplementation(throwing);
    expect((await ask(token)).status).toBe(503);
    away.mockImplementation(() => new Promise(() => undefined) as never);
    const startedMs = Date.now();
    expect((await ask(token, { request_key: 'another' })).status).toBe(503);
    expect(Date.now() - startedMs).toBeLessThan(nativeDeadlinesMs.usual + 200);
    expect(reasons()).toEqual(['Error: the object is broken', 'late']);
  }, 15_000);
});

describe('E4: a day’s bounds', () => {
  test('E4: 40 requests of 5.00 at once: as many as the count allows', async () => {
    const token = await newCard();
    breakCards();
    expect(await stoodIn(token, 40)).toBe(5);
    expect(new Set(reasons())).toEqual(new Set(['count_used_up']));
  });

  test('E4: as the operator sets them: count and sum, whichever is used up first', async () => {
    breakCards();
    const bounds = (count: string, sum: string) => ({
      NATIVE_STAND_IN_COUNT_PER_DAY: count,
      NATIVE_STAND_IN_SUM_PER_DAY: sum,
    });
    expect(await stoodIn(await newCard(), 10, bounds('2', 'USD 100.00'))).toBe(2);
    expect(await stoodIn(await newCard(), 10, bounds('9', 'USD 17.50'))).toBe(3);
    // A currency without a sum has that of one purchase.
    expect(await stoodIn(await newCard(), 12, bounds('20', 'EUR 1.00'))).toBe(10);
  });

  test('a repeat of a request is answered as before, and counts once', async () => {
    const token = await newCard();
    breakCards();
    for (const _ of [1, 2, 3, 4, 5, 6, 7]) expect((await ask(token)).body).toMatchObject({ stood_in: true });
    expect(await stoodIn(token, 10)).toBe(4);
    expect((await ask(token, { amount_minor: 1 })).status).toBe(503);
    expect(reasons()).toContain('key_spent');
  });

  test('a request that was given up is not stood in for any more, and its hold is released though the card hears it later', async () => {
    const token = await newCard();
    const { sent, STAND_INS } = heldQueue();
    const broken = breakCards();
    vi.spyOn(CardObject.prototype, 'void');
    expect((await ask(token, {}, { STAND_INS })).body).toMatchObject({ stood_in: true });
    const execution = createExecutionContext();
    const body = JSON.stringify({ card_token: token, request_key: 'request-1' });
    const call = requestTo('/networks/native/voids', { method: 'POST', headers: nativeSignature(body), body });
    expect((await worker.fetch(call, { ...env, ...policies } as Env, execution)).status).toBe(200);
    expect((await ask(token)).status).toBe(503);
    broken.mockRestore();
    const [notice] = sent;
    if (notice?.does !== 'receive') throw new Error('the stand-in was queued');
    await cardAt('native', token).receive(notice.message);
    expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 0 });
    expect(await (await postNative('authorizations', { card_token: token, request: request() })).json()).toMatchObject({
      reason: 'request_voided',
    });
  });

  test('any requests over any days: no day has more than its count and its sum, and what had room was given', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const asked = fc.record({ key: fc.nat(12), amount: fc.integer({ min: 0, max: 40 }), day: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (all, count_max) => {
        const desk = deskAt(newToken());
        await desk.putCard({ version: 1, currency: 'USD', active_until_ms: Number.MAX_SAFE_INTEGER });
        const bounds = { count_max, sum_minor_max: 60 };
        const given = new Map<number, { amount: number; day: number }>();
        for (const { key, amount, day } of all) {
          vi.setSystemTime(Date.UTC(2100, 0, 1 + day, 12));
          const message = advice({ request_key: `r${key}`, hold_minor: amount });
          const answer = await desk.standIn(message, bounds, Date.now() + 3_000);
          const before = given.get(key);
          const ofDay = [...given.values()].filter((one) => one.day === day);
          const hasRoom = ofDay.length < count_max && ofDay.reduce((sum, one) => sum + one.amount, amount) <= 60;
          if (before !== undefined) expect(answer).toBe(before.amount === amount ? 'given' : 'key_spent');
          else expect(answer === 'given').toBe(hasRoom);
          if (before === undefined && answer === 'given') given.set(key, { amount, day });
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test('asked after the deadline it gives nothing: nobody waits for it', async () => {
    const desk = deskAt(newToken());
    await desk.putCard({ version: 1, currency: 'USD', active_until_ms: Number.MAX_SAFE_INTEGER });
    const bounds = { count_max: 1, sum_minor_max: 1_000 };
    expect(await desk.standIn(advice({ request_key: 'r1' }), bounds, Date.now() - 1)).toBe('late');
    expect(await desk.standIn(advice({ request_key: 'r2' }), bounds, Date.now() + 3_000)).toBe('given');
  });

  test('T8: a desk whose clock runs 400 days ahead opens no new day', async () => {
    const desk = deskAt(newToken());
    await desk.putCard({ version: 1, currency: 'USD', active_until_ms: Number.MAX_SAFE_INTEGER });
    const bounds = { count_max: 1, sum_minor_max: 1_000 };
    const deadlineAtMs = Date.now() + 3_000;
    expect(await desk.standIn(advice({ request_key: 'r1' }), bounds, deadlineAtMs)).toBe('given');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400 * 86_400_000 });
    expect(await desk.standIn(advice({ request_key: 'r2' }), bounds, deadlineAtMs)).toBe('late');
    vi.setSystemTime(deadlineAtMs - 1_000);
    expect(await desk.standIn(advice({ request_key: 'r3' }), bounds, deadlineAtMs)).toBe('count_used_up');
  });

  describe('its rows', () => {
    const midnightAtMs = Date.UTC(2100, 5, 2);
    const bounds = { count_max: 1, sum_minor_max: 1_000 };
    async function deskWith(changes: { active_until_ms?: number } = {}) {
      vi.useFakeTimers({ toFake: ['Date'] });
      const desk = deskAt(newToken());
      await desk.putCard({ version: 1, currency: 'USD', active_until_ms: Number.MAX_SAFE_INTEGER, ...changes });
      return (atMs: number, request_key: string, hold_minor = 500) => {
        vi.setSystemTime(atMs);
        return desk.standIn(advice({ request_key, hold_minor }), bounds, atMs + 3_000);
      };
    }

    test('a day begins with its first millisecond: 23:59:59.999 counts in the day before, 00:00:00.000 in the new one', async () => {
      const standIn = await deskWith();
      expect(await standIn(midnightAtMs - 1, 'last of the day')).toBe('given');
      expect(await standIn(midnightAtMs, 'first of the next')).toBe('given');
      expect(await standIn(midnightAtMs + 1, 'second of the next')).toBe('count_used_up');
    });

    test('a stand-in is forgotten once it is older than the retention, and not a day sooner', async () => {
      const dayMs = 86_400_000;
      for (const [afterMs, answer] of [
        [limits.retentionMs, 'key_spent'],
        [limits.retentionMs + dayMs, 'given'],
      ] as const) {
        const standIn = await deskWith();
        expect(await standIn(midnightAtMs, 'r1')).toBe('given');
        // A new stand-in removes what is too old. As long as its row is there, r1 with another amount is refused.
        expect(await standIn(midnightAtMs + afterMs, 'r2')).toBe('given');
        expect(await standIn(midnightAtMs + afterMs + dayMs, 'r1', 400)).toBe(answer);
      }
    });

    test('nothing is given from the instant on that the card is no longer active', async () => {
      const standIn = await deskWith({ active_until_ms: midnightAtMs });
      expect(await standIn(midnightAtMs, 'r1')).toBe('card_not_active');
      expect(await standIn(midnightAtMs - 1, 'r2')).toBe('given');
    });
  });
});
