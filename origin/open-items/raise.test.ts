// Open items as they are raised: once per kind and key, whatever text they hold.

import { beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { openItemKinds } from './kinds.ts';
import { closeAsGone, type RaisedItem, raiseOpenItems } from './raise.ts';

let database: Database;

beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 2, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

const item = {
  kind: 'booked_twice',
  key: 'stl_1 entry-2',
  summary: 'The bank booked it twice.',
  amount: { minor: 12_345n, currency: 'EUR' },
  evidence: { entry: 'entry-2' },
} as const satisfies RaisedItem;

async function stored() {
  const { rows } = await database.sql.query<Record<string, unknown>>(
    `select kind, item_key, status, times, amount_minor, resolution, evidence from open_items order by open_item_no`,
  );
  return rows;
}

test('the same kind and key again is counted, not kept twice', async () => {
  await raiseOpenItems(database.sql, [item, item, { ...item, key: 'stl_1 entry-3' }]);
  expect(await stored()).toEqual([
    expect.objectContaining({ item_key: 'stl_1 entry-2', status: 'open', times: 2, amount_minor: '12345' }),
    expect.objectContaining({ item_key: 'stl_1 entry-3', status: 'open', times: 1 }),
  ]);
});

test('X2: a card number as a card’s token is not kept, nor any other part of it lost', async () => {
  const card_key = 'native:4111111111111111';
  await raiseOpenItems(database.sql, [
    { ...item, card_key },
    { ...item, key: 'other', card_key: 'native:card-4111-0042' },
  ]);
  const { rows } = await database.sql.query(`select card_key from open_items order by open_item_no`);
  expect(rows).toEqual([{ card_key: 'native:****************' }, { card_key: 'native:card-4111-0042' }]);
});

test('closed, it stays closed for a repeat, and opens again for a condition that is back', async () => {
  const condition = { kind: 'provider_not_configured', key: 'acme', summary: 'Gone.', evidence: 1 } as const;
  await raiseOpenItems(database.sql, [item, condition]);
  await closeAsGone(database.sql, 'booked_twice', item.key);
  await closeAsGone(database.sql, 'provider_not_configured', 'acme');
  await raiseOpenItems(database.sql, [item, { ...condition, evidence: 2, reopens: true }]);
  expect(await stored()).toMatchObject([
    { status: 'resolved', resolution: 'gone', times: 2, evidence: { entry: 'entry-2' } },
    { status: 'open', resolution: null, times: 2, evidence: 2 },
  ]);
});

test('P7 kind: a condition that is back is as old as this time; one that never ended keeps its age', async () => {
  const condition = { kind: 'provider_not_configured', key: 'acme', summary: 'Gone.', evidence: 1 } as const;
  const lasting = { ...condition, key: 'lasting', reopens: true } as const;
  await raiseOpenItems(database.sql, [condition, lasting]);
  await database.sql.query(`update open_items set opened_at = now() - interval '90 days'`);
  await closeAsGone(database.sql, 'provider_not_configured', 'acme');
  await raiseOpenItems(database.sql, [{ ...condition, reopens: true }, lasting]);
  const { rows } = await database.sql.query(
    `select item_key, opened_at > now() - interval '1 day' as is_new from open_items order by open_item_no`,
  );
  expect(rows).toEqual([
    { item_key: 'acme', is_new: true },
    { item_key: 'lasting', is_new: false },
  ]);
});

test('no text keeps an item out: NUL, half a surrogate pair, a key of any length', async () => {
  const odd = 'a\0b\ud83dc\\u0000';
  await raiseOpenItems(database.sql, [
    { ...item, key: odd, summary: odd, evidence: { [odd]: odd, twice: '\0\0\udc00' } },
    { ...item, key: 'k'.repeat(5_000) },
  ]);
  const { rows } = await database.sql.query(
    `select item_key, evidence ->> 'twice' as twice from open_items order by open_item_no`,
  );
  expect(rows).toEqual([
    { item_key: 'a\ufffdb\ufffdc\\u0000', twice: '\ufffd\ufffd\ufffd' },
    { item_key: expect.stringMatching(/^[0-9a-f]{64}$/), twice: null },
  ]);
});

test('digits that may be a card’s are masked in what is kept, and identifiers stay what an action needs', async () => {
  const number = '4111111111111111';
  const evidence = {
    at: new Date(0),
    memo: `card ${number}`,
    authorization_key: number,
    amount_minor: 4_111_111_111_111,
    [number]: [number],
  };
  await raiseOpenItems(database.sql, [{ ...item, summary: `Paid with ${number}.`, evidence }]);
  const { rows } = await database.sql.query('select summary, evidence from open_items');
  const masked = '*'.repeat(16);
  expect(rows).toEqual([
    {
      summary: `Paid with ${masked}.`,
      evidence: {
        at: '1970-01-01T00:00:00.000Z',
        memo: `card ${masked}`,
        authorization_key: number,
        amount_minor: 4_111_111_111_111,
        [masked]: [masked],
      },
    },
  ]);
});

test('every kind says what it means in a sentence', () => {
  for (const meaning of Object.values(openItemKinds)) expect(meaning).toMatch(/^[A-Z].*[.]$/);
});
