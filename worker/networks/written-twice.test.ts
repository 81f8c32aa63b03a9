// A field that stands there twice, wherever in a message, in whichever spelling: two programs would read two messages, so nothing is decided
// or booked by it, and no fact is lost. The same for amounts that JSON.parse would round.

import { describe, expect, test } from 'vitest';
import { clearing, profile, refund, request } from '../../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { basic, callHearing, cardAt, internalSignature, nativeSignature, newToken } from '../testing/calls.ts';

type Fields = Record<string, unknown>;
type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  const own = path.length === 0 ? [] : [path];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return own;
  return [...own, ...Object.entries(value).flatMap(([name, inside]) => pathsOf(inside, [...path, name]))];
}

const mark = 'written again';
/** As JSON with the field at the path twice: every other time its second name is escaped. */
function twice(message: Fields, path: Path, second: unknown): string {
  const changed = structuredClone(message);
  const owner = path.slice(0, -1).reduce<Fields>((at, name) => at[name] as Fields, changed);
  const name = path.at(-1) ?? '';
  owner[`${mark}${name}`] = second;
  const written = path.length % 2 === 0 ? name : `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  return JSON.stringify(changed).replace(`${mark}${name}`, () => written);
}

async function send(path: string, text: string, headers: Readonly<Record<string, string>>) {
  const answer = await callHearing(path, { method: 'POST', body: text, headers });
  return { ...answer, body: JSON.parse(answer.text) as Fields };
}
const native = (route: string, text: string) => send(`/networks/native/${route}`, text, nativeSignature(text));
const marqeta = (route: string, text: string) => send(`/networks/marqeta/${route}`, text, basic());

const requested = { ...request({ alias_key: 'alias' }), merchant: { id: 'M', name: 'GROCER', category: '5411' } };
const token = newToken();
const askedOfNative: Fields = { card_token: token, request: requested };
const askedOfMarqeta = JSON.parse(gatewayMessage({ cardToken: token, amount: '1' })) as Fields;
const told = (JSON.parse(webhookMessage({ type: 'authorization.clearing', cardToken: token, amount: '1' })) as Fields)[
  'transactions'
] as [Fields];
const messages: Readonly<Record<string, Fields>> = {
  clearing: clearing({ message_key: 'm1', merchant: requested.merchant as never }) as unknown as Fields,
  refund: refund({ message_key: 'm2' }) as unknown as Fields,
};

describe('a request is refused or declined, by the path', () => {
  test.each(pathsOf(askedOfNative).map((path) => [path.join('.'), path] as const))(
    'native: %s',
    async (field, path) => {
      const { status, body } = await native('authorizations', twice(askedOfNative, path, 1));
      expect([status, body['details']]).toEqual([422, [{ field, problem: 'stands there twice' }]]);
    },
  );

  test.each(pathsOf(askedOfMarqeta).map((path) => [path.join('.'), path] as const))('Marqeta: %s', async (_, path) => {
    const { status, body } = await marqeta('gateway', twice(askedOfMarqeta, path, 1));
    expect([status, (body['jit_funding'] as Fields)['decline_reason']]).toEqual([402, expect.any(String)]);
  });

  test('a void', async () => {
    const { status } = await native('voids', `{"card_token":"${token}","request_key":"a","request_key":"b"}`);
    expect(status).toBe(422);
  });
});

describe('a fact is kept with both, and the others of its batch are booked', () => {
  const cases = Object.entries(messages).flatMap(([kind, message]) =>
    pathsOf({ card_token: token, message }).map((path) => [kind, path.join('.'), path] as const),
  );
  test.each(cases)('native %s: %s', async (kind, field, path) => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    const bad = twice({ card_token, message: messages[kind] }, path, 'the second');
    const good = JSON.stringify({ card_token, message: clearing({ message_key: 'good', amount_minor: 7 }) });
    const { status, body, kept } = await native('messages', `{"messages":[${bad},${good}]}`);
    const [first, second] = body['results'] as [Fields, Fields];
    expect([status, first['outcome'], first['field'], second['outcome']]).toEqual([
      ...[200, 'kept', `messages[0].${field}`, 'stored'],
    ]);
    expect(kept).toMatchObject([{ reason: 'out_of_contract', problem: 'stands there twice' }]);
    expect(kept[0]?.fact).toContain('the second');
    expect(await cardAt('native', card_token).read()).toMatchObject({ posted_minor: 7 });
    // Handed in again by a person it is no clearer.
    const [at, again] = ['/internal/facts/native', JSON.stringify({ fact: kept[0]?.fact })];
    const answer = await send(at, again, internalSignature('POST', at, again));
    expect(answer.body).toEqual({ taken: false });
  });

  test.each(pathsOf(told[0]).map((path) => [path.join('.'), path] as const))('Marqeta: %s', async (_, path) => {
    const cardToken = newToken();
    await cardAt('marqeta', cardToken).putProfile(profile());
    const bad = twice({ ...told[0], card_token: cardToken }, path, 'the second');
    const good = JSON.stringify({ ...told[0], card_token: cardToken, token: 'good', amount: 7 });
    const { status, kept } = await marqeta('webhook', `{"transactions":[${bad},${good}]}`);
    expect([status, kept.length, kept[0]?.problem]).toEqual([200, 1, 'stands there twice']);
    expect(kept[0]?.fact).toContain('the second');
    expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ posted_minor: 700 });
  });

  test('a list of Marqeta that stands there twice: both are there', async () => {
    const cardToken = newToken();
    await cardAt('marqeta', cardToken).putProfile(profile());
    const of = (key: string) => JSON.stringify({ ...told[0], card_token: cardToken, token: key });
    const text = `{"transactions":[${of('a')}],"transactions":[${of('b')},${of('c')}],"\\u0074ransactions":${of('d')}}`;
    const { status, kept } = await marqeta('webhook', text);
    expect([status, kept.length]).toEqual([200, 3]);
    expect(kept.map(({ fact }) => (JSON.parse(fact) as Fields)['token']).sort()).toEqual(['b', 'c', 'd']);
    expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ posted_minor: 100 });
  });

  test('a list of ours that stands there twice is refused whole: its sender hears of it, and nothing is taken', async () => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    const of = (key: string) => JSON.stringify({ card_token, message: clearing({ message_key: key }) });
    const { status, body, kept } = await native('messages', `{"messages":[${of('a')}],"messages":[${of('b')}]}`);
    expect([status, body['details'], kept]).toEqual([422, [{ field: 'messages', problem: 'stands there twice' }], []]);
    expect(await cardAt('native', card_token).read()).toMatchObject({ last_sequence: 1 });
  });
});

describe('an amount that is not the number that was written', () => {
  const odd = ['100.00000000000000001', '99.99999999999999999', '1e2', '1e-400'];
  test.each(odd)('native: %s is refused of a request, and kept of a fact', async (number) => {
    const asked = JSON.stringify({ card_token: token, request: { ...requested, amount_minor: 77 } });
    const { status, body } = await native('authorizations', asked.replace(':77', `:${number}`));
    expect([status, body['details']]).toMatchObject([422, [{ field: 'request.amount_minor' }]]);
    const fact = JSON.stringify({ messages: [{ card_token: token, message: clearing({ amount_minor: 77 }) }] });
    const { kept } = await native('messages', fact.replace(':77', `:${number}`));
    expect(kept).toMatchObject([{ field: 'messages[0].message.amount_minor', fact: expect.stringContaining(number) }]);
  });

  test.each(['100', '100.0', '1000000000'])('native: %s is what it is', async (number) => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    const fact = JSON.stringify({ messages: [{ card_token, message: clearing({ amount_minor: 77 }) }] });
    expect(await native('messages', fact.replace(':77', `:${number}`))).toMatchObject({ status: 200, kept: [] });
    expect(await cardAt('native', card_token).read()).toMatchObject({ posted_minor: Number(number) });
  });

  test.each(['1.00000000000000001', '1e-400', '0.99999999999999999999'])(
    'Marqeta: %s is kept, and 1.000000000000000000 is 1',
    async (number) => {
      const cardToken = newToken();
      await cardAt('marqeta', cardToken).putProfile(profile());
      const fact = (amount: string, name: string) =>
        JSON.stringify({
          transactions: [{ ...told[0], card_token: cardToken, token: newToken(), amount: 'it' }],
        }).replace('"amount":"it"', () => `"${name}":${amount}`);
      for (const name of ['amount', '\\u0061mount'])
        expect(await marqeta('webhook', fact(number, name))).toMatchObject({
          status: 200,
          kept: [{ field: 'transactions[0].amount' }],
        });
      expect(await marqeta('webhook', fact('1.000000000000000000', 'amount'))).toMatchObject({ status: 200, kept: [] });
      expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ posted_minor: 100 });
    },
  );
});
