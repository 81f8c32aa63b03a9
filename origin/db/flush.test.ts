// The rule of the shared flush alone: whom one write covers, and what its callers hear where it fails.

import { describe, expect, test } from 'vitest';
import { createFlusher } from './flush.ts';

/** A write that ends when the test says so. */
function heldWrites() {
  const writes: PromiseWithResolvers<string>[] = [];
  const flusher = createFlusher(() => {
    const write = Promise.withResolvers<string>();
    writes.push(write);
    return write.promise;
  });
  return { flusher, writes };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('flush', () => {
  test('those that come while one is under way share the next, however many they are', async () => {
    const { flusher, writes } = heldWrites();
    const calls = Array.from({ length: 50 }, () => flusher.flush('run 1'));
    expect(writes).toHaveLength(1);
    writes[0]?.resolve('run 1');
    await calls[0];
    await turn();
    expect(writes).toHaveLength(2);
    expect(flusher.ageMs()).toBeGreaterThan(0);
    writes[1]?.resolve('run 1');
    await Promise.all(calls);
    expect([writes.length, flusher.ageMs()]).toEqual([2, 0]);
  });

  test('I1: a commit of another run of the server is not covered, and one of this run is', async () => {
    const { flusher, writes } = heldWrites();
    const calls = ['run 1', 'run 2'].map((run) => flusher.flush(run).then(() => 'done', String));
    writes[0]?.resolve('run 2');
    await turn();
    writes[1]?.resolve('run 2');
    expect(await Promise.all(calls)).toEqual([expect.stringContaining('the database crashed before'), 'done']);
  });

  test('I1: a write that fails is tried once more; where that fails too, all who waited for it hear so, and the next is made anew', async () => {
    const { flusher, writes } = heldWrites();
    const first = flusher.flush('run 1').then(() => 'done', String);
    writes[0]?.reject(new Error('silent'));
    await turn();
    const second = flusher.flush('run 1').then(() => 'done', String);
    writes[1]?.reject(new Error('silent again'));
    await turn();
    expect(await first).toContain('silent again');
    expect(writes).toHaveLength(3);
    writes[2]?.resolve('run 1');
    expect(await second).toBe('done');
  });
});
