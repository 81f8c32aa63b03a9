// What may be stood in for, read back: the figures by which the desk decides.

import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { cardKey } from '../contracts/network.ts';
import { standInReadbackSchema } from '../contracts/readback.ts';
import { signCall } from '../contracts/sign-call.ts';
import { advice, profile } from '../core/testing/samples.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { newToken, putCard, requestTo, settings } from './testing/calls.ts';

afterEach(() => {
  vi.useRealTimers();
});

const noonMs = Date.UTC(2026, 10, 26, 12);
const nextDayMs = Date.UTC(2026, 10, 27);
const execution = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
const policies = {
  NATIVE_FAILURE_POLICY: 'stand_in',
  NATIVE_STAND_IN_MAX: 'USD 50.00',
  NATIVE_STAND_IN_COUNT_PER_DAY: '3',
};

async function read(token: string, changes: object = policies) {
  const path = `/internal/cards/native/${token}/stand-in`;
  const call = { method: 'GET', pathAndQuery: path, body: '' };
  const headers = signCall(settings.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  const answer = await worker.fetch(requestTo(path, { headers }), { ...env, ...changes } as Env, execution);
  expect(answer.status).toBe(200);
  return standInReadbackSchema.parse(await answer.json());
}

function standIn(token: string, key: string, hold_minor: number) {
  const desk = env.STAND_IN_DESKS.getByName(cardKey('native', token));
  const asked = { ...advice({ message_key: key, request_key: key, hold_minor }), decided_by: 'edge' } as never;
  return desk.standIn(asked, { count_max: 3, sum_minor_max: 5_000 }, Date.now() + 1_000);
}

test('the limits, what is used of them today, and when the day ends', async () => {
  vi.setSystemTime(noonMs);
  const token = newToken();
  await putCard('native', token, profile());
  const nothing = { limit: 3, used: 0, left: 3 };
  expect(await read(token)).toMatchObject({
    ...{ policy: 'stand_in', standing: 'active', currency: 'USD', amount_minor_max: 5_000, count: nothing },
    // Without a sum of its own, a day has no more than one purchase may have.
    ...{ sum: { limit_minor: 5_000, used_minor: 0, left_minor: 5_000 }, resets_at_ms: nextDayMs },
  });
  expect(await standIn(token, 'r1', 1_200)).toBe('given');
  expect(await standIn(token, 'r2', 800)).toBe('given');
  // Less than was used already: nothing is left, and not less than that.
  expect(await read(token, { ...policies, NATIVE_STAND_IN_SUM_PER_DAY: 'USD 10.00' })).toMatchObject({
    ...{ count: { limit: 3, used: 2, left: 1 }, sum: { limit_minor: 1_000, used_minor: 2_000, left_minor: 0 } },
  });
  vi.setSystemTime(nextDayMs);
  expect(await read(token)).toMatchObject({ count: nothing, sum: { used_minor: 0 } });
});

test('a card that nothing is stood in for, and the policies that stand in for nothing', async () => {
  expect(await read(newToken())).toMatchObject({
    standing: 'unknown',
    currency: null,
    amount_minor_max: null,
    sum: null,
  });
  const frozen = newToken();
  await putCard('native', frozen, profile({ status: 'frozen' }));
  expect(await read(frozen)).toMatchObject({ standing: 'not_active', currency: 'USD' });
  const euro = newToken();
  await putCard('native', euro, profile({ currency: 'EUR' }));
  expect(await read(euro)).toMatchObject({ standing: 'active', currency: 'EUR', amount_minor_max: null, sum: null });
  expect(await read(euro, {})).toMatchObject({ policy: 'decline', count: { limit: 5 } });
});
