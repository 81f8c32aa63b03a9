import { expect, test } from 'vitest';
import { retainedBytesAPurchase } from './retained.ts';

// 1,160; lists that were pushed into, with room for 16 more each, made it 1,410.
test('a card keeps less than 1,280 bytes in memory of each purchase', () => {
  const bytes = retainedBytesAPurchase(20_000);
  expect(bytes).toBeGreaterThan(600);
  expect(bytes).toBeLessThan(1_280);
}, 60_000);
