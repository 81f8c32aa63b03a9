// Webhooks verify as the reference library signs them, and not a second later or a byte otherwise.

import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { type WebhookHeaders, type WebhookProblem, WebhookVerificationError, webhooks } from './webhooks.ts';

const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const another = `whsec_${btoa('abcdef0123456789abcdef0123456789')}`;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const event = { type: 'settlement.completed', timestamp: '2026-11-21T12:00:00.000Z', data: { reference: 'Bücher €' } };
const body = JSON.stringify(event);

function headersOf({ at = nowMs, by = [secret], id = 'evt_1', text = body } = {}): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': by.map((one) => new Webhook(one).sign(id, new Date(at), text)).join(' '),
  };
}
async function problemOf(...given: Parameters<typeof webhooks.verify>): Promise<WebhookProblem | null> {
  const [raw, headers, secrets, options] = given;
  try {
    await webhooks.verify(raw, headers, secrets, { nowMs, ...options });
    return null;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.problem;
    throw error;
  }
}

describe('what the reference library signed is taken', () => {
  const headers = headersOf();
  test.each<[of: string, raw: string | Uint8Array | ArrayBuffer, headers: WebhookHeaders]>([
    ['a text', body, headers],
    ['bytes', new TextEncoder().encode(body), headers],
    ['a Buffer that is a part of another', Buffer.from(`..${body}`).subarray(2), headers],
    ['an ArrayBuffer', new TextEncoder().encode(body).buffer, headers],
    ['Headers', body, new Headers(headers)],
    ["Node's headers", body, { ...headers, host: 'a', 'set-cookie': ['a', 'b'], cookie: undefined }],
    ['names in another case', body, { 'Webhook-Id': 'evt_1', ...rest(headers) }],
  ])('%s', async (_, raw, given) => {
    expect(await webhooks.verify(raw, given, secret, { nowMs })).toEqual(event);
  });

  test('while secrets change: signed with two, known one; signed with one, known two', async () => {
    expect(await problemOf(body, headersOf({ by: [another, secret] }), secret)).toBeNull();
    expect(await problemOf(body, headersOf({ by: [secret] }), [another, secret])).toBeNull();
    expect(await problemOf(body, headersOf({ by: [secret] }), [another])).toBe('signature_wrong');
    expect(await problemOf(body, headersOf(), [])).toBe('signature_wrong');
  });

  test('other kinds of signatures beside are passed over', async () => {
    const signed = headersOf()['webhook-signature'];
    expect(await problemOf(body, { ...headersOf(), 'webhook-signature': `v1a,abc v2,x ${signed}` }, secret)).toBeNull();
  });
});

test('five minutes either way, and not a second more', async () => {
  const at = (seconds: number) => problemOf(body, headersOf({ at: nowMs + seconds * 1_000 }), secret);
  expect([await at(-300), await at(300)]).toEqual([null, null]);
  expect([await at(-301), await at(301)]).toEqual(['timestamp_too_old', 'timestamp_too_new']);
  expect(await problemOf(body, headersOf({ at: nowMs - 301_000 }), secret, { toleranceMs: 600_000 })).toBeNull();
});

describe('what is otherwise in a byte is refused', () => {
  const good = headersOf();
  const signature = good['webhook-signature'] ?? '';
  test.each<[what: string, raw: string, headers: Record<string, string | string[]>, problem: WebhookProblem]>([
    ['another body', body.replace('€', '$'), good, 'signature_wrong'],
    ['the body parsed and written again with spaces', JSON.stringify(event, null, 1), good, 'signature_wrong'],
    ['another id', body, { ...good, 'webhook-id': 'evt_2' }, 'signature_wrong'],
    ['another time', body, { ...good, 'webhook-timestamp': String(nowMs / 1_000 + 1) }, 'signature_wrong'],
    ['a changed signature', body, { ...good, 'webhook-signature': signature.replace(/.=$/, 'A=') }, 'signature_wrong'],
    ['half a signature', body, { ...good, 'webhook-signature': signature.slice(0, 20) }, 'signature_wrong'],
    ['no version before it', body, { ...good, 'webhook-signature': signature.slice(3) }, 'signature_wrong'],
    ['no base64', body, { ...good, 'webhook-signature': 'v1,§§§' }, 'signature_wrong'],
    ['no signature', body, rest(good, 'webhook-signature'), 'header_missing'],
    ['no id', body, rest(good, 'webhook-id'), 'header_missing'],
    ['no time', body, rest(good, 'webhook-timestamp'), 'header_missing'],
    ['an id twice', body, { ...good, 'webhook-id': ['evt_1', 'evt_2'] }, 'header_missing'],
    ['an id in two cases', body, { ...good, 'Webhook-Id': 'evt_2' }, 'header_missing'],
    ['an id with a dot', body, headersOf({ id: 'evt.1' }), 'header_missing'],
    ['no time at all', body, { ...good, 'webhook-timestamp': 'now' }, 'timestamp_invalid'],
    ['time with a fraction', body, { ...good, 'webhook-timestamp': '1795262400.5' }, 'timestamp_invalid'],
    ['no JSON', 'ok', headersOf({ text: 'ok' }), 'body_not_json'],
  ])('%s', async (_, raw, headers, problem) => {
    expect(await problemOf(raw, headers, secret)).toBe(problem);
  });

  test.each(['', 'whsec_', 'whsec_§', 'whsec_c2hvcnQ='])('%j is no secret', async (wrong) => {
    expect(await problemOf(body, good, wrong)).toBe('secret_invalid');
  });
});

/** All but one. */
function rest(headers: Record<string, string>, name = 'webhook-id'): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
