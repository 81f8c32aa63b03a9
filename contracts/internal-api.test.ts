// A signature covers one call: its method, its path with the query, its body, its instant.

import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import {
  bodyBytesHeader,
  headSignatureHeader,
  headText,
  signedText,
  tokenInPath,
  tokenOfSegment,
} from './internal-api.ts';
import { signCall } from './sign-call.ts';

const secret = `whsec_${Buffer.from('a secret for tests, of 32 bytes!').toString('base64')}`;
const call = { method: 'PUT', pathAndQuery: '/internal/cards/native/card_1?a=1', body: '{"version":1}' };

function accepted(headers: Record<string, string>, received: typeof call): boolean {
  try {
    new Webhook(secret).verify(signedText(received), headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

test('a call is accepted as it was signed, whatever the case of its method', () => {
  const headers = signCall(secret, call, { id: 'msg_1', at: new Date() });
  expect(accepted(headers, call)).toBe(true);
  expect(accepted(headers, { ...call, method: 'put' })).toBe(true);
});

test.each<[what: string, changed: Partial<typeof call>]>([
  ['method', { method: 'DELETE' }],
  ['path', { pathAndQuery: '/internal/cards/native/card_2?a=1' }],
  ['query', { pathAndQuery: '/internal/cards/native/card_1?a=2' }],
  ['body', { body: '{"version":2}' }],
])('another %s needs another signature', (_, changed) => {
  const headers = signCall(secret, call, { id: 'msg_1', at: new Date() });
  expect(accepted(headers, { ...call, ...changed })).toBe(false);
});

test('a signature is bound to its id and its instant, and grows old', () => {
  const headers = signCall(secret, call, { id: 'msg_1', at: new Date() });
  expect(accepted({ ...headers, 'webhook-id': 'msg_2' }, call)).toBe(false);
  expect(accepted({ ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 1) }, call)).toBe(false);
  const old = signCall(secret, call, { id: 'msg_1', at: new Date(Date.now() - 6 * 60_000) });
  expect(accepted(old, call)).toBe(false);
});

test.each(['', 'plain', 'é€😀', '\ud800 alone'])('X4: a second signature says how long the body %j will be', (body) => {
  const headers = signCall(secret, { ...call, body }, { id: 'msg_1', at: new Date() });
  const bytes = Buffer.byteLength(body);
  expect(headers[bodyBytesHeader]).toBe(String(bytes));
  const head = { ...headers, 'webhook-signature': headers[headSignatureHeader] ?? '' };
  const verify = (text: string) => new Webhook(secret).verify(text, head, { jsonParse: false });
  expect(() => verify(headText({ ...call, bytes }))).not.toThrow();
  expect(() => verify(headText({ ...call, bytes: bytes + 1 }))).toThrow();
  // Neither signature stands for the other.
  expect(() => verify(signedText({ ...call, body }))).toThrow();
});

const dots = fc.stringMatching(/^[~.%2eE/\\]{1,6}$/);
test('X15: any token is one segment of a path and comes back whole, dots alone too', () => {
  fc.assert(
    fc.property(fc.oneof(dots, fc.constantFrom('.', '..', '~.', '~~..', '%2e%2e', '...'), fc.string()), (token) => {
      fc.pre(token !== '' && token.isWellFormed());
      const { pathname } = new URL(`/internal/cards/native/${tokenInPath(token)}/events`, 'http://edge');
      const segments = pathname.split('/');
      expect(segments).toHaveLength(6);
      expect(tokenOfSegment(decodeURIComponent(segments[4] ?? ''))).toBe(token);
    }),
  );
});
