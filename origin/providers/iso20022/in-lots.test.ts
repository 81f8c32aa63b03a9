// Calls a few at a time, and in their order where they share something.

import { expect, test } from 'vitest';
import { inLotsApart } from './in-lots.ts';

test('those that share a key keep their order, the others go together, and results are in order', async () => {
  const log: string[] = [];
  let underWay = 0;
  let underWayMax = 0;
  const items = ['a1', 'b1', 'a2', '*', ...Array.from({ length: 40 }, (_, index) => `c${index} ${index}`)];
  const results = await inLotsApart(
    items,
    (item) => (item === '*' ? null : [item.startsWith('c') ? item : item.slice(0, 1)]),
    async (item) => {
      underWay += 1;
      underWayMax = Math.max(underWayMax, underWay);
      if (item === '*') expect(underWay).toBe(1);
      log.push(`begin ${item}`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`end ${item}`);
      underWay -= 1;
      return item.toUpperCase();
    },
  );
  expect(results).toEqual(items.map((item) => item.toUpperCase()));
  expect(log.indexOf('end a1')).toBeLessThan(log.indexOf('begin a2'));
  expect(log.indexOf('begin b1')).toBeLessThan(log.indexOf('end a1'));
  expect(underWayMax).toBe(16);
});
