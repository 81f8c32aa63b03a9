// Card data at the origin's doors: refused where the sender can be told, masked where somebody states a fact. The whole system is
// searched by `npm run faults -- card-data`.

import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { silent } from '../../scripts/test-settlements.ts';
import { readKeptFact, readMessage } from '../intake/read-message.ts';
import { createLog } from '../log.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import { createProviderInbox } from '../payouts/provider-inbox.ts';
import { takeSettlementMessages } from '../payouts/settlement-queue.ts';
import { providerCode } from '../providers/exchange.ts';
import type { Provider, ProviderWord } from '../providers/provider.ts';
import { SampleApi } from '../testing/sample-api.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { measureCardData } from './found.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
});
afterAll(() => api.close());

const card = '4111111111111111';
const spellings = [
  card,
  `${card} 12/27`,
  `${card} 12/27 123`,
  '41111111111111111227',
  `order 77 ${card}`,
  '4111.1111.1111.1111',
  '4111\u200b1111\u200b1111\u200b1111',
  '\u0664\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661',
  '2200000000000004',
];
const block = { does: 'block', applies_to: { category: { any_of: ['gambling'] } } };
const refused = (field: string) => ({ status: 422, body: { error_code: 'card_data_refused', details: [{ field }] } });

test.each(spellings)(
  'X2: %j is refused as a reference and as a name, by the name of the field and how it is mended',
  async (text) => {
    const settlement = { merchant_id: newId('mrch'), amount_minor: 100, currency: 'USD', reference: text };
    const answer = await api.call('POST', '/settlements', settlement, { 'idempotency-key': newId('req') });
    expect(answer).toMatchObject(refused('reference'));
    expect(answer.text).toContain('send a token instead');
    expect(answer.text).not.toContain(text);
    expect(await api.call('POST', '/merchants', { name: text, currency: 'USD' })).toMatchObject(refused('name'));
  },
);

test('X2: the id of a control, the token of a card, a query and an idempotency key are searched too', async () => {
  const set = { name: 'x', controls: [{ control_id: card, ...block }] };
  expect(await api.call('POST', '/control-sets', set)).toMatchObject(refused('controls[0].control_id'));
  const made = { account_id: newId('acct'), network: 'native', card_token: card };
  expect(await api.call('POST', '/cards', made)).toMatchObject(refused('card_token'));
  expect(await api.call('GET', `/settlements?reference=${card}`)).toMatchObject(refused('reference'));
  const key = { 'idempotency-key': `order-${card}` };
  expect(await api.call('POST', '/settlements', {}, key)).toMatchObject(refused('idempotency-key'));
});

test("X2: an acquirer's id of a merchant is an identifier, and taken", async () => {
  const merchant = { name: 'Shop', currency: 'USD', network_merchant_ids: ['411111111111116'] };
  expect(await api.call('POST', '/merchants', merchant)).toMatchObject({ status: 201 });
});

test('X2: a webhook of a provider is taken, with its texts masked in what is kept and its ids as they are', async () => {
  const word = {
    webhook_id: card,
    settlement_id: newId('stl'),
    outcome: 'unclear',
    kind: 'provider_contradiction',
    code: null,
  };
  const provider = {
    name: 'simulated',
    readWebhook: () => ({
      ...word,
      provider_reference: card,
      summary: `says ${card} 12/27`,
      amount_minor: null,
      currency: null,
    }),
  } as unknown as Provider;
  const { sql } = api.database;
  const body = JSON.stringify({ id: card, note: `4111.1111.1111.1111`, cvv: '123' });
  expect(await createProviderInbox(sql).receive(provider, new Headers(), body)).toBe('stored');
  const { rows } = await sql.query<{ body: string; word: ProviderWord }>('select body, word from provider_webhooks');
  expect(JSON.parse(rows[0]?.body ?? '')).toEqual({ id: card, note: '****.****.****.****', cvv: '***' });
  expect(rows[0]?.word).toMatchObject({ provider_reference: card, summary: 'says **************** **/**' });
});

test("X2: a provider's code that holds a card number is ours without it", () => {
  expect(providerCode(`card ${card} refused`)).toBe('provider_card_refused');
});

test('X2: a request of the settlement queue with a card number is for a person, and its letter holds none', async () => {
  const settlement = { merchant_id: newId('mrch'), amount_minor: 100, currency: 'USD', reference: `${card} 12/27` };
  const body = { version: 1, settlement_id: newId('stl'), correlation_id: 'batch:7', settlement };
  expect(await takeSettlementMessages(api.database, [{ id: 'm1', body }], silent)).toEqual([
    { id: 'm1', outcome: 'dead_letter' },
  ]);
  const { rows } = await api.database.sql.query(`select evidence::text from open_items where kind = 'dead_letter'`);
  expect(JSON.stringify(rows)).toContain('**************** **/**');
  expect(JSON.stringify(rows)).not.toContain(card);
});

test('X2: evidence keeps its identifiers, and no card number in a text, a name of a field or a number', async () => {
  const { sql } = api.database;
  const evidence = {
    authorization_key: card,
    note: `x ${card}`,
    [card]: 1,
    deep: [{ big: Number('6212345678900000003') }],
    pan: '1',
  };
  await raiseOpenItems(sql, [{ kind: 'provider_contradiction', key: 'k', summary: `of ${card}`, evidence }]);
  const { rows } = await sql.query(`select summary, evidence from open_items where item_key = 'k'`);
  const masked = '*'.repeat(16);
  expect(rows).toEqual([
    {
      summary: `of ${masked}`,
      evidence: {
        authorization_key: card,
        note: `x ${masked}`,
        [masked]: 1,
        deep: [{ big: '*'.repeat(19) }],
        pan: '***',
      },
    },
  ]);
});

/** A clearing as the edge's queue brings it. */
function clearingAt(name: string) {
  const ids = { event_id: `evt_${'0'.repeat(26)}`, authorization_id: `auth_${'0'.repeat(26)}` };
  const merchant = { id: card, name, category: '5411', country: 'US' };
  const message = { kind: 'clearing', message_key: 'm1', currency: 'USD', authorization_key: null, amount_minor: 5 };
  return {
    ...{ sequence: 1, at_ms: 1_700_000_000_000, kind: 'message', ...ids },
    ...{ message: { ...message, final: true, merchant }, effect: { hold_minor: 0, posted_minor: 5 } },
  };
}

test("X2: a shop's name that an older edge has not masked is masked before it is booked; the rest of the event is to the letter", () => {
  const event = clearingAt(`SHOP ${card} 12/27`);
  const read = readMessage({ version: 1, card_key: 'native:card', events: [event] });
  if (!('events' in read)) throw new Error(read.reason);
  const { text } = read.events[0] ?? {};
  expect(JSON.parse(text ?? '')).toEqual(clearingAt(`SHOP ${'*'.repeat(16)} **/**`));
});

test('X2: a line of the log holds no card number, whoever wrote it, and stays JSON', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', to: { write: (line) => lines.push(line) } });
  log.error({ err: new Error(`failed for ${card}`), number: 4_111_111_111_111_111 }, `card ${card}`);
  const line = JSON.parse(lines[0] ?? '') as { msg: string; number: string };
  expect([line.msg, line.number]).toEqual([`card ${'*'.repeat(16)}`, '*'.repeat(16)]);
  expect(lines.join('')).not.toContain(card);
  expect(lines[0]).toMatch(/\}\n$/);
});

test('X2: a card number where a token or a key belongs is counted, by where it stands', async () => {
  const registry = new Registry();
  measureCardData(registry);
  const counted = async () => {
    const text = await registry.metrics();
    const of = (channel: string, outcome: string) =>
      Number(new RegExp(`\\{channel="${channel}",outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1]);
    return [of('network_card_token', 'masked'), of('network_request', 'refused'), of('network_key', 'kept')] as const;
  };
  const fact = (reason: string, field: string, text: string) => ({
    ...{ version: 1, kind: 'kept_fact', fact_key: 'a'.repeat(64), network: 'native', card_key: null },
    ...{ reason, field, problem: 'holds what looks like a card number', fact: text, received_at_ms: 1 },
  });
  const [tokens, requests, keys] = await counted();
  readKeptFact(fact('out_of_contract', 'messages[0].card_token', `{"card_token":"${'*'.repeat(16)}"}`));
  readKeptFact(fact('out_of_contract', 'messages[0].amount_minor', '{"card_token":"card-1"}'));
  readKeptFact(fact('card_data_refused', 'card_token', '"card_token"'));
  const sample = new SampleCard('tok');
  sample.clear(sample.authorize(50), 50);
  const { events, ...message } = sample.message();
  readMessage({ ...message, events });
  expect(await counted()).toEqual([tokens + 1, requests + 1, keys]);
  // An event counts once, whichever of its keys it is: the request, and its clearing.
  const text = JSON.stringify(events).replaceAll(/"(request|message)_key":"[^"]+"/g, `"$1_key":"${card}"`);
  readMessage({ ...message, events: JSON.parse(text) });
  expect(await counted()).toEqual([tokens + 1, requests + 1, keys + 2]);
  readMessage({ ...message, card_key: `native:${card}`, events });
  expect(await counted()).toEqual([tokens + 1, requests + 1, keys + 2 + events.length]);
});

test('X2: what is found is counted by channel, each pair from 0', async () => {
  const registry = new Registry();
  measureCardData(registry);
  const text = await registry.metrics();
  expect(text).toMatch(/card_data_found_total\{channel="api_body",outcome="refused"\} [1-9]/);
  expect(text).toMatch(/card_data_found_total\{channel="bank_file",outcome="masked"\} 0/);
});
