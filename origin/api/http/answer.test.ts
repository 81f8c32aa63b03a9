import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextRound } from '../../event-loop.ts';
import { toJson, toJsonInSteps } from './answer.ts';

const value = fc.oneof(fc.jsonValue(), fc.bigInt(), fc.constant(undefined));
const page = fc.dictionary(fc.string(), fc.oneof(value, fc.array(fc.dictionary(fc.string(), value))));

test('a page in steps is the same text, whatever is in it', async () => {
  const never = () => null;
  const asserted = fc.asyncProperty(page, async (body) => {
    expect(await toJsonInSteps(body, never)).toBe(toJson(body));
  });
  await fc.assert(asserted);
  expect(await toJsonInSteps({ cards: [], next_cursor: undefined, n: 2n ** 60n }, never)).toBe(
    '{"cards":[],"n":1152921504606846976}',
  );
});

test('a page in steps asks after each item whether to pause, and waits where it is told to', async () => {
  let [asked, rested, isResting] = [0, 0, false];
  const rest = async () => {
    isResting = true;
    await nextRound();
    isResting = false;
    rested += 1;
  };
  const pause = () => {
    expect(isResting).toBe(false);
    asked += 1;
    return asked % 2 === 0 ? rest() : null;
  };
  await toJsonInSteps({ items: [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }], next_cursor: null }, pause);
  expect([asked, rested]).toEqual([4, 2]);
});
