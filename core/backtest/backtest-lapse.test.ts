import { expect, test } from 'vitest';
import { History } from '../testing/sample-history.ts';
import * as sample from '../testing/samples.ts';

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

const each = (minor: number) => sample.limitPerDay(minor, { control_id: 'each', window: { per: 'transaction' } });

test('of what the draft approves above history, nobody clears the rest: it lapses at its own instant', () => {
  const history = new History([each(80)], { funds_minor: 100, partial_approval: true });
  const authorization_key = history.ask(100, { partial_approval_capable: true });
  history.hear(sample.clearing({ authorization_key, amount_minor: 80, final: false }));
  // 80 are cleared and 20 held, then only 80 are spent.
  history.wait(weekMs - 1).ask(1);
  history.wait(1).ask(19);
  const compared = history.under([]).map(({ change, draft }) => `${change} ${draft.approved_minor}`);
  expect(compared).toEqual(['amount_changed 100', 'newly_declined 0', 'unchanged 19']);
});

test('what history held too is held until the card itself dropped it, however late its alarm was', () => {
  const history = new History([], { funds_minor: 1_000 });
  history.ask(800);
  history.wait(weekMs + 1).ask(900);
  history.expire();
  history.ask(900);
  expect(history.under([]).map(({ change, draft }) => `${change} ${draft.approved_minor}`)).toEqual([
    'unchanged 800',
    'unchanged 0',
    'unchanged 900',
  ]);
});

test('what holds nothing any more by then does not lapse: a late advice of before still holds', () => {
  const history = new History([sample.limitPerDay(0)], { funds_minor: 100 });
  const authorization_key = history.ask(100);
  history.hear(sample.reversal({ authorization_key, amount_minor: null, occurred_at_ms: sample.noonMs }));
  history.wait(weekMs).ask(1);
  const sinceMs = sample.noonMs + sample.hourMs;
  history.hear(sample.advice({ authorization_key, hold_minor: 50, occurred_at_ms: sinceMs }));
  history.profile([], { funds_minor: 100 });
  history.ask(60);
  const reasons = history.under([]).map(({ draft: { reason } }) => reason);
  expect(reasons).toEqual([null, null, 'insufficient_funds']);
});
