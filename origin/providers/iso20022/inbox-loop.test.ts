// From a bank's file to the words that the engine takes, in a real Postgres.

import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { statementOf } from '../../../scripts/iso20022/bank-entries.ts';
import { statement } from '../../../scripts/iso20022/bank-files.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { raiseOpenItems } from '../../open-items/raise.ts';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { merchantAccount, ourAccounts } from '../../testing/sample-bank.ts';
import { sampleSubmission } from '../../testing/sample-submission.ts';
import { createInboxLoop } from './inbox-loop.ts';
import { createIso20022Provider } from './iso20022.ts';
import { endToEndId } from './payment-files.ts';

const never = new AbortController().signal;
let database: Database;

beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 2, onIdleError: () => {} });
  return () => database.close();
});

async function wordsKept() {
  const { rows } = await database.sql.query<{ webhook_id: string; body: string; word: object }>(
    'select provider, webhook_id, body, word from provider_webhooks order by webhook_id',
  );
  return rows;
}

test('words are kept once, whoever dies between keeping them and putting the file away', async () => {
  const store = createMemoryStore();
  const provider = createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0 });
  const submissions = [sampleSubmission(merchantAccount), sampleSubmission(merchantAccount)];
  await Promise.all(submissions.map((submission) => provider.submit(submission, never)));
  const ids = submissions.map(({ idempotency_key }) => endToEndId(idempotency_key));
  const text = statement(
    ids.map((id) => ({ id })),
    { id: `quote"'{},\\` },
  );
  const files = () => [...store.objects.keys()].filter((key) => key.startsWith('inbox/'));

  for (let round = 0; round < 2; round += 1) {
    // The second time as if the first reader had died just before it put the file away.
    for (const key of store.objects.keys()) if (key.startsWith('processed/')) store.objects.delete(key);
    await store.putIfAbsent('inbox/bad.xml', `<!DOCTYPE x>${round}`);
    await store.putIfAbsent('inbox/statement.xml', text);
    const loop = createInboxLoop({ provider, database, log: pino({ level: 'silent' }), intervalMs: 10 });
    loop.start();
    await until(files, (left) => left.length === 0);
    await loop.stop();
  }
  const kept = await wordsKept();
  expect(kept).toHaveLength(2);
  expect(kept.map(({ word }) => word)).toEqual(
    expect.arrayContaining(
      submissions.map(({ settlement_id }) =>
        expect.objectContaining({ settlement_id, submission: 1, outcome: 'paid' }),
      ),
    ),
  );
  expect(kept[0]).toMatchObject({ provider: 'iso20022', body: 'statement.xml' });
});

test('a file stays where it is while its words cannot be kept', async () => {
  const store = createMemoryStore();
  const provider = createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0 });
  const submission = sampleSubmission(merchantAccount);
  await provider.submit(submission, never);
  await store.putIfAbsent('inbox/statement.xml', statement([{ id: endToEndId(submission.idempotency_key) }]));
  const broken: Database = { ...database, transaction: () => Promise.reject(new Error('away')) };
  const loop = createInboxLoop({ provider, database: broken, log: pino({ level: 'silent' }), intervalMs: 10 });
  loop.start();
  await until(
    () => loop.failures(),
    (failures) => failures > 0,
  );
  await loop.stop();
  expect(store.objects.has('inbox/statement.xml')).toBe(true);
  expect(await wordsKept()).toEqual([]);
});

test('B6: a file that cannot be read is an open item, once, and closed as gone when it can be', async () => {
  const store = createMemoryStore();
  const provider = createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0 });
  const round = async () => {
    const loop = createInboxLoop({ provider, database, log: pino({ level: 'silent' }), intervalMs: 10 });
    loop.start();
    await until(
      () => [...store.objects.keys()].filter((key) => key.startsWith('inbox/')),
      (left) => left.length === 0,
    );
    await loop.stop();
    const { rows } = await database.sql.query('select kind, item_key, status, times, resolution from open_items');
    return rows;
  };
  await store.putIfAbsent('inbox/a.xml', 'PK\u0003\u0004');
  const item = {
    kind: 'bank_file_set_aside',
    item_key: expect.stringMatching(/^[0-9a-f]{16}-a\.xml$/),
    resolution: null,
  };
  expect(await round()).toEqual([{ ...item, status: 'open', times: 1 }]);
  // The same file again, from the bank.
  await store.putIfAbsent('inbox/a.xml', 'PK\u0003\u0004');
  expect(await round()).toEqual([{ ...item, status: 'open', times: 2 }]);
  // As if an earlier release had set a good file aside.
  const good = {
    kind: 'bank_file_set_aside',
    key: `${digestOf(statement([]))}-b.xml`,
    summary: 'It.',
    evidence: {},
  } as const;
  await raiseOpenItems(database.sql, [good]);
  await store.putIfAbsent('inbox/b.xml', statement([]));
  expect((await round())[1]).toMatchObject({ item_key: good.key, status: 'resolved', resolution: 'gone' });
});

test('B4: a second booking commits with the first word, as an open item', async () => {
  const store = createMemoryStore();
  const provider = createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0 });
  const submission = sampleSubmission(merchantAccount);
  await provider.submit(submission, never);
  const endToEnd = endToEndId(submission.idempotency_key);
  const entries = ['A', 'B'].map((servicer) => ({ servicer, transactions: [{ endToEnd }] }));
  await store.putIfAbsent('inbox/a.xml', statementOf(entries));
  const loop = createInboxLoop({ provider, database, log: pino({ level: 'silent' }), intervalMs: 10 });
  loop.start();
  const items = async () =>
    (await database.sql.query('select kind, settlement_id, provider, amount_minor, currency from open_items')).rows;
  await until(items, (found) => found.length > 0);
  await loop.stop();
  expect(await items()).toEqual([
    {
      ...{ kind: 'booked_twice', settlement_id: submission.settlement_id, provider: 'iso20022' },
      ...{ amount_minor: '12345', currency: 'EUR' },
    },
  ]);
  expect(await wordsKept()).toHaveLength(1);
});

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
