// A network's credential in bad hands sends facts by the thousand: a person gets a few items with count and sum, and nothing of them is lost.

import { beforeEach, describe, expect, test } from 'vitest';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createActing } from '../open-items/act.ts';
import { dismiss } from '../open-items/actions/dismiss.ts';
import { bookFactsAgain } from '../open-items/facts-again.ts';
import { SampleBooks } from '../testing/sample-books.ts';
import { saidOfMoney } from './said-of-money.ts';

let database: Database;
beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

let facts = 0;
function fact(said: unknown, over: Partial<KeptFact> = {}): KeptFact {
  facts += 1;
  return {
    ...{ version: 1, kind: 'kept_fact', fact_key: String(facts).padStart(64, '0'), network: 'native' },
    ...{ card_key: `native:invented-${facts}`, reason: 'card_unknown', field: 'card_token', problem: 'is unknown' },
    ...{ fact: JSON.stringify(said), received_at_ms: Date.UTC(2026, 10, 27, 13, 30) },
    ...over,
  } as KeptFact;
}

function native(kind: string, minor: number, currency = 'USD') {
  const amount = kind === 'advice' ? { hold_minor: minor } : { amount_minor: minor };
  return { card_token: 'invented', message: { kind, message_key: `k${facts}`, currency, ...amount } };
}
function marqeta(type: string, amount: unknown, currency_code = 'USD') {
  return { type, token: `t${facts}`, card_token: 'invented', amount, currency_code };
}

/** As the queue brings them: a hundred at once at most. */
async function take(told: readonly KeptFact[]): Promise<void> {
  const intake = new SampleBooks(database).intake();
  for (let from = 0; from < told.length; from += 100) {
    const taken = await intake.take(told.slice(from, from + 100).map((body, n) => ({ id: `${n}`, body })));
    expect(taken.every(({ outcome }) => outcome === 'done')).toBe(true);
  }
}

interface Row {
  readonly open_item_id: string;
  readonly kind: string;
  readonly item_key: string;
  readonly times: number;
  readonly status: string;
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly evidence: { first: { message_key: string; card_key: string; problem: string }[]; sums: object[] };
}
const items = async () => (await database.sql.query<Row>('select * from open_items order by kind, item_key')).rows;

/** Every message kind of both networks, with what little money it may move. */
const kinds: readonly (readonly [key: string, network: KeptFact['network'], say: (minor: number) => object])[] = [
  ['native advice', 'native', (minor) => native('advice', minor)],
  ['native clearing', 'native', (minor) => native('clearing', minor)],
  ['native refund', 'native', (minor) => native('refund', minor)],
  ...[
    ...[
      ['advice', 'authorization.advice'],
      ['advice', 'authorization'],
      ['advice', 'pindebit.authorization'],
    ],
    ...[
      ['clearing', 'authorization.clearing'],
      ['clearing', 'pindebit'],
      ['clearing', 'pindebit.atm.withdrawal'],
    ],
    ...[
      ['refund', 'refund'],
      ['refund', 'pindebit.refund'],
      ['refund', 'pindebit.reversal'],
    ],
  ].map(
    ([kind, type = '']) => [`marqeta ${kind}`, 'marqeta', (minor: number) => marqeta(type, `0.0${minor}`)] as const,
  ),
];

test.each(kinds)('X8: %s of invented cards, of 0 and of 5: one item with count and sum', async (key, network, say) => {
  const told = Array.from({ length: 30 }, (_, n) => fact(say(n % 2 === 0 ? 0 : 5), { network }));
  await take(told);
  // The queue brings some of them twice.
  await take(told.slice(0, 7));
  const [item, ...others] = await items();
  expect(others).toEqual([]);
  expect(item).toMatchObject({ kind: 'facts_kept_together', item_key: `${key} 2026-11-27T13:00:00.000Z`, times: 30 });
  expect(item).toMatchObject({ amount_minor: '75', currency: 'USD', status: 'open' });
  expect(item?.evidence.sums).toEqual([{ currency: 'USD', facts: '30', amount_minor: '75' }]);
  expect(item?.evidence.first).toHaveLength(20);
  const cards = told.map(({ card_key }) => card_key);
  for (const one of item?.evidence.first ?? []) {
    expect(cards).toContain(one.card_key);
    expect(one).toMatchObject({ problem: 'is unknown', message_key: expect.stringMatching(/^[kt]\d+$/) });
  }
});

test('X8: 1,200 of all kinds, currencies and amounts are as few items as there are kinds, and sums are exact', async () => {
  const told = Array.from({ length: 1_200 }, (_, n) =>
    fact(
      native(['advice', 'clearing', 'refund'][n % 3] ?? '', Number.MAX_SAFE_INTEGER - n, n % 2 === 0 ? 'USD' : 'EUR'),
    ),
  );
  await take(told);
  const found = await items();
  expect(found.map(({ item_key, times, amount_minor }) => [item_key.split(' ')[1], times, amount_minor])).toEqual([
    ...[
      ['advice', 400, null],
      ['clearing', 400, null],
      ['refund', 400, null],
    ],
  ]);
  const sum = told.reduce((total, { fact: text }) => {
    const { message } = JSON.parse(text) as { message: { amount_minor?: number; hold_minor?: number } };
    return total + BigInt(message.amount_minor ?? message.hold_minor ?? 0);
  }, 0n);
  const { rows } = await database.sql.query<{ sum: string }>('select sum(amount_minor) from facts_together_sums');
  expect(rows[0]?.sum).toBe(String(sum));
});

test.each(['out_of_contract', 'key_reused', 'amount_beyond_bound', 'older_than_memory'] as const)(
  'X8: of what is kept because of %s a hundred an hour are items of their own, the others share one',
  async (reason) => {
    const told = Array.from({ length: 130 }, () => fact(native('clearing', 1), { reason }));
    await take(told);
    const found = await items();
    const together = found.filter(({ kind }) => kind === 'facts_kept_together');
    expect(found.length - together.length).toBeGreaterThanOrEqual(100);
    expect(found.length - together.length).toBeLessThan(110);
    expect(together.map(({ times }) => times)).toEqual([130 - found.length + 1]);
    // The first of them, told again, is the item that it was.
    await take(told.slice(0, 1));
    expect((await items()).length).toBe(found.length);
  },
);

describe('what shares an item', () => {
  const refuse = { sendFact: () => Promise.resolve({ taken: false }) };

  test('is handed in again whole, each once, however often the edge is away', async () => {
    await take(Array.from({ length: 25 }, () => fact(native('clearing', 5))));
    const [item] = await items();
    const sent: string[] = [];
    let away = true;
    const edge = {
      sendFact(_network: string, text: string) {
        if (away && sent.length >= 10) return Promise.reject(new Error('the edge is away'));
        sent.push(text);
        return Promise.resolve({ taken: true });
      },
    };
    expect(await bookFactsAgain({ database, edge }, item?.item_key ?? '')).toMatchObject({ outcome: 'not_now' });
    away = false;
    expect(await bookFactsAgain({ database, edge }, item?.item_key ?? '')).toMatchObject({ outcome: 'done' });
    expect(new Set(sent).size).toBe(25);
    expect(sent).toHaveLength(25);
  });

  test('stays where the edge cannot read it', async () => {
    await take([fact(native('clearing', 5)), fact(native('clearing', 6))]);
    const [item] = await items();
    const said = await bookFactsAgain({ database, edge: refuse }, item?.item_key ?? '');
    expect(said).toMatchObject({ outcome: 'refused', problem: expect.stringContaining('for 2:') });
  });

  test('one more after a person has closed it opens it again, and a repeat does not', async () => {
    const first = fact(native('refund', 0));
    await take([first]);
    const [item] = await items();
    const never = () => Promise.reject(new Error('not asked for here'));
    const act = createActing({
      ...{
        database,
        readBankFileAgain: null,
        findPayments: () => Promise.reject(new Error('not asked for here')),
        edge: { sendMessage: never, sendFact: never, eventsAfter: never, readCard: never },
      },
      takers: { card_events: never, settlement_requests: never, card_notices: never },
    });
    const acting = { open_item_id: item?.open_item_id ?? '', action: dismiss, input: {}, reason: 'nobody is owed it' };
    await act(acting, { actor: 'akey_1', correlation_id: 'req_1' });
    await take([first]);
    expect((await items()).map(({ status, times }) => [status, times])).toEqual([['dismissed', 1]]);
    await take([fact(native('refund', 0))]);
    expect((await items()).map(({ status, times }) => [status, times])).toEqual([['open', 2]]);
  });

  test('one that comes while the last is handed in is not closed away', async () => {
    await take([fact(native('refund', 1))]);
    const [item] = await items();
    const taken = { sendFact: () => Promise.resolve({ taken: true }) };
    const said = await bookFactsAgain({ database, edge: taken }, item?.item_key ?? '');
    await take([fact(native('refund', 1))]);
    if (said.outcome !== 'done') throw new Error('was not taken');
    await expect(database.transaction(async (sql) => said.record?.(sql))).rejects.toThrow('another fact has come');
  });
});

test.each([
  ['no JSON', '{"message":'],
  ['a list', '[]'],
  ['an amount that no currency has', JSON.stringify(marqeta('refund', '1.234'))],
  ['another number of money', JSON.stringify(marqeta('refund', { value: 1 }))],
  ['a currency that is none', JSON.stringify(marqeta('refund', '1', 'XXQ'))],
  ['a fraction of a minor unit', JSON.stringify({ message: { kind: 'clearing', currency: 'USD', amount_minor: 1.5 } })],
])('what cannot be read is counted, and adds nothing: %s', (_, text) => {
  const network = text.includes('type') ? 'marqeta' : 'native';
  expect(saidOfMoney(fact(null, { fact: text, network })).amount).toBe(null);
});
