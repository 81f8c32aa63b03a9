// Delivery against real servers and a real Postgres: signed, repeated, ended; and nobody waits for somebody else's partner.

import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import {
  type Answer,
  by,
  newEndpoint,
  newMerchant,
  parts,
  settle,
  startDelivery,
  startPartner,
} from '../testing/sample-partner.ts';
import { claimDue } from './claim.ts';
import { readEndpoint, rotateSecret, updateEndpoint } from './endpoints.ts';
import { listMessages, readMessage, sendTestEvent } from './messages.ts';

let database: Database;
const open: { close(): unknown }[] = [];
beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  await database.close();
});

const ok: Answer = { status: 200 };

async function partner(answers: Parameters<typeof startPartner>[0] = () => ok) {
  const server = await startPartner(answers);
  open.push(server);
  const merchant_id = await newMerchant(database.sql);
  const endpoint = await newEndpoint(database, merchant_id, { url: server.url });
  const name = { webhook_endpoint_id: endpoint.webhook_endpoint_id, merchant_id };
  return {
    ...{ ...server, merchant_id, endpoint, name },
    endpointNow: () => readEndpoint(database.sql, name),
    async message() {
      const [newest] = (await listMessages(database.sql, name, { limit: 1 }))?.webhook_messages ?? [];
      const found = { webhook_message_id: newest?.webhook_message_id ?? '', merchant_id };
      return await readMessage(database.sql, found);
    },
    states: async () =>
      (await listMessages(database.sql, name, { limit: 100 }))?.webhook_messages.map(({ state }) => state),
  };
}

function delivery(options: Parameters<typeof startDelivery>[1] = {}) {
  const loop = startDelivery(database, options);
  open.push({ close: loop.stop });
  return loop;
}

/** As if the wait were over. */
const makeDue = () => database.sql.query(`update webhook_messages set due_at = now() where state = 'pending'`);

test('a final settlement arrives signed, byte for byte as it is stored, and its attempt is kept', async () => {
  const one = await partner(() => ({ status: 200, body: 'thanks, token=abc' }));
  const { metrics } = delivery();
  const [settlement_id] = await settle(database, one.merchant_id);
  const message = await until(one.message, (seen) => seen?.state === 'delivered');
  const [got] = one.received;
  expect(got?.body).toBe(message?.payload);
  expect(got?.headers['webhook-id']).toBe(message?.event_id);
  const verified = new Webhook(one.endpoint.secret).verify(got?.body ?? '', got?.headers as Record<string, string>);
  expect(verified).toMatchObject({ type: 'settlement.completed', data: { settlement_id, reference: 'Bücher €' } });
  expect(message).toMatchObject({ attempts: 1, next_attempt_at: null });
  expect(message?.attempt_list).toMatchObject([{ status: 200, error: null, answer: 'thanks, token=[secret]' }]);
  expect(await metrics.metrics()).toContain('webhook_deliveries_total{outcome="taken"} 1');
  expect(await metrics.metrics()).toMatch(/webhook_lag_seconds\{endpoints="steady"\} 0\n/);
});

test('while a secret changes, the old and the new one both verify', async () => {
  const one = await partner();
  const rotated = await rotateSecret(database.sql, one.name, { by, box: parts.box });
  await sendTestEvent(database.sql, one.name, by);
  delivery();
  await until(
    () => one.received.length,
    (count) => count === 1,
  );
  const [got] = one.received;
  const headers = got?.headers as Record<string, string>;
  for (const secret of [one.endpoint.secret, rotated?.secret ?? ''])
    expect(new Webhook(secret).verify(got?.body ?? '', headers)).toMatchObject({ type: 'webhook.ping' });

  await database.sql.query(`update webhook_endpoints set previous_secret_until = now() - interval '1 second'`);
  await sendTestEvent(database.sql, one.name, by);
  await until(
    () => one.received.length,
    (count) => count === 2,
  );
  expect(one.received[1]?.headers['webhook-signature']).not.toContain(' ');
});

test('what fails is tried again as the schedule says, with a new timestamp and the same id, until it is taken', async () => {
  const one = await partner((request) => (request < 2 ? { status: 500, body: 'no' } : ok));
  delivery();
  await settle(database, one.merchant_id);
  const first = await until(one.message, (seen) => seen?.attempts === 1);
  const waitMs = Date.parse(first?.next_attempt_at ?? '') - Date.parse(first?.attempt_list[0]?.at ?? '');
  expect(waitMs).toBeGreaterThan(4_400);
  expect(waitMs).toBeLessThan(5_700);
  expect(await one.endpointNow()).toMatchObject({ failing_since: expect.any(String) });
  await makeDue();
  const second = await until(one.message, (seen) => seen?.attempts === 2);
  const longerMs = Date.parse(second?.next_attempt_at ?? '') - Date.now();
  expect(longerMs / 60_000).toBeGreaterThan(4.4);
  expect(longerMs / 60_000).toBeLessThan(5.6);
  await makeDue();
  const last = await until(one.message, (seen) => seen?.state === 'delivered');
  expect(last?.attempt_list.map(({ status, answer }) => [status, answer])).toEqual([
    ...[
      [500, 'no'],
      [500, 'no'],
      [200, ''],
    ],
  ]);
  expect(new Set(one.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(await one.endpointNow()).toMatchObject({ failing_since: null });
});

test('a redirect is a failure, and is not followed', async () => {
  const inside = await startPartner(() => ok);
  open.push(inside);
  const one = await partner(() => ({ status: 307, headers: { location: inside.url } }));
  delivery();
  await settle(database, one.merchant_id);
  const message = await until(one.message, (seen) => seen?.attempts === 1);
  expect(message).toMatchObject({ state: 'pending', attempt_list: [{ status: 307, error: 'redirect_not_followed' }] });
  expect(inside.received).toHaveLength(0);
});

test('the tenth failure is the last', async () => {
  const one = await partner(() => ({ status: 500 }));
  await settle(database, one.merchant_id);
  await database.sql.query('update webhook_messages set attempts = 9');
  delivery();
  expect(await until(one.message, (seen) => seen?.attempts === 10)).toMatchObject({
    state: 'failed',
    next_attempt_at: null,
  });
});

test('410 disables the endpoint at once; what waits for it ends', async () => {
  const one = await partner(() => ({ status: 410 }));
  await settle(database, one.merchant_id);
  delivery();
  await until(one.endpointNow, (seen) => seen?.status === 'disabled');
  expect(await one.endpointNow()).toMatchObject({ disabled_reason: 'gone' });
  // One that was written in the moment of disabling.
  await database.sql.query(`update webhook_messages set state = 'pending', due_at = now() + interval '1 day'`);
  await until(one.states, (seen) => seen?.every((state) => state === 'failed') === true);
  expect(one.received).toHaveLength(1);
  const { rows } = await database.sql.query(
    `select actor, reason from audit_events where action = 'webhook_endpoint.disabled'`,
  );
  expect(rows).toEqual([{ actor: 'notify', reason: 'gone' }]);
});

test('an endpoint that has taken nothing for five days is disabled; enabled again it starts afresh', async () => {
  let status = 500;
  const one = await partner(() => ({ status }));
  delivery();
  await settle(database, one.merchant_id);
  await until(one.endpointNow, (seen) => seen?.failing_since !== null);
  expect(await one.endpointNow()).toMatchObject({ status: 'enabled' });
  await database.sql.query(`update webhook_endpoints set failing_since = now() - interval '5 days 1 minute'`);
  await makeDue();
  expect(await until(one.endpointNow, (seen) => seen?.status === 'disabled')).toMatchObject({
    disabled_reason: 'failing',
  });
  status = 200;
  await updateEndpoint(database, one.name, { change: { status: 'enabled' }, by, parts });
  await sendTestEvent(database.sql, one.name, by);
  await until(one.message, (seen) => seen?.state === 'delivered');
  expect(await one.endpointNow()).toMatchObject({ status: 'enabled', failing_since: null, disabled_reason: null });
});

test('an overloaded endpoint is left alone for as long as it asks, all of its messages', async () => {
  const one = await partner(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
  delivery();
  await settle(database, one.merchant_id);
  const message = await until(one.message, (seen) => seen?.attempts === 1);
  const waitMs = Date.parse(message?.next_attempt_at ?? '') - Date.now();
  expect(Math.abs(waitMs - 3_600_000)).toBeLessThan(10_000);
  await settle(database, one.merchant_id);
  const calm = await partner();
  await settle(database, calm.merchant_id);
  await until(
    () => calm.received.length,
    (count) => count === 1,
  );
  expect(one.received).toHaveLength(1);
});

test('a process that died in an attempt drops nothing: when its lease ends another one sends it again', async () => {
  const one = await partner();
  await settle(database, one.merchant_id, { count: 3 });
  // Taken, perhaps sent, and never heard of again.
  const lane = { free: 10, perEndpoint: 10 };
  const none = { inHand: new Map<string, number>(), slowEndpoints: [], paused: [] };
  const claim = () => claimDue(database.sql, { fast: lane, slow: lane, ...none, leaseMs: 700 });
  expect(await claim()).toHaveLength(3);
  expect(await claim()).toHaveLength(0);
  delivery();
  await until(one.states, (seen) => seen?.every((state) => state === 'delivered') === true);
  expect(one.received).toHaveLength(3);
});

test('who comes late with the outcome of a lease that ended changes nothing, and its attempt is kept', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const one = await partner(async (request) => {
    if (request === 0) await held;
    return request === 0 ? { status: 500 } : ok;
  });
  await settle(database, one.merchant_id);
  delivery();
  await until(
    () => one.received.length,
    (count) => count === 1,
  );
  // The lease ended meanwhile, and somebody else delivers it.
  await makeDue();
  await until(one.message, (seen) => seen?.state === 'delivered');
  release();
  const message = await until(one.message, (seen) => seen?.attempt_list.length === 2);
  expect(message).toMatchObject({ state: 'delivered', attempts: 1 });
});

test('stopping finishes what is on its way and takes nothing more', async () => {
  const one = await partner(() => ({ status: 200, afterMs: 500 }));
  const loop = delivery();
  await settle(database, one.merchant_id, { count: 5 });
  await until(
    () => one.received.length,
    (count) => count > 0,
  );
  await loop.stop();
  const begun = one.received.length;
  const states = await one.states();
  expect(states?.filter((state) => state === 'delivered')).toHaveLength(begun);
  await settle(database, one.merchant_id);
  expect(one.received).toHaveLength(begun);
});

test('two processes send each message once', async () => {
  const one = await partner();
  delivery();
  delivery();
  await settle(database, one.merchant_id, { count: 200 });
  await until(
    async () => (await database.sql.query(`select from webhook_messages where state = 'delivered'`)).rows.length,
    (count) => count === 200,
  );
  expect(one.received).toHaveLength(200);
});

test('a backlog of one partner goes as fast as it answers, not as often as we look', async () => {
  const one = await partner();
  await settle(database, one.merchant_id, { count: 800 });
  const startedMs = performance.now();
  delivery();
  await until(
    () => one.received.length,
    (count) => count === 800,
  );
  // 16 a look of 200 ms would take ten seconds.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
