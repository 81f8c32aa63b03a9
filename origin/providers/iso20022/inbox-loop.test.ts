// From a bank's file to the words that the engine takes, in a real Postgres.

import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { statement } from '../../../scripts/iso20022/bank-files.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { sampleSubmission } from '../sample-submission.ts';
import { createInboxLoop } from './inbox-loop.ts';
import { createIso20022Provider } from './iso20022.ts';
import { createMemoryStore } from './memory-store.ts';
import { endToEndId } from './payment-files.ts';
import { merchantAccount, ourAccounts } from './sample-bank.ts';

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
  const broken: Database = { ...database, sql: { query: () => Promise.reject(new Error('away')) } };
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
