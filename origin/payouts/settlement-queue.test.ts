import { beforeEach, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { creditMerchant } from '../merchants/merchants.ts';
import { startQueue } from '../testing/sample-queue.ts';
import { createSettlementQueue, type SettlementMessage, takeSettlementMessages } from './settlement-queue.ts';

let database: Database;
let merchant_id: `mrch_${string}`;
let url: string;

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  merchant_id = await sampleMerchant(database, 1_000n);
  const opened = database;
  return () => opened.close();
});

function message(over: Partial<SettlementMessage> = {}, amount_minor = 100): SettlementMessage {
  const settlement = { merchant_id, amount_minor, currency: 'USD' };
  return { version: 1, settlement_id: newId('stl'), correlation_id: 'batch:7', settlement, ...over };
}

async function created(): Promise<string[]> {
  const { rows } = await database.sql.query<{ settlement_id: string }>('select settlement_id from settlements');
  return rows.map(({ settlement_id }) => settlement_id).toSorted();
}
async function letters(): Promise<string[]> {
  const { rows } = await database.sql.query<{ reason: string }>(
    `select evidence ->> 'reason' as reason from open_items where source = 'settlement_requests' order by open_item_no`,
  );
  return rows.map(({ reason }) => reason);
}

test('pulled from a queue, created once each, and acknowledged; what comes twice changes nothing', async () => {
  const { queue, close } = await startQueue();
  const messages = Array.from({ length: 5 }, () => message());
  const bodies = [...messages, messages[0], { nonsense: true }, messages[1]];
  queue.waiting.push(...bodies.map((body, index) => ({ id: `m${index}`, body, attempts: 1 })));
  const config = { api_url: queue.url, account_id: 'acc', queue_id: 'que', api_token: 'token' };
  const loop = createSettlementQueue({ queue: config, database, log: silent, providers: [] });
  loop.start();
  await until(
    () => queue.waiting.length + queue.leased.size,
    (left) => left === 0,
  );
  await loop.stop();
  close();
  expect(await created()).toEqual(messages.map(({ settlement_id }) => settlement_id).toSorted());
  expect(await letters()).toEqual([expect.stringContaining('version')]);
  expect(queue.retried).toEqual([]);
});

test('a repeat in a later batch is the same settlement; its id with another amount is a dead letter', async () => {
  const first = message();
  const take = (...bodies: unknown[]) =>
    takeSettlementMessages(
      database,
      bodies.map((body, index) => ({ id: `${index}`, body })),
      silent,
    );
  expect(await take(first)).toEqual([{ id: '0', outcome: 'done' }]);
  const other = message({ settlement_id: first.settlement_id }, 101);
  expect(await take(first, other)).toEqual([
    { id: '0', outcome: 'done' },
    { id: '1', outcome: 'dead_letter' },
  ]);
  expect(await created()).toHaveLength(1);
});

test('what is refused is kept with its reason', async () => {
  const taken = await takeSettlementMessages(
    database,
    [
      { id: 'a', body: message({}, 1_001) },
      { id: 'b', body: message({ settlement: { merchant_id: newId('mrch'), amount_minor: 1, currency: 'USD' } }) },
      { id: 'c', body: message({ settlement: { merchant_id, amount_minor: 1, currency: 'EUR' } }) },
      { id: 'd', body: message({}, 600) },
      { id: 'e', body: message({}, 600) },
    ],
    silent,
  );
  expect(taken.map(({ outcome }) => outcome)).toEqual([
    'dead_letter',
    'dead_letter',
    'dead_letter',
    'done',
    'dead_letter',
  ]);
  expect(await letters()).toEqual([
    'refused: amount_not_owed',
    'refused: merchant_not_found',
    'refused: currency_differs',
    'refused: amount_not_owed',
  ]);
});

test('what was refused stays with its letter when it comes again, though it is owed by now', async () => {
  const body = message({}, 1_001);
  const take = () => takeSettlementMessages(database, [{ id: 'a', body }], silent);
  expect(await take()).toEqual([{ id: 'a', outcome: 'dead_letter' }]);
  await creditMerchant(database, createHouseAccounts(database.sql), {
    merchant_id,
    amount_minor: 9n,
    network: 'native',
  });
  expect(await take()).toEqual([{ id: 'a', outcome: 'dead_letter' }]);
  expect([await created(), await letters()]).toEqual([[], ['refused: amount_not_owed']]);
});

test('twice in one batch and refused: neither of them is done', async () => {
  const body = message({}, 1_001);
  const both = [
    { id: 'a', body },
    { id: 'b', body },
  ];
  const taken = await takeSettlementMessages(database, both, silent);
  expect(taken.map(({ outcome }) => outcome)).toEqual(['dead_letter', 'dead_letter']);
});

test('one id for two requests, taken by two at once: a settlement, and a dead letter', async () => {
  for (let round = 0; round < 10; round += 1) {
    const first = message({}, 1);
    const bodies = [first, message({ settlement_id: first.settlement_id }, 2)];
    const taken = await Promise.all(
      bodies.map((body) => takeSettlementMessages(database, [{ id: 'a', body }], silent)),
    );
    expect(
      taken
        .flat()
        .map(({ outcome }) => outcome)
        .toSorted(),
    ).toEqual(['dead_letter', 'done']);
  }
});

test('while the database is away everything is brought again', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const away: Database = { ...database, transaction: () => Promise.reject(refused) };
  expect(await takeSettlementMessages(away, [{ id: 'a', body: message() }], silent)).toEqual([
    { id: 'a', outcome: 'retry' },
  ]);
});

test('one request that the database refuses is a dead letter, and those beside it are settlements', async () => {
  const [odd, ...others] = [message(), message(), message(), message()];
  await asOwner(url, (sql) =>
    sql.query(`create function odd_row() returns trigger language plpgsql as $$ begin
        if new.settlement_id = '${odd?.settlement_id}' then raise exception 'odd' using errcode = 'check_violation'; end if;
        return new; end $$;
      create trigger odd_row before insert on settlements for each row execute function odd_row()`),
  );
  const bodies = [...others.slice(0, 2), odd, ...others.slice(2)];
  const taken = await takeSettlementMessages(
    database,
    bodies.map((body, index) => ({ id: `m${index}`, body })),
    silent,
  );
  expect(taken.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'dead_letter', 'done']);
  expect(await created()).toEqual(others.map(({ settlement_id }) => settlement_id).toSorted());
  expect(await letters()).toEqual([expect.stringContaining('cannot be stored')]);
});
