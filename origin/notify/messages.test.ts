// Messages in a real Postgres: written with the final transition, sent again, and recovered without gaps.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { settlementWebhookSchema } from '../../contracts/settlement.ts';
import { webhookMessageSchema } from '../../contracts/webhook.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { by, newEndpoint, newMerchant, parts, settle } from '../testing/sample-partner.ts';
import { updateEndpoint } from './endpoints.ts';
import { listMessages, readMessage, recoverMessages, resendMessage, sendTestEvent } from './messages.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

const url = 'https://8.8.8.8/hooks';
const longAgo = '2020-01-01T00:00:00Z';

async function made(wanted: Parameters<typeof newEndpoint>[2] = { url }) {
  const merchant_id = await newMerchant(database.sql);
  const { webhook_endpoint_id } = await newEndpoint(database, merchant_id, wanted);
  return { merchant_id, name: { webhook_endpoint_id, merchant_id } };
}
type Name = Awaited<ReturnType<typeof made>>['name'];

async function list(name: Name) {
  return (await listMessages(database.sql, name, { limit: 100 }))?.webhook_messages ?? [];
}
const turn = (name: Name, status: 'enabled' | 'disabled') =>
  updateEndpoint(database, name, { change: { status }, by, parts });
/** As delivery leaves them. */
const mark = (name: Name, state: string, where = 'true') =>
  database.sql.query(
    `update webhook_messages set state = $2, attempts = 10 where webhook_endpoint_id = $1 and ${where}`,
    [name.webhook_endpoint_id, state],
  );

test('a final settlement is told to the endpoints that asked for it, once each', async () => {
  const { merchant_id, name } = await made();
  const failuresOnly = await newEndpoint(database, merchant_id, { url, event_types: ['settlement.failed'] });
  const [settlement_id = ''] = await settle(database, merchant_id);
  await settle(database, merchant_id, { state: 'failed' });
  const messages = await list(name);
  expect(messages.map((message) => webhookMessageSchema.parse(message).event_type)).toEqual([
    ...['settlement.failed', 'settlement.completed'],
  ]);
  expect(await list({ ...name, webhook_endpoint_id: failuresOnly.webhook_endpoint_id })).toHaveLength(1);
  const read = await readMessage(database.sql, {
    ...{ webhook_message_id: messages[1]?.webhook_message_id ?? '', merchant_id },
  });
  expect(settlementWebhookSchema.parse(JSON.parse(read?.payload ?? ''))).toMatchObject({
    type: 'settlement.completed',
    data: { settlement_id, merchant_id, amount_minor: 1_250, reference: 'Bücher €', failure_code: null },
  });
  expect(read?.attempt_list).toEqual([]);
});

test("another merchant's messages are not there", async () => {
  const { merchant_id, name } = await made();
  await settle(database, merchant_id);
  const [message] = await list(name);
  const other = await newMerchant(database.sql);
  const webhook_message_id = message?.webhook_message_id ?? '';
  expect(await listMessages(database.sql, { ...name, merchant_id: other }, { limit: 1 })).toBeNull();
  expect(await readMessage(database.sql, { webhook_message_id, merchant_id: other })).toBeNull();
  expect(await resendMessage(database.sql, { webhook_message_id, merchant_id: other }, by)).toBeNull();
  expect(await readMessage(database.sql, { webhook_message_id, merchant_id: null })).not.toBeNull();
});

test('pages hold every message once, the newest first, and one state where asked', async () => {
  const { merchant_id, name } = await made();
  await settle(database, merchant_id, { count: 5 });
  const first = await listMessages(database.sql, name, { limit: 3 });
  const second = await listMessages(database.sql, name, { limit: 3, before: first?.last_no ?? undefined });
  expect(second?.last_no).toBeNull();
  const ids = [...(first?.webhook_messages ?? []), ...(second?.webhook_messages ?? [])].map((one) => one.event_id);
  expect(new Set(ids).size).toBe(5);
  expect(await listMessages(database.sql, name, { limit: 3, state: 'failed' })).toMatchObject({ webhook_messages: [] });
});

test('one message is sent again whatever became of it, with the same event id', async () => {
  const { merchant_id, name } = await made();
  await settle(database, merchant_id);
  const [message] = await list(name);
  const which = { webhook_message_id: message?.webhook_message_id ?? '', merchant_id };
  for (const state of ['delivered', 'failed']) {
    await mark(name, state);
    expect(await resendMessage(database.sql, which, by)).toMatchObject({
      ...{ state: 'pending', attempts: 0, event_id: message?.event_id },
    });
  }
  await turn(name, 'disabled');
  expect(await resendMessage(database.sql, which, by)).toBe('endpoint_disabled');
});

test('recovering brings what failed and what came while it was disabled; what was delivered does not come again', async () => {
  const { merchant_id, name } = await made({ url, event_types: ['settlement.completed'] });
  await settle(database, merchant_id, { count: 2 });
  await mark(name, 'delivered');
  await settle(database, merchant_id, { count: 3 });
  await mark(name, 'failed', `state = 'pending'`);
  await turn(name, 'disabled');
  const missed = await settle(database, merchant_id, { count: 4 });
  await settle(database, merchant_id, { state: 'failed' });
  const before = await list(name);

  expect(await recoverMessages(database.sql, name, { since: longAgo, by })).toBe('endpoint_disabled');
  await turn(name, 'enabled');
  expect(await recoverMessages(database.sql, name, { since: longAgo, by })).toEqual({ messages: 7, complete: true });

  const after = await list(name);
  expect(after.filter(({ state }) => state === 'pending')).toHaveLength(7);
  expect(after.filter(({ state }) => state === 'delivered')).toHaveLength(2);
  expect(after.map(({ subject }) => subject)).toEqual(expect.arrayContaining(missed));
  expect(after.length - before.length).toBe(4);
  // Again: all are due already.
  expect(await recoverMessages(database.sql, name, { since: longAgo, by })).toEqual({ messages: 0, complete: true });
});

test('a missed event is told in the words in which it would have been told', async () => {
  const { merchant_id, name } = await made();
  const late = {
    ...name,
    webhook_endpoint_id: (await newEndpoint(database, merchant_id, { url })).webhook_endpoint_id,
  };
  await turn(late, 'disabled');
  await settle(database, merchant_id);
  await turn(late, 'enabled');
  await recoverMessages(database.sql, late, { since: longAgo, by });
  const [told] = await list(name);
  const [recovered] = await list(late);
  const read = (message = told) =>
    readMessage(database.sql, { webhook_message_id: message?.webhook_message_id ?? '', merchant_id });
  expect(recovered?.event_id).toBe(told?.event_id);
  expect((await read(recovered))?.payload).toBe((await read(told))?.payload);
});

test('recovering since an instant leaves what is older', async () => {
  const { merchant_id, name } = await made();
  await settle(database, merchant_id);
  await mark(name, 'failed');
  const since = new Date(Date.now() + 60_000).toISOString();
  expect(await recoverMessages(database.sql, name, { since, by })).toEqual({ messages: 0, complete: true });
});

test('recovering goes back 390 days at most: of what is older nobody may know any more whether it was taken', async () => {
  const { merchant_id, name } = await made();
  await settle(database, merchant_id, { count: 2 });
  await mark(name, 'failed');
  await database.sql.query(
    `update webhook_messages set created_at = now() - interval '395 days'
     where message_no = (select min(message_no) from webhook_messages where webhook_endpoint_id = $1)`,
    [name.webhook_endpoint_id],
  );
  expect(await recoverMessages(database.sql, name, { since: longAgo, by })).toEqual({ messages: 1, complete: true });
});

test('a test event goes to its endpoint alone, whatever it subscribed to', async () => {
  const { merchant_id, name } = await made({ url, event_types: ['settlement.failed'] });
  const other = await newEndpoint(database, merchant_id, { url });
  const sent = await sendTestEvent(database.sql, name, by);
  expect(sent).toMatchObject({ event_type: 'webhook.ping', state: 'pending' });
  expect(await list(name)).toHaveLength(1);
  expect(await list({ ...name, webhook_endpoint_id: other.webhook_endpoint_id })).toEqual([]);
  await turn(name, 'disabled');
  expect(await sendTestEvent(database.sql, name, by)).toBe('endpoint_disabled');
});
