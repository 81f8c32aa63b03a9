// Partners' endpoints in a real Postgres: what is stored, what is shown, and what of another merchant's is not there.

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { originLimits } from '../../contracts/limits.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { by, newEndpoint, newMerchant, parts, settle } from '../testing/sample-partner.ts';
import {
  createEndpoint,
  listEndpoints,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  updateEndpoint,
} from './endpoints.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

const url = 'https://8.8.8.8/hooks';

async function made(wanted: Parameters<typeof newEndpoint>[2] = { url }) {
  const merchant_id = await newMerchant(database.sql);
  const endpoint = await newEndpoint(database, merchant_id, wanted);
  return { merchant_id, endpoint, name: { webhook_endpoint_id: endpoint.webhook_endpoint_id, merchant_id } };
}

async function stored(id: string): Promise<{ secret: string; previous_secret: string | null } | undefined> {
  const { rows } = await database.sql.query<{ secret: string; previous_secret: string | null }>(
    'select secret, previous_secret from webhook_endpoints where webhook_endpoint_id = $1',
    [id],
  );
  return rows[0];
}

async function audited(subject: string): Promise<string[]> {
  const { rows } = await database.sql.query<{ action: string; actor: string }>(
    'select action, actor from audit_events where subject = $1 order by audit_no',
    [subject],
  );
  return rows.map(({ action, actor }) => `${actor} ${action}`);
}

test('its secret is shown once, and lies sealed in the database', async () => {
  const { endpoint, name } = await made({ url, description: 'Main', event_types: ['settlement.failed'] });
  const { secret, ...shown } = endpoint;
  expect(secret).toMatch(/^whsec_/);
  expect(await readEndpoint(database.sql, name)).toEqual(shown);
  expect(shown).toMatchObject({ description: 'Main', event_types: ['settlement.failed'], status: 'enabled' });
  const row = await stored(endpoint.webhook_endpoint_id);
  expect(row?.secret).not.toContain(secret.slice(6));
  expect(parts.box.open(row?.secret ?? '', endpoint.webhook_endpoint_id)).toBe(secret);
  expect(await audited(endpoint.webhook_endpoint_id)).toEqual(['akey_test webhook_endpoint.created']);
});

test("another merchant's is not there, for reading, changing, removing or its secret; an operator sees all", async () => {
  const { endpoint, name } = await made();
  const other = { ...name, merchant_id: await newMerchant(database.sql) };
  expect(await readEndpoint(database.sql, other)).toBeNull();
  expect(await updateEndpoint(database, other, { change: { status: 'disabled' }, by, parts })).toBeNull();
  expect(await removeEndpoint(database.sql, other, by)).toBe(false);
  expect(await rotateSecret(database.sql, other, { by, box: parts.box })).toBeNull();
  expect(await readEndpoint(database.sql, { ...name, merchant_id: null })).toMatchObject({ url: endpoint.url });
});

test('an URL that leads inside is refused, at first and when it is changed', async () => {
  const { name } = await made();
  const problems = [{ field: 'url', problem: 'must not be an address inside of a network' }];
  const wanted = { merchant_id: name.merchant_id as `mrch_${string}`, url: 'https://169.254.169.254/' };
  expect(await createEndpoint(database, wanted, { by, parts })).toEqual({ problems });
  expect(await updateEndpoint(database, name, { change: { url: wanted.url }, by, parts })).toEqual({ problems });
  expect(await readEndpoint(database.sql, name)).toMatchObject({ url });
});

test('a merchant has a bounded number, also when it asks for many at once', async () => {
  const merchant_id = await newMerchant(database.sql);
  const wanted = { merchant_id: merchant_id as `mrch_${string}`, url };
  const answers = await Promise.all(
    Array.from({ length: originLimits.webhookEndpointsMax + 5 }, () => createEndpoint(database, wanted, { by, parts })),
  );
  expect(answers.filter((answer) => answer !== 'looks_busy' && 'problems' in answer)).toHaveLength(5);
});

test('pages of a listing hold every endpoint once', async () => {
  const merchant_id = await newMerchant(database.sql);
  const ids = [];
  for (let index = 0; index < 5; index++)
    ids.push((await newEndpoint(database, merchant_id, { url })).webhook_endpoint_id);
  const first = await listEndpoints(database.sql, { merchant_id, limit: 3 });
  const after = first.webhook_endpoints.at(-1)?.webhook_endpoint_id;
  const second = await listEndpoints(database.sql, { merchant_id, limit: 3, after });
  expect([first.has_more, second.has_more]).toEqual([true, false]);
  const listed = [...first.webhook_endpoints, ...second.webhook_endpoints].map((one) => one.webhook_endpoint_id);
  expect(listed).toEqual(ids.toSorted());
});

test('a change changes what it names; disabling says by whom, enabling forgets why', async () => {
  const { name } = await made({ url, description: 'Main' });
  const change = (to: Parameters<typeof updateEndpoint>[2]['change']) =>
    updateEndpoint(database, name, { change: to, by, parts });
  expect(await change({ url: 'https://8.8.4.4/' })).toMatchObject({ url: 'https://8.8.4.4/', description: 'Main' });
  expect(await change({ status: 'disabled' })).toMatchObject({ status: 'disabled', disabled_reason: 'by_partner' });
  expect(await change({ description: '' })).toMatchObject({ status: 'disabled', disabled_reason: 'by_partner' });
  expect(await change({ status: 'enabled' })).toMatchObject({ status: 'enabled', disabled_reason: null });
  expect(await change({ event_types: ['settlement.completed'] })).toMatchObject({
    ...{ event_types: ['settlement.completed'], url: 'https://8.8.4.4/', description: '' },
  });
});

test('a new secret is another, and the old one signs too for a day', async () => {
  const { endpoint, name } = await made();
  const rotated = await rotateSecret(database.sql, name, { by, box: parts.box });
  expect(rotated?.secret).not.toBe(endpoint.secret);
  const hours = (Date.parse(rotated?.previous_secret_until ?? '') - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThan(24.1);
  const row = await stored(endpoint.webhook_endpoint_id);
  expect(parts.box.open(row?.previous_secret ?? '', endpoint.webhook_endpoint_id)).toBe(endpoint.secret);
  expect(() => new Webhook(rotated?.secret ?? '')).not.toThrow();
  expect(await audited(endpoint.webhook_endpoint_id)).toContain('akey_test webhook_endpoint.secret_rotated');
});

test('removed is not there any more; its row goes, or stays without secrets where it has messages', async () => {
  const unused = await made();
  const used = await made();
  await settle(database, used.merchant_id);
  for (const { name } of [unused, used]) {
    expect(await removeEndpoint(database.sql, name, by)).toBe(true);
    expect(await readEndpoint(database.sql, name)).toBeNull();
    expect(await listEndpoints(database.sql, { merchant_id: name.merchant_id, limit: 10 })).toMatchObject({
      webhook_endpoints: [],
    });
    expect(await removeEndpoint(database.sql, name, by)).toBe(false);
  }
  expect(await stored(unused.name.webhook_endpoint_id)).toBeUndefined();
  expect(await stored(used.name.webhook_endpoint_id)).toEqual({ secret: '', previous_secret: null });
});
