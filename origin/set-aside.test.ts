// Halving: what is at fault is found alone, and only a refusal counts as a fault.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefused, takeOrSetAside } from './set-aside.ts';

const withCode = (code: string) => Object.assign(new Error('refused'), { code });

describe('takeOrSetAside', () => {
  test('each row is taken once, and the odd ones alone are set aside, whichever and however many they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (rows) => {
        const items = rows.map((odd, index) => ({ odd, index }));
        const taken: number[] = [];
        const aside: number[] = [];
        await takeOrSetAside(items, {
          take: (batch) => {
            if (batch.some(({ odd }) => odd)) return Promise.reject(withCode('22P05'));
            taken.push(...batch.map(({ index }) => index));
            return Promise.resolve();
          },
          setAside: ({ index }) => {
            aside.push(index);
            return Promise.resolve();
          },
        });
        expect(aside).toEqual(items.filter(({ odd }) => odd).map(({ index }) => index));
        expect(taken).toEqual(items.filter(({ odd }) => !odd).map(({ index }) => index));
      }),
    );
  });

  test('one odd row among a thousand costs two tries a halving, not a thousand', async () => {
    let tries = 0;
    await takeOrSetAside(
      Array.from({ length: 1_000 }, (_, index) => index),
      {
        take: (batch) => {
          tries += 1;
          return batch.includes(700) ? Promise.reject(withCode('23514')) : Promise.resolve();
        },
        setAside: () => Promise.resolve(),
      },
    );
    expect(tries).toBeLessThan(25);
  });

  test('a failure that is no refusal stops at once and sets nothing aside', async () => {
    let tries = 0;
    const taking = takeOrSetAside([1, 2, 3], {
      take: () => {
        tries += 1;
        return Promise.reject(withCode('40P01'));
      },
      setAside: () => Promise.reject(new Error('nothing is set aside')),
    });
    await expect(taking).rejects.toMatchObject({ code: '40P01' });
    expect(tries).toBe(1);
  });
});

test.each([
  [withCode('22021'), true],
  [withCode('23514'), true],
  [withCode('54000'), true],
  [withCode('P0001'), true],
  [new Error('wrapped', { cause: withCode('22P05') }), true],
  [new Error('a word column holds more than letters'), true],
  [withCode('40001'), false],
  [withCode('40P01'), false],
  [withCode('53300'), false],
  [withCode('57P01'), false],
  [withCode('42501'), false],
  [new Error('Connection terminated unexpectedly'), false],
  [new Error('timeout exceeded when trying to connect'), false],
  [Object.assign(new Error('read'), { code: 'ECONNRESET' }), false],
  [new Error('connect ECONNREFUSED 127.0.0.1:5432'), false],
  [new Error('EVERY row is odd'), true],
])('%s: the rows are at fault: %s', (error, refused) => {
  expect(isRefused(error)).toBe(refused);
});
