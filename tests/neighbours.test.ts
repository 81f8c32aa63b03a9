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
  // Sets of 200 controls count as two calls each, long bodies as four: fifty in a second at most, in three rounds of two seconds and what is
  // in hand at their ends. Who was not refused is a neighbour that this machine was too busy for.
  const { 201: made = 0, 422: refused = 0, 429: tooMany = 0 } = route?.asked ?? {};
  expect(made + refused).toBeGreaterThanOrEqual(50);
  expect(made + refused).toBeLessThanOrEqual(3 * 4 * 50);
  if (tooMany === 0) expect(made + refused).toBeLessThanOrEqual(3 * 3 * 50);
  // 3 ms on a machine that does nothing else. Behind fifty bodies of 64 KiB one after the other it would be more than this.
  expect(route?.beside_p50_ms).toBeLessThan(1_000);
}, 240_000);
