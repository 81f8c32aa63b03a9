// A database that was set back, beside providers that were not: what they have is found, and nobody is paid twice.

import { beforeEach, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  ask,
  balanceOf,
  doer,
  guard,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  silent,
  standingOf,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { raiseSetBackDatabase } from '../audit/database-set-back.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { Provider } from '../providers/provider.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { createFindPayments } from './lost-payments.ts';

const never = new AbortController().signal;
let database: Database;
let parts: AsyncDisposableStack;
/** Of the lost time all of it. */
const since = new Date(Date.now() - 60_000);

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 10, onIdleError: () => {} });
  database = opened;
  parts.defer(() => opened.close());
  // As it is while lists are read: nothing is begun.
  await raiseSetBackDatabase(database.sql, { key: 'said', said: 'restored to 11:00', evidence: {} });
  return () => parts.disposeAsync();
});

const find = (...providers: Provider[]) =>
  createFindPayments({ database, providers, log: silent })(since, { ...doer, actor: 'open_items' });
const resume = () =>
  database.sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'resume_payouts' where kind = 'database_set_back'`,
  );
const account = { account: 'acc-1' };

async function items() {
  const { rows } = await database.sql.query<{ kind: string; amount_minor: string; summary: string }>(
    `select kind, amount_minor, summary from open_items where kind <> 'database_set_back' order by open_item_no`,
  );
  return rows;
}

function run(...providers: Provider[]) {
  const engine = sampleEngine({ database, providers: providers.map((provider) => guard(provider)) });
  engine.start();
  parts.defer(() => engine.stop());
}

test('a settlement of the lost time is made again under its id, booked as paid once, and not owed again', async () => {
  const { client, server } = await sampleProvider(parts, () => database);
  const merchant_id = await sampleMerchant(database, 1_000n);
  const payment = sampleSubmission(account, { merchant_id, amount_minor: 300n, currency: 'USD' });
  await client().submit(payment, never);
  expect(await find(client())).toMatchObject({ listed: 1, made: 1, known: 0, unread: [] });
  expect(await find(client())).toMatchObject({ listed: 1, made: 0, known: 1 });
  run(client());
  expect(await untilOver(database, [payment.settlement_id])).toMatchObject([{ state: 'completed', submissions: 1 }]);
  await resume();
  const rest = await ask(database, merchant_id, 700);
  expect(await untilOver(database, [rest])).toMatchObject([{ state: 'completed' }]);
  expect(await balanceOf(database, merchant_id)).toBe('1000 0 1000');
  expect(server.books.totals()).toMatchObject({ payments: 2, paid_twice: [], paid_minor: { USD: '1000' } });
  const { rows } = await database.sql.query(`select reference from settlements where settlement_id = $1`, [
    payment.settlement_id,
  ]);
  expect(rows).toEqual([{ reference: payment.reference }]);
});

test('what is queued here and was sent in the lost time, by the second provider, goes nowhere again', async () => {
  const [first, second] = [await sampleProvider(parts, () => database), await sampleProvider(parts, () => database)];
  const secondary = { ...second.client(), name: 'simulated_secondary' };
  const merchant_id = await sampleMerchant(database, 1_000n, {
    destinations: { simulated: account, simulated_secondary: account },
  });
  const settlement_id = await ask(database, merchant_id, 300);
  const payment = sampleSubmission(account, {
    settlement_id,
    merchant_id,
    amount_minor: 300n,
    currency: 'USD',
    reference: '',
  });
  await secondary.submit(payment, never);
  expect(await find(first.client(), secondary)).toMatchObject({ sent: 1, made: 0 });
  await resume();
  run(first.client(), secondary);
  expect(await untilOver(database, [settlement_id])).toMatchObject([
    { state: 'completed', provider: 'simulated_secondary' },
  ]);
  expect([...first.server.books.entries()]).toEqual([]);
  expect(await balanceOf(database, merchant_id)).toBe('1000 0 300');
});

test('what cannot be booked is for a person, and as much is not payable meanwhile', async () => {
  const { client } = await sampleProvider(parts, () => database);
  const merchant_id = await sampleMerchant(database, 200n);
  const more = sampleSubmission(account, { merchant_id, amount_minor: 300n, currency: 'USD' });
  const nobodys = sampleSubmission(account, { merchant_id: newId('mrch'), amount_minor: 40n, currency: 'USD' });
  for (const payment of [more, nobodys]) await client().submit(payment, never);
  expect(await find(client())).toMatchObject({ for_a_person: 2, made: 0 });
  await find(client());
  expect(await items()).toMatchObject([
    { kind: 'provider_contradiction', amount_minor: '300', summary: expect.stringContaining('amount_not_owed') },
    { kind: 'provider_contradiction', amount_minor: '40', summary: expect.stringContaining('merchant_not_found') },
  ]);
  await expect(ask(database, merchant_id, 100)).rejects.toMatchObject({ error_code: 'amount_not_owed' });
  expect(await standingOf(database, [more.settlement_id])).toEqual([]);
});

test('a return of the lost time is told again, and booked once, under the same id', async () => {
  const { client, server } = await sampleProvider(parts, () => database);
  const merchant_id = await sampleMerchant(database, 1_000n);
  const payment = sampleSubmission(account, { merchant_id, amount_minor: 300n, currency: 'USD' });
  await client().submit(payment, never);
  await until(
    () => server.books.totals().payments,
    (paid) => paid === 1,
  );
  server.takeBack({ amount_minor: '120' });
  for (let times = 0; times < 2; times++) expect(await find(client())).toMatchObject({ told_again: 1 });
  run(client());
  await untilOver(database, [payment.settlement_id]);
  const returns = () =>
    database.sql.query<{ id: string; amount_minor: string }>(
      'select settlement_return_id as id, amount_minor from settlement_returns',
    );
  const { rows } = await until(returns, (found) => found.rows.length > 0);
  expect(rows).toEqual([{ id: expect.stringMatching(/^srt_/), amount_minor: '120' }]);
  expect(await items()).toEqual([]);
});

test('a list that breaks off in the middle is none', async () => {
  const { client, server, setFaults } = await sampleProvider(parts, () => database);
  const merchant_id = await sampleMerchant(database, 1_000n);
  await client().submit(sampleSubmission(account, { merchant_id, amount_minor: 300n, currency: 'USD' }), never);
  await setFaults({ down: true });
  expect(await find(client())).toMatchObject({ listed: 0, unread: [{ provider: 'simulated' }] });
  expect(server.books.totals().payments + server.books.totals().pending).toBe(1);
});
