// Signed webhooks that are no JSON or name no payment: none is dropped without a trace, and a flood of them is a bounded number of items.

import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { simulated, stripeSecret } from '../../scripts/test-providers.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createSimulatedProvider } from '../providers/simulated.ts';
import { createStripeProvider } from '../providers/stripe.ts';
import { createProviderInbox } from './provider-inbox.ts';

let database: Database;
beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
  return () => database.close();
});

const ours = createSimulatedProvider({ url: 'http://127.0.0.1:9', ...simulated, webhookSecrets: [simulated.secret] });
const stripe = createStripeProvider({ apiKey: 'sk_test_1', webhookSecrets: [stripeSecret] });
const signer = new Stripe('sk_test_1');
let told = 0;

const senders = {
  simulated: (body: string) => {
    told += 1;
    const [id, at] = [`w${told}`, new Date()];
    const headers = new Headers({
      ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)) },
      'webhook-signature': new Webhook(simulated.secret).sign(id, at, body),
    });
    return createProviderInbox(database.sql).receive(ours, headers, body);
  },
  stripe: (body: string) => {
    const signature = signer.webhooks.generateTestHeaderString({ payload: body, secret: stripeSecret });
    const headers = new Headers({ 'stripe-signature': signature });
    return createProviderInbox(database.sql).receive(stripe, headers, body);
  },
};

const items = async () =>
  (
    await database.sql.query<Record<string, unknown>>(
      'select kind, provider, status, times, summary, evidence from open_items order by open_item_no',
    )
  ).rows;

const payout = (id: string) =>
  JSON.stringify({ id: `evt_${id}`, type: 'payout.paid', created: 1, data: { object: { id, metadata: {} } } });

test.each([
  ['simulated', '{"type":"payment.paid","data":{"settle', 'is not JSON'],
  ['simulated', '[1]', 'has no type'],
  ['simulated', '{"data":{}}', 'has no type'],
  ['stripe', '<html>502</html>', 'is not JSON'],
  ['stripe', '{"type":7}', 'has no type'],
  ['stripe', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'has no type'],
  ['stripe', payout('po_1'), '("payout.paid") names no payment of ours'],
] as const)('what %s signs and nobody can take (%.40s) is kept for a person, once', async (provider, body, problem) => {
  expect(await senders[provider](body)).toBe('kept');
  expect(await senders[provider](body)).toBe('kept');
  const summary = `A message that ${provider} has signed ${problem}.`;
  expect(await items()).toMatchObject([
    { kind: 'provider_word_unread', provider, status: 'open', times: 2, summary, evidence: expect.anything() },
  ]);
});

test('a card number in it is masked', async () => {
  await senders.stripe('paid by 4111111111111111, thanks');
  expect(JSON.stringify(await items())).not.toContain('4111');
});

test('of one type there is one item, with the newest as its evidence; dismissed, it is only counted', async () => {
  await senders.stripe(payout('po_1'));
  await senders.stripe(payout('po_2'));
  expect(await items()).toMatchObject([{ times: 2, evidence: { data: { object: { id: 'po_2' } } } }]);
  await database.sql.query(`update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss'`);
  await senders.stripe(payout('po_3'));
  expect(await items()).toMatchObject([{ status: 'dismissed', times: 3 }]);
});

test('a thousand different ones are a hundred items and one that counts the rest; another provider has its own', async () => {
  for (let index = 0; index < 300; index++) await senders.stripe(`odd ${index}`);
  await senders.stripe('odd 7');
  await senders.simulated('odd');
  const all = await items();
  expect(all).toHaveLength(102);
  expect(all.find(({ times }) => times === 2)).toMatchObject({ evidence: 'odd 7' });
  const summary =
    'stripe has signed more than 100 messages that cannot be taken; the newest of the others is not JSON.';
  expect(all.find(({ times }) => times === 200)).toMatchObject({ summary, evidence: 'odd 299' });
});

test('an event that tells nothing of a settlement is ignored, and one of a payment is stored', async () => {
  expect(await senders.stripe('{"id":"evt_1","type":"charge.succeeded","data":{"object":{"id":"ch_1"}}}')).toBe(
    'ignored',
  );
  expect(await senders.simulated('{"type":"account.updated"}')).toBe('ignored');
  const data = { settlement_id: 'stl_1', provider_reference: 'r1' };
  expect(await senders.simulated(JSON.stringify({ type: 'payment.paid', data }))).toBe('stored');
  expect(await items()).toEqual([]);
});
