// An edge with a wrong setting serves nothing, says so to whoever asks after its health, and grants nothing to a network.

import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { basic, nativeSignature, newToken, productionSettings, requestTo } from './testing/calls.ts';

let logged: string[];
beforeEach(() => {
  logged = [];
  const log = vi.spyOn(console, 'error').mockImplementation((line) => logged.push(String(line)));
  return () => log.mockRestore();
});

const execution = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
const secret = 'too-short-value';

async function asked(changes: object, path: string, init: RequestInit = {}) {
  const answer = await worker.fetch(requestTo(path, init), { ...env, ...changes } as Env, execution);
  const text = await answer.text();
  expect(text).not.toContain(secret);
  return { status: answer.status, body: JSON.parse(text), retryAfter: answer.headers.get('retry-after') };
}

test.each(['/readyz', '/livez'])('%s: ok, or which settings are wrong', async (path) => {
  expect(await asked({}, path)).toMatchObject({ status: 200, body: { status: 'ok' } });
  const changes = { NATIVE_STAND_IN_MAX: '77.00', MARQETA_PASSWORD: secret };
  expect(await asked(changes, path)).toMatchObject({
    status: 503,
    body: { status: 'misconfigured', wrong_settings: ['MARQETA_PASSWORD', 'NATIVE_STAND_IN_MAX'] },
  });
  const ofProduction = { ...productionSettings, ENVIRONMENT: 'development' };
  expect(await asked(ofProduction, path)).toMatchObject({ status: 503, body: { wrong_settings: ['SECRETS_OF'] } });
});

test.each<[said: string | undefined, bundle: string | null]>([
  ['a'.repeat(64), 'a'.repeat(64)],
  [undefined, null],
  ['', null],
  ['<b>no hash</b>', null],
])('/readyz says which bundle was deployed: told %j, it says %j', async (said, bundle) => {
  expect((await asked({ BUNDLE_SHA256: said }, '/readyz')).body).toEqual({
    status: 'ok',
    environment: 'development',
    bundle,
  });
});

describe('Marqeta’s gateway', () => {
  const body = gatewayMessage({ cardToken: newToken(), amount: '5.00' });
  const gateway = (changes: object, sent = body) =>
    asked({ NATIVE_STAND_IN_MAX: '77.00', ...changes }, '/networks/marqeta/gateway', {
      ...{ method: 'POST', body: sent, headers: { 'content-type': 'application/json', ...basic() } },
    });

  test.each(['decline', 'stand_in', 'no-policy', undefined])('declines in Marqeta’s words under %s', async (policy) => {
    const { status, body: said } = await gateway({ MARQETA_FAILURE_POLICY: policy });
    expect([status, said]).toMatchObject([402, { jit_funding: { decline_reason: 'TRANSACTION_NOT_PERMITTED' } }]);
    expect(said.jit_funding.token).toBe(JSON.parse(body).gpa_order.jit_funding.token);
    expect(logged.join()).toContain('NATIVE_STAND_IN_MAX');
  });

  test('answers 500 under `network`, for which alone Commando Mode may stand in', async () => {
    expect(await gateway({ MARQETA_FAILURE_POLICY: 'network' })).toMatchObject({
      ...{ status: 500, body: { error_code: 'edge_misconfigured' } },
    });
  });

  test('refuses what is no JSON, as ever', async () => {
    expect((await gateway({}, 'no json')).status).toBe(400);
  });
});

test.each([
  ['Marqeta’s webhook', '/networks/marqeta/webhook', basic()],
  ['the native network', '/networks/native/authorizations', nativeSignature('{}')],
  ['the origin', '/internal/cards/native/tok/events', {}],
])('%s is told to come again', async (_, path, headers) => {
  const method = path.startsWith('/internal') ? 'GET' : 'POST';
  const init = { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) };
  expect(await asked({ INTERNAL_SECRET: secret }, path, init)).toMatchObject({
    ...{ status: 503, body: { error_code: 'edge_misconfigured' }, retryAfter: '1' },
  });
});
