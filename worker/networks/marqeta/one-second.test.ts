// T7 in Marqeta's words: everything of one purchase stamped in the same second, delivered in any order.

import { beforeEach, expect, test, vi } from 'vitest';
import { profile } from '../../../core/testing/samples.ts';
import { gatewayMessage, type TransactionInput, webhookMessage } from '../../../scripts/marqeta-messages.ts';
import { cardAt, newToken, postMarqeta } from '../../testing/calls.ts';

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined); // What is ignored is logged.
});

type Transaction = Record<string, unknown>;
const inOneSecond = { created_time: '2026-03-04T12:00:00Z' };

function transaction(input: TransactionInput): Transaction {
  const { transactions } = JSON.parse(webhookMessage(input)) as { transactions: [Transaction] };
  // Marqeta does not say of every clearing whether it is the last.
  const { is_final_clearing: _, ...told } = transactions[0];
  return { ...told, ...inOneSecond };
}

const notify = async (...transactions: Transaction[]) =>
  expect((await postMarqeta('webhook', JSON.stringify({ transactions }))).status).toBe(200);

const deliveries: Readonly<Record<string, (words: [Transaction, Transaction, Transaction]) => Transaction[][]>> = {
  'as sent': ([own, advice, clearing]) => [[own], [advice], [clearing]],
  twice: ([own, advice, clearing]) => [[own], [advice], [clearing], [own], [advice], [clearing]],
  reversed: ([own, advice, clearing]) => [[clearing], [advice], [own]],
  'one reversed batch': ([own, advice, clearing]) => [[clearing, advice, own]],
  "the authorization's own webhook last": ([own, advice, clearing]) => [[advice], [clearing], [own]],
};

test.each(Object.entries(deliveries))('T7: an advice and its clearing of one second, %s', async (_, order) => {
  const cardToken = newToken();
  const key = (name: string) => `${name}-${cardToken}`;
  await cardAt('marqeta', cardToken).putProfile(profile({ funds_minor: 20_000 }));
  const tokens = { transactionToken: key('first'), jitToken: key('jit') };
  const asked = JSON.parse(gatewayMessage({ cardToken, amount: '100', ...tokens }));
  expect((await postMarqeta('gateway', JSON.stringify({ ...asked, ...inOneSecond }))).status).toBe(200);
  const linked = { cardToken, precedingToken: key('first') };
  const words: [Transaction, Transaction, Transaction] = [
    transaction({ type: 'authorization', cardToken, amount: '100', token: key('first') }),
    transaction({ type: 'authorization.advice', ...linked, amount: '40', released: '60', token: key('advice') }),
    transaction({ type: 'authorization.clearing', ...linked, amount: '40', token: key('clearing') }),
  ];
  for (const batch of order(words)) await notify(...batch);
  expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ held_minor: 0, posted_minor: 4_000 });
});
