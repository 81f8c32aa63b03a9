// One tenant asks for the worst that it can, fifty calls at once, and another reads beside it: small, with what a busy machine can hold.
// The promise itself, a p99 of at most twice the quiet one on every route: npm run bench -- --only neighbours.

import { expect, test } from 'vitest';
import { measureNeighbours } from '../load/neighbours-benchmark.ts';

test('a tenant is never refused for its neighbour, and is answered in time beside it', async () => {
  await using parts = new AsyncDisposableStack();
  const options = { seconds: 6, only: ['createControlSet'], first: false };
  const { neighbours } = await measureNeighbours(parts, () => {}, options);
  const [route] = neighbours.routes;
  expect(neighbours.errors).toBe(0);
  // The neighbour did use up its quota, with bodies that count as four calls each or with sets of 200 controls, and was told so.
  const { 201: made = 0, 422: refused = 0, 429: tooMany = 0 } = route?.asked ?? {};
  expect(made + refused).toBeGreaterThanOrEqual(50);
  // Three rounds of two seconds, a hundred calls a second: a machine that is too busy to take so many refuses none.
  if (made + refused >= 600) expect(tooMany).toBeGreaterThanOrEqual(50);
  // 3 ms on a machine that does nothing else. Behind fifty bodies of 64 KiB one after the other it would be more than this.
  expect(route?.beside_p50_ms).toBeLessThan(1_000);
}, 240_000);
