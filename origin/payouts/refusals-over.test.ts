// Open items of what the database refused: they close once it has taken what they tell of, and not before.

import { beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createSettlement } from './create.ts';
import { type Refused, raiseRefused } from './for-a-person.ts';
import { closeRefusalsOver } from './refusals-over.ts';

let database: Database;
let settlement_id: string;
beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 3, onIdleError: () => {} });
  database = opened;
  const merchant_id = await sampleMerchant(database, 10_000n);
  const asked = { merchant_id, amount_minor: 300, currency: 'USD' };
  settlement_id = await database.transaction((sql) => createSettlement(sql, asked, doer));
  return () => opened.close();
});

const refused = (what: Refused) => raiseRefused(database.sql, what, new Error('not this one'));

async function isOpen(): Promise<boolean> {
  await closeRefusalsOver(database.sql);
  const { rows } = await database.sql.query('select 1 from open_items where status = $1', ['open']);
  return rows.length > 0;
}

async function exchanged(kind: string, outcome: string): Promise<void> {
  await database.sql.query(
    `insert into provider_exchanges (settlement_id, submission, provider, kind, outcome) values ($1, 1, 'simulated', $2, $3)`,
    [settlement_id, kind, outcome],
  );
}

test('plan 8: refused when it was taken up, it closes as soon as it is taken up', async () => {
  await exchanged('submit', 'sending');
  await refused({ settlement_id, step: 'take_up' });
  expect(await isOpen()).toBe(true);
  await exchanged('submit', 'sending');
  expect(await isOpen()).toBe(false);
});

test('plan 8: refused when its result was recorded, it is not closed by being taken up again, but by a record', async () => {
  await refused({ settlement_id, step: 'record' });
  await exchanged('submit', 'sending');
  expect(await isOpen()).toBe(true);
  await exchanged('ask', 'pending');
  expect(await isOpen()).toBe(false);
  // Refused once more, it is open again.
  await refused({ settlement_id, step: 'record' });
  expect(await isOpen()).toBe(true);
});

test.each([
  ['failed', `state = 'failed', failure_code = 'cancelled', failure_kind = 'hard'`],
  [
    'set aside',
    `state = 'retry_pending', failure_code = 'attempts_exhausted', failure_kind = 'soft', dead_lettered_at = clock_timestamp()`,
  ],
])('plan 8: a settlement that is %s is refused nothing any more', async (_, changes) => {
  await database.sql.query(`update settlements set state = 'processing' where settlement_id = $1`, [settlement_id]);
  await refused({ settlement_id, step: 'take_up' });
  expect(await isOpen()).toBe(true);
  await database.sql.query(`update settlements set ${changes} where settlement_id = $1`, [settlement_id]);
  expect(await isOpen()).toBe(false);
});

test('plan 8: a provider’s message closes its item once it is taken; another one does not', async () => {
  const word = { provider: 'simulated', webhook_id: 'evt_4111111111111111', settlement_id };
  const other = { ...word, webhook_id: 'evt_2' };
  for (const { webhook_id } of [word, other])
    await database.sql.query(
      `insert into provider_webhooks (provider, webhook_id, body, word) values ('simulated', $1, '', '{}')`,
      [webhook_id],
    );
  await refused({ word });
  const take = (id: string) =>
    database.sql.query('update provider_webhooks set processed_at = now() where webhook_id = $1', [id]);
  await take(other.webhook_id);
  expect(await isOpen()).toBe(true);
  await take(word.webhook_id);
  expect(await isOpen()).toBe(false);
});
