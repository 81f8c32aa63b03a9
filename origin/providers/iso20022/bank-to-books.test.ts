// From a bank's file to the books: paid with a fee, sent back, told again; in a real Postgres with the engine at work.

import { beforeEach, expect, test } from 'vitest';
import { type StatementEntry, statementOf } from '../../../scripts/iso20022/bank-entries.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import {
  doer,
  guard,
  sampleEngine,
  sampleMerchant,
  silent,
  standingOf,
  untilOver,
} from '../../../scripts/test-settlements.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { owedTo } from '../../merchants/owed.ts';
import { createActing } from '../../open-items/act.ts';
import { confirmPayment } from '../../open-items/actions/confirm-payment.ts';
import { createSettlement } from '../../payouts/create.ts';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { merchantAccount } from '../../testing/sample-bank.ts';
import { filesOf, sampleProvider } from '../../testing/sample-files.ts';
import { createInboxLoop } from './inbox-loop.ts';

let database: Database;
let parts: AsyncDisposableStack;

beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 6, onIdleError: () => {} });
  database = opened;
  parts = new AsyncDisposableStack();
  parts.defer(() => opened.close());
  return () => parts.disposeAsync();
});

/** A settlement of 123.45 EUR of 500.00 that are owed, in its file and on its way to the bank. */
async function settling() {
  const store = createMemoryStore();
  const bank = sampleProvider(store);
  const engine = sampleEngine({ database, providers: [guard(bank)] });
  const loop = createInboxLoop({ provider: bank, database, log: silent, intervalMs: 10 });
  parts.defer(() => engine.stop());
  parts.defer(() => loop.stop());
  engine.start();
  loop.start();
  const destinations = { iso20022: merchantAccount };
  const merchant = await sampleMerchant(database, 50_000n, { currency: 'EUR', destinations });
  const asked = { merchant_id: merchant, amount_minor: 12_345, currency: 'EUR' };
  const id = await database.transaction((sql) => createSettlement(sql, asked, doer));
  const owed = async () => (await owedTo(database.sql, [merchant])).get(merchant)?.payable_minor;
  const query = async (text: string) => (await database.sql.query<Record<string, unknown>>(text)).rows;
  const receive = async (name: string, entry: StatementEntry, kind: '052' | '053' | '054' = '053') => {
    await store.putIfAbsent(`inbox/${name}`, statementOf([entry], { kind, id: name }));
    await until(
      () => query('select 1 from provider_webhooks where processed_at is null'),
      (rows) => rows.length === 0 && !store.objects.has(`inbox/${name}`),
    );
  };
  await until(
    () => filesOf(store),
    (files) => files.length === 1,
  );
  const endToEnd = /<EndToEndId>([^<]+)</.exec(filesOf(store)[0] ?? '')?.[1] ?? '';
  return { id, endToEnd, owed, query, receive };
}

test('B1, B3: paid with a fee that is named, sent back days later, owed again; told in three files it is one return', async () => {
  const { id, endToEnd, owed, query, receive } = await settling();
  await receive('1.xml', {
    ...{ amount: '126.45 EUR', servicer: 'D1' },
    transactions: [{ endToEnd: endToEnd.toUpperCase(), instructed: '123.45 EUR', transactionAmount: '126.45 EUR' }],
  });
  expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed' }]);
  expect(await owed()).toBe(37_655n);
  expect(await query(`select detail from provider_exchanges where kind = 'confirmation'`)).toEqual([
    { detail: `camt.053:1.xml:${endToEnd}:paid fee 3.00 EUR` },
  ]);

  const back: StatementEntry = {
    ...{ direction: 'CRDT', servicer: 'C1', code: 'PMNT/ICDT/RRTN', date: '2026-11-24' },
    transactions: [{ endToEnd }],
  };
  await receive('2.xml', back, '054');
  await receive('3.xml', back, '052');
  await receive('4.xml', back, '053');
  await until(owed, (minor) => minor === 50_000n);
  expect(
    await query('select settlement_id, provider_reference, amount_minor, reason_code from settlement_returns'),
  ).toEqual([
    {
      ...{ settlement_id: id, provider_reference: `${endToEnd} C1` },
      ...{ amount_minor: '12345', reason_code: 'provider_returned_rrtn' },
    },
  ]);
  expect(await query('select kind from open_items')).toEqual([]);

  await receive('5.xml', { ...back, servicer: 'C2' });
  expect(await query('select kind, settlement_id from open_items')).toEqual([
    { kind: 'booked_twice', settlement_id: id },
  ]);
  expect(await owed()).toBe(50_000n);
});

test('B3: booked as another amount it stays under way, in front of a person who says how it ended', async () => {
  const { id, endToEnd, owed, query, receive } = await settling();
  await receive('1.xml', { amount: '120.00 EUR', transactions: [{ endToEnd }] });
  const [item] = await query('select open_item_id, kind, settlement_id, amount_minor from open_items');
  expect(item).toMatchObject({ kind: 'bank_entry_unmatched', settlement_id: id, amount_minor: '12000' });
  expect(await standingOf(database, [id])).toMatchObject([{ state: 'processing' }]);
  const nobody = () => Promise.reject(new Error('nobody'));
  const act = createActing({
    ...{
      database,
      readBankFileAgain: null,
      findPayments: () => Promise.reject(new Error('not asked for here')),
      edge: { sendMessage: nobody, sendFact: nobody, eventsAfter: nobody, readCard: nobody },
    },
    takers: { card_events: nobody, settlement_requests: nobody, card_notices: nobody },
  });
  const open_item_id = String(item?.['open_item_id']);
  const acting = { open_item_id, action: confirmPayment, input: { outcome: 'paid' }, reason: 'the bank has told us' };
  const closed = { outcome: 'closed', item: { status: 'resolved', result: { settlement_id: id, said: 'paid' } } };
  expect(await act(acting, doer)).toMatchObject(closed);
  expect(await act(acting, doer)).toMatchObject(closed);
  expect(await untilOver(database, [id])).toMatchObject([{ state: 'completed' }]);
  expect(await owed()).toBe(37_655n);
  expect(await query(`select detail from provider_exchanges where kind = 'confirmation'`)).toEqual([
    { detail: `person:${open_item_id} said by a person: ${open_item_id}` },
  ]);
  // What is final is not said once more.
  await receive('2.xml', { amount: '1.00 EUR', transactions: [{ endToEnd }] });
  const [, second] = await query('select open_item_id from open_items order by open_item_no');
  const again = { ...acting, open_item_id: String(second?.['open_item_id']) };
  expect(await act(again, doer)).toMatchObject({ outcome: 'refused', problem: expect.stringContaining('completed') });
});
