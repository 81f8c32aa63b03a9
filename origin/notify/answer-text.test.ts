// What is kept of an answer: short, printable, without secrets or card numbers.

import { expect, test } from 'vitest';
import { answerBytesMax, answerText } from './answer-text.ts';

const text = (said: string, options?: { cut: boolean }) => answerText(new TextEncoder().encode(said), options);
const jwt = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`;

test.each<[said: string, kept: string]>([
  ['ok', 'ok'],
  ['{"error":"no such merchant: Bücher & Söhne"}', '{"error":"no such merchant: Bücher & Söhne"}'],
  ['line one\r\nline two\u0000\u001b[31m', 'line one line two [31m'],
  ['card 4242 4242 4242 4242 refused', 'card **** **** **** **** refused'],
  ['{"pan":4242424242424242}', '{"pan":****************}'],
  ['４２４２４２４２４２４２４２４２', '****************'],
  ['order 1234567890123', 'order 1234567890123'],
  ['{"password":"hunter2","user":"a"}', '{"password":[secret],"user":"a"}'],
  ['{"api_key": "abc", "note": "b"}', '{"api_key": [secret], "note": "b"}'],
  ['DB_PASSWORD=hunter2 DB_HOST=db', 'DB_PASSWORD=[secret] DB_HOST=db'],
  ['postgres://atlas:hunter2@db.internal/atlas', 'postgres://[secret]db.internal/atlas'],
  [`token ${jwt} expired`, 'token [secret] expired'],
  ['key sk_test_abcdefgh12345678', 'key [secret]'],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '[secret]'],
  ['sent Bearer abc.def-ghi', 'sent [secret]'],
  ['set-cookie: session=abc; Path=/', 'set-cookie: [secret]; Path=/'],
])('%j is kept as %j', (said, kept) => {
  expect(text(said)).toBe(kept);
});

test('a kilobyte is kept, whatever its form', () => {
  expect(text('x'.repeat(5_000))).toHaveLength(answerBytesMax);
  // One character that becomes eighteen.
  expect(text('\ufdfa'.repeat(300)).length).toBeLessThanOrEqual(answerBytesMax);
  expect(answerText(Uint8Array.from({ length: 3_000 }, (_, index) => index % 256)).length).toBeLessThanOrEqual(1_024);
});

test('a card number that the cut goes through leaves no digits', () => {
  expect(text(`${'x'.repeat(answerBytesMax - 14)} 4242424242424242`)).toBe('x'.repeat(answerBytesMax - 14));
  expect(text('left 424242424242', { cut: true })).toBe('left');
});
