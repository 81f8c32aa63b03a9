// The edge's own signatures and those of the standard's reference library, in both directions.

import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { isSigned, signatureHeaders } from './signature.ts';

const secret = `whsec_${btoa('a secret of 32 bytes, for tests.')}`;
const other = `whsec_${btoa('another secret of 32 bytes ......')}`;
const text = 'POST /x\n{"name":"Straße 😀"}';
const now = new Date();

test('what the edge signs, the library verifies', async () => {
  const headers = await signatureHeaders([secret], text, { id: 'msg_1', at: now });
  expect(() => new Webhook(secret).verify(text, headers, { jsonParse: false })).not.toThrow();
  expect(headers['webhook-signature']).toBe(new Webhook(secret).sign('msg_1', now, text));
});

test('while a secret changes both sign: whoever knows the old one or the new one verifies', async () => {
  const headers = await signatureHeaders([secret, other], text, { id: 'msg_1', at: now });
  for (const known of [secret, other])
    expect(() => new Webhook(known).verify(text, headers, { jsonParse: false })).not.toThrow();
});

const headersOf = (signature: string, changes: Record<string, string> = {}) =>
  new Headers({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signature,
    ...changes,
  });
const signed = new Webhook(secret).sign('msg_1', now, text);

test.each<[string, boolean, Headers]>([
  ['what the library signs', true, headersOf(signed)],
  ['one of several signatures', true, headersOf(`v1a,bm9uZQ== v1,bm9uZQ== ${signed}`)],
  ['another secret', false, headersOf(new Webhook(other).sign('msg_1', now, text))],
  ['another id', false, headersOf(signed, { 'webhook-id': 'msg_2' })],
  ['another instant', false, headersOf(signed, { 'webhook-timestamp': '1' })],
  ['an instant that is no number', false, headersOf(signed, { 'webhook-timestamp': 'now' })],
  ['no base64', false, headersOf('v1,***')],
  ['another version', false, headersOf(signed.replace('v1,', 'v2,'))],
  ['a signature that is cut', false, headersOf(signed.slice(0, -4))],
  ['nothing', false, new Headers()],
])('%s: %s', async (_, valid, headers) => {
  expect(await isSigned(headers, text, [other, secret].slice(valid ? 0 : 1), now.getTime())).toBe(valid);
});

test.each([
  'a.b',
  '.',
  'msg_1.',
  '.msg_1',
  `msg_1.${Math.floor(now.getTime() / 1_000)}`,
  'msg 1',
  'msg_1, msg_1',
  'm'.repeat(256),
])('an id that could be read in two ways is refused, though it is signed: %s', async (id) => {
  const headers = headersOf(new Webhook(secret).sign(id, now, text), { 'webhook-id': id });
  expect(await isSigned(headers, text, [secret], now.getTime())).toBe(false);
});

test.each(['msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', '01890a5d-ac96-774b-bcce-b302099a8057', 'wh/1:2+3=', 'm'.repeat(255)])(
  'an id as senders make them is taken: %s',
  async (id) => {
    const headers = headersOf(new Webhook(secret).sign(id, now, text), { 'webhook-id': id });
    expect(await isSigned(headers, text, [secret], now.getTime())).toBe(true);
  },
);

test('it is valid for five minutes, either way', async () => {
  const at = (offsetMs: number) => isSigned(headersOf(signed), text, [secret], now.getTime() + offsetMs);
  const bound = limits.signatureToleranceMs;
  expect([await at(bound - 2_000), await at(2_000 - bound)]).toEqual([true, true]);
  expect([await at(bound + 2_000), await at(-bound - 2_000)]).toEqual([false, false]);
});
