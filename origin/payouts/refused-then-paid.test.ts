// P3 from the bank's files to the books: refused by a status report, owed again, and then booked as paid by a statement.

import { expect, test } from 'vitest';
import { statementOf } from '../../scripts/iso20022/bank-entries.ts';
import { statusReport } from '../../scripts/iso20022/bank-files.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer, guard, sampleEngine, sampleMerchant, silent, untilOver } from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { openDatabase } from '../db/client.ts';
import { owedTo } from '../merchants/owed.ts';
import { createInboxLoop } from '../providers/iso20022/inbox-loop.ts';
import { createMemoryStore } from '../testing/memory-store.ts';
import { merchantAccount } from '../testing/sample-bank.ts';
import { filesOf, sampleProvider } from '../testing/sample-files.ts';
import { createSettlement } from './create.ts';

test('P3: RJCT, failed, owed again; then the bank books it: an open item, and not payable until a person has looked', async () => {
  await using parts = new AsyncDisposableStack();
  const database = openDatabase({ url: await createTestDatabase(), poolMax: 6, onIdleError: () => {} });
  parts.defer(() => database.close());
  const store = createMemoryStore();
  const bank = sampleProvider(store);
  const engine = sampleEngine({ database, providers: [guard(bank)] });
  const loop = createInboxLoop({ provider: bank, database, log: silent, intervalMs: 10 });
  parts.defer(() => engine.stop());
  parts.defer(() => loop.stop());
  engine.start();
  loop.start();
  const account = { currency: 'EUR', destinations: { iso20022: merchantAccount } };
  const merchant = await sampleMerchant(database, 20_000n, account);
  const asked = { merchant_id: merchant, amount_minor: 12_345, currency: 'EUR' };
  const ask = () => database.transaction((sql) => createSettlement(sql, asked, doer));
  const id = await ask();
  const owed = async () => {
    const found = (await owedTo(database.sql, [merchant])).get(merchant);
    return [found?.payable_minor, found?.withheld_minor];
  };
  const [sent = ''] = await until(
    () => filesOf(store),
    (files) => files.length === 1,
  );
  const textOf = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(sent)?.[1] ?? '';
  const endToEnd = textOf('EndToEndId');

  const transfers = [{ id: endToEnd, status: 'RJCT', reason: 'AC04' }];
  const refused = statusReport({ of: textOf('MsgId'), payment: { id: textOf('PmtInfId'), transfers } });
  await store.putIfAbsent('inbox/1.xml', refused);
  expect(await untilOver(database, [id])).toMatchObject([{ state: 'failed' }]);
  expect(await owed()).toEqual([20_000n, 0n]);

  const entry = { amount: '123.45 EUR', servicer: 'D1', transactions: [{ endToEnd }] };
  await store.putIfAbsent('inbox/2.xml', statementOf([entry], { id: '2.xml' }));
  await until(owed, ([, withheld]) => withheld === 12_345n);
  expect(await owed()).toEqual([7_655n, 12_345n]);
  const { rows } = await database.sql.query('select kind, status, settlement_id, amount_minor from open_items');
  expect(rows).toEqual([{ kind: 'provider_contradiction', status: 'open', settlement_id: id, amount_minor: '12345' }]);
  await expect(ask()).rejects.toMatchObject({ error_code: 'amount_not_owed' });
});
