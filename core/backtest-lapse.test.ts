import { expect, test } from 'vitest';
import { History } from './sample-history.ts';
import * as sample from './samples.ts';

const weekMs = 7 * 24 * sample.hourMs;

// As on the card, where a hold is over at its instant and not after it.
test.each([
  ['a millisecond before its end', weekMs - 1, 'insufficient_funds'],
  ['at the very instant of its end', weekMs, null],
] as const)('what the draft approved against history is held %s', (_, afterMs, reason) => {
  const history = new History([sample.limitPerDay(100)], { funds_minor: 1_000 });
  history.ask(800);
  history.wait(afterMs).ask(900);
  expect(history.under([]).map(({ draft }) => draft.reason)).toEqual([null, reason]);
});
