// The cases E1 to E5 on a live edge, small: its card objects fail, its queues refuse, and what a network hears and a card holds is right.
// The whole of it, with a card that is away for nine seconds: npm run faults -- edge.

import { expect, test } from 'vitest';
import { edgeFaults } from '../load/faults/edge.ts';

test('E1, E2, E3, E4, E5: a live edge whose objects fail answers as it should, and leaves nothing behind', async () => {
  await using parts = new AsyncDisposableStack();
  const { cases, findings } = await edgeFaults(parts, { progress: () => {}, scale: { awayMs: 2_000, rows: 1_100 } });
  expect(findings).toEqual([]);
  expect(new Set(cases.map(({ id }) => id))).toEqual(new Set(['E1', 'E2', 'E3', 'E4', 'E5']));
  expect(cases.length).toBeGreaterThanOrEqual(17);
}, 120_000);
