// The platform's functions in the place of two packages: the deployed bundle has these, so they must do the same to the byte.

import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { decode, encode } from './base64.ts';
import { hmac } from './sha256.ts';

const utf8 = new TextEncoder();
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31) % 256);

test('HMAC-SHA256 is that of RFC 4231, whatever the length of key and data', async () => {
  const hex = [...hmac(utf8.encode('Jefe'), utf8.encode('what do ya want for nothing?'))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  expect(hex).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  for (const length of [1, 24, 63, 64, 65, 200]) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', bytesOf(length), algorithm, false, ['sign']);
    const data = bytesOf(length * 50);
    expect([...hmac(bytesOf(length), data)]).toEqual([...new Uint8Array(await crypto.subtle.sign('HMAC', key, data))]);
  }
});

test('base64 goes there and back, and makes the signature that the library makes', () => {
  for (const length of [0, 1, 2, 3, 32, 255]) expect(decode(encode(bytesOf(length)))).toEqual(bytesOf(length));
  const secret = encode(bytesOf(32));
  const at = new Date('2026-03-04T12:00:00Z');
  const signed = utf8.encode(`msg_1.${Math.floor(at.getTime() / 1000)}.{"a":"é"}`);
  expect(new Webhook(`whsec_${secret}`).sign('msg_1', at, '{"a":"é"}')).toBe(
    `v1,${encode(hmac(decode(secret), signed))}`,
  );
});
