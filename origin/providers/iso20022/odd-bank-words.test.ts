// Other inputs of the kinds of dirty-bank-files.test.ts.

import { expect, test } from 'vitest';
import { statementOf } from '../../../scripts/iso20022/bank-entries.ts';
import { statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { sampleInbox } from '../../testing/sample-inbox.ts';

test.each([' ', '-', '  '])('B2 kind: our id with "%s" put in after its prefix is ours', async (blank) => {
  const inbox = await sampleInbox(1);
  const [id = ''] = inbox.ids;
  const broken = id.toUpperCase().replace('STL', `STL${blank}`);
  const { words } = await inbox.receive(statementOf([{ servicer: 'D1', transactions: [{ endToEnd: broken }] }]));
  expect(words).toMatchObject([{ outcome: 'paid' }]);
});

test('B1 kind: a blocked payment is for a person, and the item names the status, not its reason alone', async () => {
  const inbox = await sampleInbox(1);
  const transfers = inbox.ids.map((id) => ({ id, status: 'BLCK', reason: 'AC06' }));
  const payment = { id: `${inbox.message}-EUR`, transfers };
  const { words, items } = await inbox.receive(statusReport({ of: inbox.message, payment }));
  expect(words).toEqual([]);
  expect(items).toMatchObject([{ kind: 'bank_entry_unmatched', summary: expect.stringContaining('BLCK, AC06') }]);
});
