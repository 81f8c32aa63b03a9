// A person has a file that was set aside read once more: `try_again` of its open item.

import { beforeEach, expect, test } from 'vitest';
import { statement } from '../../../scripts/iso20022/bank-files.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { doer, silent } from '../../../scripts/test-settlements.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { createActing } from '../../open-items/act.ts';
import { tryAgain } from '../../open-items/actions/try-again.ts';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { idOf, sample, sampleProvider } from '../../testing/sample-files.ts';
import { createFileAgain, createInboxLoop } from './inbox-loop.ts';

let database: Database;

beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

test('B6: refused while it cannot be read; then its words and items are kept, and the item is closed', async () => {
  const store = createMemoryStore();
  const provider = sampleProvider(store);
  const submission = sample();
  await provider.submit(submission, new AbortController().signal);
  await store.putIfAbsent('inbox/a.xml', '<!DOCTYPE a><a/>');
  const loop = createInboxLoop({ provider, database, log: silent, intervalMs: 10 });
  loop.start();
  const items = async () =>
    (
      await database.sql.query<{ open_item_id: string; status: string; kept: string }>(
        `select open_item_id, status, evidence ->> 'kept' as kept from open_items order by open_item_no`,
      )
    ).rows;
  const [item] = await until(items, ({ length }) => length === 1);
  await loop.stop();
  const reject = () => Promise.reject();
  const nobody = { card_events: reject, settlement_requests: reject, card_notices: reject };
  const readBankFileAgain = createFileAgain({ provider, database });
  const never = () => Promise.reject();
  const edge = { sendMessage: never, sendFact: never, eventsAfter: never, readCard: never };
  const act = createActing({
    database,
    takers: nobody,
    edge,
    readBankFileAgain,
    findPayments: () => Promise.reject(new Error('not asked for here')),
  });
  const acting = { open_item_id: item?.open_item_id ?? '', action: tryAgain, input: {}, reason: 'upgraded' };
  const refused = {
    outcome: 'refused',
    problem: expect.stringMatching(/^cannot be done: the file still holds a document type/),
  };
  expect(await act(acting, doer)).toMatchObject(refused);
  // As if an earlier release had set aside what this one reads: a payment of ours, and another with a status of no meaning.
  const odd = { id: `${idOf(submission).slice(0, -1)}7` };
  store.objects.set(item?.kept ?? '', statement([{ id: idOf(submission) }, odd]));
  const closed = { outcome: 'closed', item: { result: { payments_told: 1, open_items_raised: 1 } } };
  expect(await act(acting, doer)).toMatchObject(closed);
  expect(await act(acting, doer)).toMatchObject(closed);
  const { rows } = await database.sql.query('select word from provider_webhooks');
  expect(rows).toMatchObject([{ word: { settlement_id: submission.settlement_id, outcome: 'paid' } }]);
  expect((await items()).map(({ status }) => status)).toEqual(['resolved', 'open']);
});
