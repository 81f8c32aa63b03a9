// Returns as partners and operators meet them over HTTP, from the provider's signed message to the merchant's balance.

import { expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { endsAfterEach, startStripe, stripeSecret } from '../../../scripts/test-providers.ts';
import { guard, sampleEngine, sampleProvider, untilOver } from '../../../scripts/test-settlements.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { createHouseAccounts } from '../../ledger/house-accounts.ts';
import { creditMerchant } from '../../merchants/merchants.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

const world = await SampleWorld.start(await createTestDatabase());
const { database } = world.api;
const ends = endsAfterEach();

async function read(path: string, key = world.own.key) {
  const { body } = await world.api.call('GET', path, undefined, { authorization: `Bearer ${key}` });
  return body as Record<string, unknown>;
}
const owed = async () => (await read(`/merchants/${world.own.merchant_id}`))['owed_minor'];

test('P1: a signed payment.rejected days later: in the view, the transfers, the transitions, the balance, the webhook', async () => {
  await using parts = new AsyncDisposableStack();
  const { client, server } = await sampleProvider(parts, () => database);
  const engine = sampleEngine({ database, providers: [guard(client())] });
  parts.defer(() => engine.stop());
  engine.start();
  const { merchant_id } = world.own;
  const made = await world.api.call('POST', '/webhook-endpoints', { merchant_id, url: 'https://1.1.1.1/hooks' });
  const endpoint = (made.body as Record<string, unknown>)['webhook_endpoint_id'];
  const before = await owed();
  const id = await world.settlement();
  await untilOver(database, [id]);
  expect(await read(`/settlements/${id}`)).toMatchObject({ state: 'completed', returned_minor: 0, returns: [] });
  expect(await owed()).toBe(Number(before) - 100);

  expect(server.takeBack({ settlement_id: id, as: 'rejected', code: 'account_closed' })).not.toBeNull();
  const returned = await until(
    () => read(`/settlements/${id}`),
    ({ returned_minor }) => returned_minor === 100,
  );
  expect(returned).toMatchObject({
    state: 'completed',
    returns: [
      {
        settlement_return_id: expect.stringMatching(/^srt_/),
        amount_minor: 100,
        reason_code: 'provider_account_closed',
        occurred_at: expect.any(String),
        booked_at: expect.any(String),
      },
    ],
  });
  expect(await owed()).toBe(before);
  const transfers = (await read(`/settlements/${id}/transfers`))['transfers'] as Record<string, unknown>[];
  expect(transfers.map(({ kind }) => kind)).toEqual(['pending', 'post', 'direct']);
  expect(transfers[2]).toMatchObject({ debit: { kind: 'provider_transit' }, credit: { kind: 'merchant_payable' } });
  const transitions = (await read(`/settlements/${id}/transitions`))['transitions'] as Record<string, unknown>[];
  expect(transitions.at(-1)).toMatchObject({ to: 'completed', actor: 'atlas' });
  const messages = (await read(`/webhook-endpoints/${endpoint}/messages`))['webhook_messages'] as {
    event_type: string;
  }[];
  expect(messages.map(({ event_type }) => event_type)).toEqual(['settlement.returned', 'settlement.completed']);
  const [settlement] = (await read('/settlements?limit=1'))['settlements'] as Record<string, unknown>[];
  expect(settlement).toMatchObject({ settlement_id: id, returned_minor: 100 });
});

test('an endpoint that was disabled when it came back is told by recovering, in the same words', async () => {
  await using parts = new AsyncDisposableStack();
  const { client, server } = await sampleProvider(parts, () => database);
  const engine = sampleEngine({ database, providers: [guard(client())] });
  parts.defer(() => engine.stop());
  engine.start();
  const { merchant_id } = world.own;
  const endpoint = async () => {
    const { body } = await world.api.call('POST', '/webhook-endpoints', { merchant_id, url: 'https://1.1.1.1/late' });
    return `/webhook-endpoints/${(body as Record<string, unknown>)['webhook_endpoint_id']}`;
  };
  const [told, late] = [await endpoint(), await endpoint()];
  await world.api.call('PATCH', late, { status: 'disabled' });
  const since = new Date().toISOString();
  const id = await world.settlement();
  await untilOver(database, [id]);
  server.takeBack({ settlement_id: id, amount_minor: '30' });
  const returnedTo = async (path: string) => {
    const messages = (await read(`${path}/messages`))['webhook_messages'] as Record<string, unknown>[];
    const found = messages.find(({ event_type, subject }) => event_type === 'settlement.returned' && subject === id);
    return found === undefined ? null : await read(`/webhook-messages/${found['webhook_message_id']}`);
  };
  const first = await until(
    () => returnedTo(told),
    (found) => found !== null,
  );
  expect(await returnedTo(late)).toBeNull();
  await world.api.call('PATCH', late, { status: 'enabled' });
  await world.api.call('POST', `${late}/recover`, { since });
  const second = await returnedTo(late);
  expect([second?.['event_id'], second?.['payload']]).toEqual([first?.['event_id'], first?.['payload']]);
});

test('P2: Stripe says that a payout which it had paid has failed: booked, and owed again', async () => {
  const { stripe, provider } = await startStripe(ends);
  const url = await createTestDatabase();
  const stripeWorld = await SampleWorld.start(url, {
    ...{ SETTLEMENT_PROVIDERS: 'simulated,stripe', STRIPE_API_KEY: 'sk_test_1' },
    STRIPE_WEBHOOK_SECRETS: stripeSecret,
  });
  const { api, own } = stripeWorld;
  await asOwner(url, (sql) =>
    sql.query(`update merchants set destinations = '{"stripe": {"external_account": "ba_1"}}'`),
  );
  const engine = sampleEngine({ database: api.database, providers: [guard(provider)] });
  ends.push(() => engine.stop());
  engine.start();
  const id = await stripeWorld.settlement();
  const [payout] = await until(
    () => stripe.moved,
    ({ length }) => length === 1,
  );
  if (payout === undefined) throw new Error('nothing was paid');
  const say = async (type: string, changes: object = {}) => {
    const { headers, body } = stripe.event(type, { ...payout, ...changes }, stripeSecret);
    const answer = await api.app.request('/provider-webhooks/stripe', { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  };
  await say('payout.paid', { status: 'paid' });
  await untilOver(api.database, [id]);
  await say('payout.failed', { status: 'failed', failure_code: 'account_closed' });
  await say('payout.failed', { status: 'failed', failure_code: 'account_closed' });
  const settlement = await until(
    async () => (await api.call('GET', `/settlements/${id}`)).body as Record<string, unknown>,
    ({ returned_minor }) => returned_minor === 100,
  );
  expect(settlement).toMatchObject({ state: 'completed', returns: [{ reason_code: 'provider_account_closed' }] });
  const { body: merchant } = await api.call('GET', `/merchants/${own.merchant_id}`);
  const { rows } = await api.database.sql.query('select sum(amount_minor) as sum from settlement_returns');
  expect(rows).toEqual([{ sum: '100' }]);
  expect((merchant as Record<string, unknown>)['withheld_minor']).toBe(0);
});

test('P5: what no provider pays in this currency is refused at once, and the largest amount that can be is named', async () => {
  const huf = await SampleWorld.start(await createTestDatabase(), {
    ...{ SETTLEMENT_PROVIDERS: 'simulated,stripe', STRIPE_API_KEY: 'sk_test_1' },
    STRIPE_WEBHOOK_SECRETS: stripeSecret,
  });
  const { body } = await huf.api.call('POST', '/merchants', {
    ...{ name: 'Bolt', currency: 'HUF', destinations: { stripe: { external_account: 'ba_1' } } },
  });
  const { merchant_id } = body as Record<string, string>;
  await creditMerchant(huf.api.database, createHouseAccounts(huf.api.database.sql), {
    ...{ merchant_id: merchant_id ?? '', amount_minor: 150_050n, network: 'native' },
  });
  const ask = (amount_minor: number) =>
    huf.api.call(
      'POST',
      '/settlements',
      { merchant_id, amount_minor, currency: 'HUF' },
      { 'idempotency-key': `k${amount_minor}` },
    );
  expect(await ask(150_050)).toMatchObject({
    status: 422,
    body: {
      error_code: 'amount_not_payable',
      details: [{ field: 'amount_minor', problem: 'cannot be paid in HUF: the largest that can is 150000' }],
    },
  });
  expect((await ask(150_000)).status).toBe(201);
});
