// While a secret changes, the old and the new one are taken at once; before and after, only the one. And a deployment that nobody named
// as production serves its own machine alone.

import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { signCall } from '../contracts/sign-call.ts';
import type { Env } from './env.ts';
import worker from './index.ts';
import { basic, type Headers, nativeSignature, newToken, productionSettings, settings } from './testing/calls.ts';

const whsec = (text: string) => `whsec_${btoa(text)}`;
async function hmacHex(secret: string, text: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes.encode(secret), algorithm, false, ['sign']);
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const execution = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;

async function statusWith(changes: object, path: string, init: RequestInit, host = 'https://edge.test') {
  const request = new Request(`${host}${path}`, init);
  const answer = await worker.fetch(request, { ...env, ...changes } as Env, execution);
  await answer.text();
  return answer.status;
}

/** One call of each kind that a credential opens. */
const calls = {
  INTERNAL_SECRET: {
    old: settings.INTERNAL_SECRET,
    new: whsec('the next internal secret, 32 by.'),
    path: '/internal/cards/native/nobody/events',
    init: (secret: string): RequestInit => ({
      headers: signCall(
        secret,
        { method: 'GET', pathAndQuery: '/internal/cards/native/nobody/events', body: '' },
        { id: newId('req'), at: new Date() },
      ),
    }),
  },
  NATIVE_SECRETS: {
    old: settings.NATIVE_SECRETS,
    new: whsec('the next native secret, 32 bytes'),
    path: '/networks/native/voids',
    init: (secret: string): RequestInit => {
      const body = JSON.stringify({ card_token: newToken(), request_key: 'r1' });
      return { method: 'POST', body, headers: nativeSignature(body, secret) };
    },
  },
  MARQETA_PASSWORD: {
    old: settings.MARQETA_PASSWORD,
    new: 'The-next-password-of-2026!',
    path: '/networks/marqeta/webhook',
    init: (password: string): RequestInit => ({
      method: 'POST',
      body: '{"pings":[{}]}',
      headers: basic(settings.MARQETA_USERNAME, password),
    }),
  },
  MARQETA_WEBHOOK_SECRET: {
    old: 'Vd83-kLq92-mZx01-pTr47',
    new: 'Qw55-zPm18-bYh63-nLd90',
    path: '/networks/marqeta/webhook',
    init: async (secret: string): Promise<RequestInit> => ({
      method: 'POST',
      body: '{"pings":[{}]}',
      headers: { ...basic(), 'x-marqeta-signature': await hmacHex(secret, '{"pings":[{}]}') },
    }),
  },
} as const;

describe.each(Object.entries(calls))('%s', (name, { old, new: next, path, init }) => {
  const statuses = async (value: string) => [
    await statusWith({ [name]: value }, path, await init(old)),
    await statusWith({ [name]: value }, path, await init(next)),
  ];

  test('both are taken while it changes, in either order; before and after, one is', async () => {
    expect(await statuses(old)).toEqual([200, 401]);
    expect(await statuses(`${next} ${old}`)).toEqual([200, 200]);
    expect(await statuses(`${old} ${next}`)).toEqual([200, 200]);
    expect(await statuses(next)).toEqual([401, 200]);
  });
});

test('a username changes together with its password: no old name with the new password', async () => {
  const changing = {
    MARQETA_USERNAME: 'next demo-marqeta',
    MARQETA_PASSWORD: `The-next-password-of-2026! ${settings.MARQETA_PASSWORD}`,
  };
  const ping = (headers: Headers) =>
    statusWith(changing, '/networks/marqeta/webhook', { method: 'POST', body: '{"pings":[{}]}', headers });
  expect(await ping(basic('demo-marqeta'))).toBe(200);
  expect(await ping(basic('next', 'The-next-password-of-2026!'))).toBe(200);
  expect(await ping(basic('demo-marqeta', 'The-next-password-of-2026!'))).toBe(401);
  expect(await ping(basic('next'))).toBe(401);
});

describe('X10: a deployment that is not named as production', () => {
  test.each([
    ['https://atlas-edge.someone.workers.dev', 503],
    ['https://edge.atlas.example.com', 503],
    ['http://10.0.0.7:8787', 503],
    ['https://127.0.0.1.nip.io', 503],
    ['http://127.0.0.1:8787', 200],
    ['http://localhost:8787', 200],
    ['http://[::1]:8787', 200],
  ])('called by %s answers %d', async (host, status) => {
    expect(await statusWith({}, '/livez', {}, host)).toBe(status);
  });

  test('without ENVIRONMENT nothing but its own life is served', async () => {
    const { path, init, old } = calls.NATIVE_SECRETS;
    expect(await statusWith({ ENVIRONMENT: undefined }, path, init(old), 'https://edge.example.com')).toBe(503);
  });

  test('production serves by any name', async () => {
    expect(await statusWith(productionSettings, '/livez', {}, 'https://edge.example.com')).toBe(200);
  });
});
