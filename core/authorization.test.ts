// The life of an authorization: docs' table row by row, and any order of messages ending in the same money.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CardMessage } from '../contracts/card-message.ts';
import {
  type Authorization,
  afterApproval,
  afterMessage,
  afterVoid,
  countedMinor,
  effectBetween,
  holdMinor,
  newAuthorization,
  postedMinor,
} from './authorization.ts';
import { clearing, countingIds, merchant, noonMs, refund, request, reversal } from './samples.ts';

/** Approved for an amount, voided by an amount, or told something by the network. */
type Step = { approved: number } | { voided: number } | CardMessage;

function after(life: Authorization, step: Step): Authorization {
  if ('approved' in step) return afterApproval(life, request({ amount_minor: step.approved }), step.approved);
  if ('voided' in step) return afterVoid(life, step.voided);
  return afterMessage(life, step);
}

const unborn = newAuthorization(countingIds()().authorization_id, noonMs);
const lived = (steps: readonly Step[]) => steps.reduce(after, unborn);

const approved = { approved: 500 };
const increment = { approved: 200 };
const part = (amount_minor: number) => clearing({ amount_minor, final: false });
const last = (amount_minor: number) => clearing({ amount_minor, final: true });
const forced = clearing({ authorization_key: null, amount_minor: 500 });
const unlinked = refund({ authorization_key: null, amount_minor: 100 });

describe('the table of a life', () => {
  test.each<[says: string, steps: readonly Step[], hold: number, counted: number, posted: number]>([
    ['nothing', [], 0, 0, 0],
    ['approved', [approved], 500, 500, 0],
    ['incremental', [approved, increment], 700, 700, 0],
    ['reversal of a part', [approved, reversal({ amount_minor: 200 })], 300, 300, 0],
    ['reversal of all', [approved, reversal()], 0, 0, 0],
    ['reversal of all after a partial clearing', [approved, part(200), reversal()], 0, 200, 200],
    ['reversal of more than the hold', [approved, reversal({ amount_minor: 900 })], 0, 0, 0],
    ['reversal of what is unknown', [reversal()], 0, 0, 0],
    ['clearing, one of several', [approved, part(200)], 300, 500, 200],
    ['clearings up to the hold', [approved, part(200), part(300)], 0, 500, 500],
    ['clearing above the hold', [approved, part(600)], 0, 600, 600],
    ['clearing, final, of all', [approved, last(500)], 0, 500, 500],
    ['clearing, final, below the hold', [approved, last(400)], 0, 400, 400],
    ['clearing, final, above the hold', [approved, last(600)], 0, 600, 600],
    ['clearing, final, after others', [approved, part(100), last(200)], 0, 300, 300],
    ['clearing after release', [approved, reversal(), last(500)], 0, 500, 500],
    ['clearing before its authorization', [last(500), approved], 0, 500, 500],
    ['clearing, one of several, before its authorization', [part(200), approved], 300, 500, 200],
    ['clearing without authorization', [forced], 0, 500, 500],
    ['approval after the final clearing of another', [approved, last(400), increment], 200, 600, 400],
    ['approval after a reversal of all', [approved, reversal(), increment], 200, 200, 0],
    ['two approvals after their clearing', [last(500), approved, increment], 200, 700, 500],
    ['refund, linked', [approved, last(500), refund({ amount_minor: 500 })], 0, 500, 0],
    ['refund of a part, linked', [approved, last(500), refund({ amount_minor: 100 })], 0, 500, 400],
    ['refund, not linked', [unlinked], 0, 0, -100],
    ['void', [approved, { voided: 500 }], 0, 0, 0],
    ['void of an increment', [approved, increment, { voided: 200 }], 500, 500, 0],
    ['void after a clearing', [approved, part(200), { voided: 500 }], 0, 200, 200],
  ])('%s', (_, steps, hold, counted, posted) => {
    const life = lived(steps);
    expect({ hold: holdMinor(life), counted: countedMinor(life), posted: postedMinor(life) }).toEqual({
      hold,
      counted,
      posted,
    });
  });
});

test('a life remembers where the card was used, from whichever message says so', () => {
  expect(lived([approved]).merchant).toEqual(merchant('5411'));
  expect(lived([part(1)]).merchant).toBeNull();
  expect(lived([clearing({ merchant: merchant('5812') })]).merchant).toEqual(merchant('5812'));
  expect(lived([clearing({ merchant: merchant('5812') }), approved]).merchant).toEqual(merchant('5411'));
  expect(lived([approved, clearing({ merchant: merchant('5812') })]).merchant).toEqual(merchant('5411'));
});

test('an effect is the difference of hold and of posted', () => {
  expect(effectBetween(unborn, lived([approved]))).toEqual({ hold_minor: 500, posted_minor: 0 });
  expect(effectBetween(lived([approved]), lived([approved, part(200)]))).toEqual({
    hold_minor: -200,
    posted_minor: 200,
  });
  expect(effectBetween(lived([approved]), lived([approved, last(600)]))).toEqual({
    hold_minor: -500,
    posted_minor: 600,
  });
  expect(effectBetween(unborn, lived([unlinked]))).toEqual({ hold_minor: 0, posted_minor: -100 });
});

const amounts = fc.integer({ min: 0, max: 1_000 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    amounts.map((amount): Step => ({ approved: amount })),
    fc.tuple(amounts, fc.boolean()).map(([amount_minor, final]): Step => clearing({ amount_minor, final })),
    fc.option(amounts).map((amount_minor): Step => reversal({ amount_minor })),
    amounts.map((amount_minor): Step => refund({ amount_minor })),
    amounts.map((amount): Step => ({ voided: amount })),
  ),
  { maxLength: 8 },
);
/** One approval and what the network says of it. An increment is no part of it: the network waits for each answer. */
const shuffled = steps
  .map((life) => [approved, ...life.filter((step) => !('approved' in step))])
  .chain((life) => fc.shuffledSubarray(life, { minLength: life.length }).map((other) => [life, other] as const));

test('any order of an approval and its messages ends in the same sums and the same hold', () => {
  fc.assert(
    fc.property(shuffled, ([one, other]) => {
      const { merchant: _one, ...sums } = lived(one);
      const { merchant: _other, ...sumsOfOther } = lived(other);
      expect(sumsOfOther).toEqual(sums);
      expect(holdMinor(lived(other))).toBe(holdMinor(lived(one)));
      expect(countedMinor(lived(other))).toBe(countedMinor(lived(one)));
    }),
  );
});

test('the effects of a life, in any order, sum to its hold and its posted amount', () => {
  fc.assert(
    fc.property(steps, (life) => {
      let before = unborn;
      const sum = { hold_minor: 0, posted_minor: 0 };
      for (const step of life) {
        const effect = effectBetween(before, after(before, step));
        sum.hold_minor += effect.hold_minor;
        sum.posted_minor += effect.posted_minor;
        before = after(before, step);
      }
      expect(sum).toEqual({ hold_minor: holdMinor(before), posted_minor: postedMinor(before) });
    }),
  );
});

test('a hold is never negative, and never above what was approved', () => {
  fc.assert(
    fc.property(steps, (life) => {
      const { approved_minor } = lived(life);
      expect(holdMinor(lived(life))).toBeGreaterThanOrEqual(0);
      expect(holdMinor(lived(life))).toBeLessThanOrEqual(Math.max(0, approved_minor));
    }),
  );
});
