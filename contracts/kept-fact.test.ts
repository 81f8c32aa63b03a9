import { expect, test } from 'vitest';
import { type KeptFact, keptFactReasons, keptFactSchema } from './kept-fact.ts';

const fact: KeptFact = {
  version: 1,
  kind: 'kept_fact',
  fact_key: 'a'.repeat(64),
  network: 'marqeta',
  card_key: null,
  reason: 'out_of_contract',
  field: 'transactions[0].amount',
  problem: 'must be a number',
  fact: '{}',
  received_at_ms: 1,
};

test('a kept fact needs neither a card nor a field that could be read', () => {
  for (const reason of keptFactReasons) expect(keptFactSchema.safeParse({ ...fact, reason }).success).toBe(true);
  expect(keptFactSchema.safeParse({ ...fact, fact_key: 'short' }).success).toBe(false);
});
