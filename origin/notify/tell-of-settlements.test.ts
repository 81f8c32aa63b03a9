// The webhooks of a settlement's end are written by the service now, and were by a trigger before: not one byte of them is another, and
// each is written once, whichever release ends the settlement.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { settlementWebhookSchema } from '../../contracts/settlement.ts';
import { webhookText } from '../../contracts/webhook-text.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { ask, doer, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { cancelSettlement } from '../payouts/cancel.ts';
import { newMerchant } from '../testing/sample-partner.ts';
import { type EndedRow, endedColumns, tellOfSettlements } from './tell-of-settlements.ts';

let url: string;
let database: Database;
beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

async function merchantWithEndpoint(owed = 0n): Promise<string> {
  const merchant_id = owed === 0n ? await newMerchant(database.sql) : await sampleMerchant(database, owed);
  await database.sql.query(
    `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret) values ($1, $2, 'https://x.test', 's')`,
    [newId('whk'), merchant_id],
  );
  return merchant_id;
}

/** By hand, as an engine ends it. */
async function end(sql: Sql, merchant_id: string, { reference = '', code = null as string | null, minor = 100 }) {
  const id = newId('stl');
  await sql.query(
    `insert into settlements (settlement_id, merchant_id, amount_minor, currency, reference, changed_by, correlation_id)
     values ($1, $2, $3, 'USD', $4, 'engine', 'test')`,
    [id, merchant_id, minor, reference],
  );
  await sql.query(`update settlements set state = 'processing' where settlement_id = $1`, [id]);
  const { rows } = await sql.query<EndedRow>(
    `update settlements s set state = $2, failure_code = $3 where settlement_id = $1 returning ${endedColumns}`,
    [id, code === null ? 'completed' : 'failed', code],
  );
  return rows;
}

const messagesOf = async (merchant_id: string) =>
  (
    await database.sql.query<{ event_id: string; event_type: string; payload: string }>(
      'select event_id, event_type, payload from webhook_messages where merchant_id = $1 order by message_no',
      [merchant_id],
    )
  ).rows;

/** What the trigger wrote, and writes for older releases. */
const bySql = async (merchant_id: string) =>
  (
    await database.sql.query<{ event_id: string; event_type: string; payload: string }>(
      `select settlement_event_id(s) as event_id, 'settlement.' || state as event_type, settlement_event(s) as payload
       from settlements s where merchant_id = $1 order by settlement_no`,
      [merchant_id],
    )
  ).rows;

test('completed and failed: the same bytes as the database wrote, whatever stands in a reference', async () => {
  const merchant_id = await merchantWithEndpoint();
  const references = [
    '',
    'Bücher €',
    '"quoted"\\',
    'tab\tand\nline',
    '\u0001\u001f\u007f\u0080',
    '😀 é e\u0301',
    '</script>',
    '\u2028',
  ];
  for (const [index, reference] of references.entries())
    for (const code of [null, 'provider_rejected'])
      await tellOfSettlements(
        database.sql,
        await end(database.sql, merchant_id, { reference, code, minor: 1 + index * 12_345_678 }),
      );
  const messages = await messagesOf(merchant_id);
  expect(messages).toHaveLength(references.length * 2);
  expect(messages).toEqual(await bySql(merchant_id));
  for (const { payload } of messages) {
    const event = settlementWebhookSchema.parse(JSON.parse(payload));
    expect(webhookText(event)).toBe(payload);
  }
});

test('whole milliseconds are told of whatever microseconds the database counts', async () => {
  const { rows } = await database.sql.query<{ ms: string; told: string }>(
    `select floor(extract(epoch from at) * 1000) as ms, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as told
     from (select '2026-11-27T00:00:00Z'::timestamptz + n * interval '1 microsecond' as at from generate_series(0, 999999, 37) as n) as each`,
  );
  expect(rows.length).toBeGreaterThan(27_000);
  expect(rows.filter(({ ms, told }) => new Date(Number(ms)).toISOString() !== told)).toEqual([]);
});

test('a new destination is told in the form that the contract gives it', async () => {
  const merchant_id = await merchantWithEndpoint(1_000n);
  for (const iban of ['GB29NWBK60161331926819', 'DE89370400440532013000'])
    await database.sql.query('select change_destinations($1, $2::jsonb, $3, $4)', [
      ...[merchant_id, JSON.stringify({ iso20022: { iban } }), doer.actor, doer.correlation_id],
    ]);
  const messages = await messagesOf(merchant_id);
  expect(messages.length).toBeGreaterThan(0);
  for (const { payload } of messages)
    expect(webhookText(settlementWebhookSchema.parse(JSON.parse(payload)))).toBe(payload);
});

test('one that is taken back is told once, and in its own transaction', async () => {
  const merchant_id = await merchantWithEndpoint(1_000n);
  const id = await ask(database, merchant_id as Parameters<typeof ask>[1]);
  const undone = database.transaction(async (sql) => {
    await cancelSettlement(sql, id, doer);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await messagesOf(merchant_id)).toEqual([]);
  await database.transaction((sql) => cancelSettlement(sql, id, doer));
  const messages = await messagesOf(merchant_id);
  expect(messages.map(({ event_type }) => event_type)).toEqual(['settlement.failed']);
  expect(messages).toEqual(await bySql(merchant_id));
});

test('who does not say that it tells, as a release before this one, is told for by the trigger', async () => {
  const merchant_id = await merchantWithEndpoint();
  await asOwner(url, (owner) => end(owner, merchant_id, { reference: 'by an older release' }));
  expect(await messagesOf(merchant_id)).toEqual(await bySql(merchant_id));
  expect(await messagesOf(merchant_id)).toHaveLength(1);
  // The service's own sessions: not a second time, and not at all where nothing is told.
  await end(database.sql, merchant_id, { reference: 'never told' });
  expect(await messagesOf(merchant_id)).toHaveLength(1);
});
