// What the edge could not book, as open items: each by itself, but for what moves nothing and can be sent by the thousand.

import { beforeEach, expect, test } from 'vitest';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { SampleBooks } from '../testing/sample-books.ts';
import { itemOfFact } from './kept-facts.ts';

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
const native = (kind: string) => ({ card_token: 'invented', message: { kind, message_key: 'k', amount_minor: 5 } });

test('X8: three hundred reversals of invented cards are one item with their count; the next hour is another', async () => {
  const intake = new SampleBooks(database).intake();
  const told = Array.from({ length: 300 }, () => fact(native('reversal')));
  const later = fact(native('expiry'), { received_at_ms: Date.UTC(2026, 10, 27, 14, 0) });
  const bodies = [...told, later].map((body, n) => ({ id: `${n}`, body }));
  const taken = await intake.take(bodies);
  expect(taken.every(({ outcome }) => outcome === 'done')).toBe(true);
  const { rows } = await database.sql.query(
    'select kind, item_key, times, card_key, amount_minor from open_items order by item_key',
  );
  const counted = { kind: 'releases_of_unknown_cards', card_key: null, amount_minor: null };
  expect(rows).toEqual([
    { ...counted, item_key: 'native 2026-11-27T13:00:00.000Z', times: 300 },
    { ...counted, item_key: 'native 2026-11-27T14:00:00.000Z', times: 1 },
  ]);
});

test.each([
  ['a clearing', native('clearing')],
  ['a refund', native('refund')],
  ['an advice, which holds money', native('advice')],
  ['a reversal among others', [native('reversal'), native('clearing')]],
  ['Marqeta’s reversal of a clearing, a refund', { type: 'pindebit.reversal', token: 't' }],
  ['a clearing that calls itself a reversal', { ...native('clearing'), type: 'authorization.reversal' }],
  ['what is none of both', 7],
  ['nothing', []],
])('X8: %s of an invented card is not counted with releases', (_, said) => {
  const one = fact(said);
  expect(itemOfFact(one)).toMatchObject({ kind: 'fact_held_back', key: one.fact_key, card_key: one.card_key });
});

test.each([
  ['authorization.reversal'],
  ['authorization.reversal.issuerexpiration'],
  ['pindebit.authorization.reversal'],
  ['pindebit.authorization.reversal.issuerexpiration'],
])('X8: Marqeta’s %s is counted', (type) => {
  const one = fact({ type, token: 't', amount: 5 }, { network: 'marqeta' });
  expect(itemOfFact(one)).toMatchObject({ kind: 'releases_of_unknown_cards', key: 'marqeta 2026-11-27T13:00:00.000Z' });
});

test('a reversal that is kept for another reason, or that cannot be read, is an item of its own', () => {
  for (const over of [{ reason: 'key_reused' }, { reason: 'older_than_memory' }, { fact: '{"message":' }] as const)
    expect(itemOfFact(fact(native('reversal'), over)).kind).not.toBe('releases_of_unknown_cards');
});
