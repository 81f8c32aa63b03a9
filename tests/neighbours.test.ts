// One tenant asks for the worst that it can, fifty calls at once, and another reads beside it: small, with what a busy machine can hold.
// The promise itself, a p99 of at most twice the quiet one on every route: npm run bench -- --only neighbours.

import { expect, test } from 'vitest';
import { measureNeighbours } from '../load/neighbours-benchmark.ts';

test('a tenant is never refused for its neighbour, and is answered in time beside it', async () => {
  await using parts = new AsyncDisposableStack();
  const { neighbours } = await measureNeighbours(parts, () => {}, { seconds: 4, only: ['createWebhookEndpoint'] });
  const [route] = neighbours.routes;
  expect(neighbours.errors).toBe(0);
  // The neighbour did use up its quota, with bodies that count as four calls each, and was told so.
  expect(route?.asked).toMatchObject({ 422: expect.any(Number), 429: expect.any(Number) });
  expect(route?.asked['422']).toBeGreaterThanOrEqual(50);
  // 3 ms on a machine that does nothing else. Behind fifty bodies of 64 KiB one after the other it would be more than this.
  expect(route?.beside_p50_ms).toBeLessThan(1_000);
}, 240_000);
