// Gathering: whom a batch takes, who hears what of it, and that nobody waits behind one that does not come back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batcher } from './batcher.ts';
import { isDatabaseAway } from './db/away.ts';

const refused = Object.assign(new Error('refused'), { code: '22P05' });
const away = new Error('Connection terminated unexpectedly');
const heard = (call: Promise<void>) => call.then(() => 'done', String);

describe('Batcher', () => {
  test('whatever comes when: each is stored once and hears so, the odd ones alone hear why, and no batch is beyond its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ odd: fc.boolean(), turns: fc.nat(3), size: fc.integer({ min: 1, max: 4 }) }), {
          maxLength: 80,
        }),
        fc.constantFrom(0, 1),
        async (items, waitMsMax) => {
          const stored: number[] = [];
          let [underWay, mostUnderWay, largest] = [0, 0, 0];
          const batcher = new Batcher<{ index: number; odd: boolean; size: number }>({
            ...{ sizeMax: 5, waitMsMax, underWayMax: 2 },
            sizeOf: ({ size }) => size,
            async store(batch) {
              underWay += 1;
              mostUnderWay = Math.max(mostUnderWay, underWay);
              largest = Math.max(
                largest,
                batch.reduce((sum, { size }) => sum + size, 0),
              );
              await new Promise((resolve) => setImmediate(resolve));
              underWay -= 1;
              if (batch.some(({ odd }) => odd)) throw refused;
              stored.push(...batch.map(({ index }) => index));
            },
          });
          const calls: Promise<string>[] = [];
          for (const [index, { odd, turns, size }] of items.entries()) {
            for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
            calls.push(heard(batcher.add({ index, odd, size })));
          }
          await batcher.idle();
          expect(await Promise.all(calls)).toEqual(items.map(({ odd }) => (odd ? 'Error: refused' : 'done')));
          expect(stored.toSorted((a, b) => a - b)).toEqual(items.flatMap(({ odd }, index) => (odd ? [] : [index])));
          expect([mostUnderWay <= 2, largest <= 5]).toEqual([true, true]);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('I1: what only failed is told to all of the batch at once, and nothing is tried one by one', async () => {
    let tries = 0;
    const batcher = new Batcher<number>({
      ...{ sizeMax: 100, waitMsMax: 0, underWayMax: 1 },
      store: () => {
        tries += 1;
        return Promise.reject(away);
      },
    });
    const told = await Promise.all(Array.from({ length: 100 }, (_, n) => heard(batcher.add(n))));
    expect([tries, new Set(told)]).toEqual([1, new Set([String(away)])]);
  });

  test('I1: behind batches that do not come back nobody waits: those in them, those behind them and those who come hear so, until one is back', async () => {
    const batches: PromiseWithResolvers<void>[] = [];
    const batcher = new Batcher<number>({
      ...{ sizeMax: 1, waitMsMax: 0, underWayMax: 2, answerMsMax: 100 },
      store: async () => {
        const batch = Promise.withResolvers<void>();
        batches.push(batch);
        await batch.promise;
      },
    });
    const startMs = performance.now();
    const told = await Promise.all(
      Array.from({ length: 50 }, (_, n) => batcher.add(n).then(() => 'done', isDatabaseAway)),
    );
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect([batches.length, new Set(told)]).toEqual([2, new Set([true])]);
    expect(await heard(batcher.add(50))).toContain('the database has not answered');
    batches[0]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const after = heard(batcher.add(51));
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { resolve } of batches) resolve();
    expect(await after).toBe('done');
    await batcher.idle();
  });

  test('I1: what waits is bounded: one more is refused at once, and the others are stored', async () => {
    const first = Promise.withResolvers<void>();
    const stored: number[] = [];
    const batcher = new Batcher<number>({
      ...{ sizeMax: 10, waitMsMax: 0, underWayMax: 1, waitingMax: 3 },
      async store(batch) {
        if (batch.includes(0)) await first.promise;
        stored.push(...batch);
      },
    });
    const calls = [heard(batcher.add(0))];
    await new Promise((resolve) => setImmediate(resolve));
    calls.push(...[1, 2, 3, 4].map((n) => heard(batcher.add(n))));
    expect(await calls[4]).toContain('too much waits for the database already');
    first.resolve();
    await batcher.idle();
    expect(stored).toEqual([0, 1, 2, 3]);
  });
});
