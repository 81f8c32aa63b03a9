// One battery of bad input that every route must pass: refused with its reason, and kept nowhere.

import { listDurableObjectIds, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { advice, clearing, profile, request } from '../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import {
  basic,
  call,
  callHearing,
  cardAt,
  type Headers,
  internalSignature,
  nativeSignature,
  newToken,
} from './testing/calls.ts';

/** A test number that every network publishes: its range is Visa's, and it passes Luhn. */
const cardNumber = '4111111111111111';
const token = newToken();

interface Route {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  /** Credentials for a body. */
  readonly sign: (body: string) => Headers;
  /** A body that is served, with a field that a test changes: its name in the refusal, where to put the text. */
  readonly body: (text: string) => unknown;
  readonly textField: string;
  /** Whether the text is a shop's name: card numbers in it are masked, and nothing is refused for them. */
  readonly isName?: true;
  readonly bytesMax: number;
  /** What is no JSON object is kept for a person too: its sender may have told of money in it. */
  readonly keepsAnything?: true;
  /** A field of the contract with a value that is none of its own, and what becomes of it. */
  readonly wrong: readonly [field: string, body: unknown, becomes?: 'declined' | 'kept'];
}

const gateway = (changes: object) => ({ ...JSON.parse(gatewayMessage({ cardToken: token, amount: '1' })), ...changes });
const webhook = (changes: object) => {
  const { transactions } = JSON.parse(webhookMessage({ type: 'refund', cardToken: token, amount: '1' }));
  return { transactions: [{ ...transactions[0], ...changes }] };
};
const named = (name: string) => ({ id: null, name, category: '5411', country: null });
const internalPath = `/internal/cards/native/${token}`;

const routes: Readonly<Record<string, Route>> = {
  'marqeta gateway': {
    method: 'POST',
    path: '/networks/marqeta/gateway',
    sign: () => basic(),
    body: (name) => gateway({ card_acceptor: { name } }),
    isName: true,
    bytesMax: limits.bodyBytesMax,
    textField: 'card_acceptor.name',
    wrong: ['currency_code', gateway({ currency_code: 'usd' }), 'declined'],
  },
  'marqeta webhook': {
    method: 'POST',
    path: '/networks/marqeta/webhook',
    sign: () => basic(),
    body: (name) => webhook({ card_acceptor: { name } }),
    isName: true,
    bytesMax: limits.batchBytesMax,
    textField: 'transactions[0].card_acceptor.name',
    keepsAnything: true,
    wrong: ['transactions[0].currency_code', webhook({ currency_code: 'usd' }), 'kept'],
  },
  'native authorizations': {
    method: 'POST',
    path: '/networks/native/authorizations',
    sign: (body) => nativeSignature(body),
    body: (name) => ({ card_token: token, request: request({ merchant: named(name) }) }),
    isName: true,
    bytesMax: limits.bodyBytesMax,
    textField: 'request.merchant.name',
    wrong: ['request.currency', { card_token: token, request: request({ currency: 'usd' }) }],
  },
  'native messages': {
    method: 'POST',
    path: '/networks/native/messages',
    sign: (body) => nativeSignature(body),
    body: (name) => ({ messages: [{ card_token: token, message: clearing({ merchant: named(name) }) }] }),
    isName: true,
    bytesMax: limits.batchBytesMax,
    textField: 'messages[0].message.merchant.name',
    wrong: [
      'messages[0].message.amount_minor',
      { messages: [{ card_token: token, message: clearing({ amount_minor: -1 }) }] },
      'kept',
    ],
  },
  'native advices': {
    method: 'POST',
    path: '/networks/native/messages',
    sign: (body) => nativeSignature(body),
    body: (name) => ({ messages: [{ card_token: token, message: advice({ merchant: named(name) }) }] }),
    isName: true,
    bytesMax: limits.batchBytesMax,
    textField: 'messages[0].message.merchant.name',
    wrong: [
      'messages[0].message.hold_minor',
      { messages: [{ card_token: token, message: advice({ hold_minor: 1.5 }) }] },
      'kept',
    ],
  },
  'native voids': {
    method: 'POST',
    path: '/networks/native/voids',
    sign: (body) => nativeSignature(body),
    body: (note) => ({ card_token: token, request_key: 'r1', note }),
    bytesMax: limits.bodyBytesMax,
    textField: 'note',
    wrong: ['request_key', { card_token: token, request_key: 'with space' }],
  },
  'internal card': {
    method: 'PUT',
    path: internalPath,
    sign: (body) => internalSignature('PUT', internalPath, body),
    body: (note) => ({ ...profile(), note }),
    bytesMax: limits.bodyBytesMax,
    textField: 'note',
    wrong: ['status', { ...profile(), status: 'gone' }],
  },
};

let logged: string[];

beforeEach(() => {
  logged = [];
  for (const level of ['debug', 'log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((...line) => logged.push(line.map(String).join(' ')));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Every row of every card's log. */
async function allRows(): Promise<string> {
  const rowsOf = (_: unknown, { storage: { sql } }: DurableObjectState) =>
    // A card that nobody knows keeps nothing, not even an empty log.
    sql.exec("select 1 from sqlite_master where name = 'log'").toArray().length === 0
      ? ''
      : JSON.stringify(sql.exec('select * from log').toArray());
  const ids = await listDurableObjectIds(env.CARDS);
  return (await Promise.all(ids.map((id) => runInDurableObject(env.CARDS.get(id), rowsOf)))).join();
}

describe.each(Object.entries(routes))('%s', (_, route) => {
  const { method, path, sign, body, textField, isName, keepsAnything, bytesMax, wrong } = route;

  /** Sends a text with the route's own credentials; the answer is a problem, or fails the test. */
  async function refusal(text: string, init: { body?: BodyInit; headers?: Headers } = {}) {
    const answer = await call(path, { method, body: text, headers: sign(text), ...init });
    const said = await answer.text();
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    return {
      status: answer.status,
      said,
      ...(JSON.parse(said) as { error_code: string; details?: { field: string }[] }),
    };
  }

  const fine = JSON.stringify(body('EXAMPLE GROCER'));
  test.each<[string, Headers]>([
    ['no credentials', {}],
    ['a wrong password', basic(undefined, 'Demo-only-password-2!')],
    ['a wrong user', basic('demo-marqetb')],
    ['credentials of another scheme', { authorization: 'Bearer token' }],
    ['another body’s signature', nativeSignature('{}')],
  ])('%s: 401', async (__, headers) => {
    expect(await refusal(fine, { headers })).toMatchObject({ status: 401 });
  });

  const malformed = ['{', '{"a":1}}', "{'a':1}", 'undefined', '\u0000'];
  const noObject = ['null', '[]', '"text"', '1', 'true'];

  test.runIf(keepsAnything).each([...malformed, ...noObject])('no JSON object (%j): kept', async (text) => {
    const { status, kept } = await callHearing(path, { method, body: text, headers: sign(text) });
    expect([status, kept]).toMatchObject([200, [{ field: 'body', reason: 'out_of_contract' }]]);
  });

  test.each(keepsAnything ? [''] : ['', ...malformed])('malformed JSON (%j): 400', async (text) => {
    expect(await refusal(text)).toMatchObject({ status: 400, error_code: 'body_malformed' });
  });

  test.skipIf(keepsAnything)('not UTF-8: 400', async () => {
    const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    expect(await refusal('', { body: bytes, headers: sign('') })).toMatchObject({
      status: 400,
      error_code: 'body_malformed',
    });
  });

  test('a body above its bound, its length declared: 413', async () => {
    const text = JSON.stringify({ filler: 'x'.repeat(bytesMax) });
    const headers = { ...sign(text), 'content-length': String(text.length) };
    expect(await refusal(text, { headers })).toMatchObject({ status: 413, error_code: 'body_too_large' });
  });

  test('a body above its bound, in chunks of no declared length: 413', async () => {
    let chunks = 0;
    const stream = new ReadableStream({
      pull: (controller) => {
        chunks++;
        controller.enqueue(new TextEncoder().encode('x'.repeat(bytesMax / 64)));
        if (chunks === 1_000) controller.close();
      },
    });
    expect(await refusal('', { body: stream, headers: sign('') })).toMatchObject({ status: 413 });
    expect(chunks).toBeLessThan(500);
  });

  test('a byte order mark before the JSON changes nothing', async () => {
    const said = async (text: string) => (await callHearing(path, { method, body: text, headers: sign(text) })).status;
    const text = JSON.stringify(wrongBody);
    expect(await said(`\ufeff${text}`)).toBe(await said(text));
  });

  test.skipIf(keepsAnything).each(noObject)('JSON of another shape (%s): 422', async (text) => {
    expect(await refusal(text)).toMatchObject({ status: 422, error_code: 'field_invalid' });
  });

  const [field, wrongBody, becomes] = wrong;
  test.skipIf(becomes !== undefined)('a field out of contract: 422 and named', async () => {
    expect(await refusal(JSON.stringify(wrongBody))).toMatchObject({ status: 422, details: [{ field }] });
  });

  test.runIf(becomes !== undefined)(
    'amount, currency or key out of contract: declined, or kept and named',
    async () => {
      const text = JSON.stringify(wrongBody);
      const { status, kept } = await callHearing(path, { method, body: text, headers: sign(text) });
      expect([status, kept]).toMatchObject(becomes === 'declined' ? [402, []] : [200, [{ field }]]);
    },
  );

  test.each([
    ['arrays', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['arrays with a long number', `${'['.repeat(30_000)}1.00000000000000000001${']'.repeat(30_000)}`],
    ['arrays that never end', '['.repeat(60_000)],
    ['objects', '{"a":'.repeat(10_000) + '1'.concat('}'.repeat(10_000))],
  ])('nesting thousands deep, of %s: refused or ignored, and never a failure of ours', async (__, text) => {
    const { status } = await call(path, { method, body: text, headers: sign(text) });
    // A field of Marqeta's that nobody knows is ignored, whatever is in it.
    expect([200, 400, 402, 422]).toContain(status);
    expect(logged.join()).not.toContain('request_failed');
  });

  test.each([
    ['pan', cardNumber],
    ['card_number', 'ending 1111'],
    ['cardNumber', null],
    ['CVV', '123'],
    ['cvv2', 123],
    ['track_2_data', 'x'],
    ['pin_block', ''],
  ])('a field made for card data, %s: 422, and it is kept nowhere', async (name, value) => {
    const text = JSON.stringify({ ...(body('EXAMPLE GROCER') as object), [name]: value });
    const { said, ...answer } = await refusal(text);
    expect(answer).toMatchObject({ status: 422, error_code: 'card_data_refused', details: [{ field: name }] });
    expect(said + logged.join() + (await allRows())).not.toContain(cardNumber);
  });

  const numbers = [
    ['plain', cardNumber],
    ['grouped by spaces', '4111 1111 1111 1111'],
    ['grouped by hyphens', '4111-1111-1111-1111'],
    ['among words', `paid by ${cardNumber}, thanks`],
    ['in full-width digits', '４１１１１１１１１１１１１１１１'],
  ] as const;

  test.runIf(isName).each(numbers)(
    'a card number in a shop’s name, %s: masked, and it is kept nowhere',
    async (__, name) => {
      for (const network of ['marqeta', 'native'] as const) await cardAt(network, token).putProfile(profile());
      const text = JSON.stringify(body(name));
      const { status } = await call(path, { method, body: text, headers: sign(text) });
      expect(status).toBeOneOf([200, 402, 409]);
      const rows = await allRows();
      expect(logged.join() + rows).not.toMatch(new RegExp(`${name}|${cardNumber}`));
      expect(rows).toContain('****');
    },
  );

  test.skipIf(isName).each(numbers)('a card number in free text, %s: 422, and it is kept nowhere', async (__, name) => {
    const { said, ...answer } = await refusal(JSON.stringify(body(name)));
    expect(answer).toMatchObject({ status: 422, error_code: 'card_data_refused', details: [{ field: textField }] });
    expect(said + logged.join() + (await allRows())).not.toContain(name);
  });

  test('a card number as the name of a field: 422, and the refusal does not repeat it', async () => {
    const { said, ...answer } = await refusal(JSON.stringify({ ...(body('x') as object), [cardNumber]: 1 }));
    expect(answer).toMatchObject({ status: 422, error_code: 'card_data_refused' });
    expect(said + logged.join()).not.toContain(cardNumber);
  });
});
