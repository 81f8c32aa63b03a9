// The operator's switch of stand-ins (X9): off at once and without a deployment, for one network, and off where it cannot be asked.

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { standInStandingSchema } from '../contracts/internal-answers.ts';
import { profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { StandInSwitch } from '../durable-objects/stand-in/stand-in-switch.ts';
import worker from './index.ts';
import {
  call,
  getInternal,
  internalSignature,
  nativeSignature,
  newToken,
  putCard,
  requestTo,
} from './testing/calls.ts';
import { heldQueue } from './testing/held-queue.ts';

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const policies = { NATIVE_FAILURE_POLICY: 'stand_in', NATIVE_STAND_IN_MAX: 'USD 50.00' };

async function isStoodIn(token: string): Promise<boolean> {
  const key = newToken();
  const body = JSON.stringify({ card_token: token, request: request({ request_key: key, authorization_key: key }) });
  const execution = createExecutionContext();
  const headers = nativeSignature(body, undefined, new Date());
  const asked = requestTo('/networks/native/authorizations', { method: 'POST', headers, body });
  const answer = await worker.fetch(asked, { ...env, ...policies, ...heldQueue() }, execution);
  await waitOnExecutionContext(execution);
  return ((await answer.json()) as Record<string, unknown>)['stood_in'] === true;
}

async function awayCard(): Promise<string> {
  const token = newToken();
  await putCard('native', token, profile());
  vi.spyOn(CardObject.prototype, 'authorize').mockImplementation(() => {
    throw new Error('the object is broken');
  });
  return token;
}

async function turn(network: string, is_on: boolean) {
  const [path, body] = [`/internal/stand-in/${network}`, JSON.stringify({ is_on, by: 'ada' })];
  const answer = await call(path, { method: 'PUT', body, headers: internalSignature('PUT', path, body) });
  return standInStandingSchema.parse(await answer.json());
}

test('X9: turned off, nothing is stood in for; turned on, it is again; another network is not concerned', async () => {
  const token = await awayCard();
  expect(await isStoodIn(token)).toBe(true);
  await turn('marqeta', false);
  expect(await isStoodIn(token)).toBe(true);
  expect(await turn('native', false)).toMatchObject({ is_on: false, by: 'ada', failure_policy: 'decline' });
  expect(await isStoodIn(token)).toBe(false);
  await turn('native', true);
  expect(await isStoodIn(token)).toBe(true);
});

test('X9: an isolate that did not turn it knows within a second', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const token = await awayCard();
  expect(await isStoodIn(token)).toBe(true);
  await env.STAND_IN_SWITCHES.getByName('native').turn(false, 'somebody elsewhere');
  vi.setSystemTime(Date.now() + 1_001);
  expect(await isStoodIn(token)).toBe(false);
  await turn('native', true);
});

test('X9: a switch that cannot be asked stands in for nothing: nobody could turn it off', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  const token = await awayCard();
  vi.spyOn(StandInSwitch.prototype, 'read').mockImplementation(() => {
    throw new Error('the switch is away');
  });
  expect(await isStoodIn(token)).toBe(false);
});

test('X9: how it stands can be read; before anybody turned it, it is on', async () => {
  const path = '/internal/stand-in/nowhere';
  expect((await getInternal(path)).status).toBe(422);
  const read = await getInternal('/internal/stand-in/native');
  expect(standInStandingSchema.parse(await read.json())).toMatchObject({ failure_policy: 'decline' });
  expect(await env.STAND_IN_SWITCHES.getByName('nobody').read()).toEqual({ is_on: true, at_ms: null, by: null });
});
