import { describe, expect, test } from 'vitest';
import { History, uses } from '../testing/sample-history.ts';
import * as sample from '../testing/samples.ts';
import type { Compared } from './backtest.ts';
import { BacktestReport } from './backtest-report.ts';

const dayMs = 24 * sample.hourMs;

const words = (compared: readonly Compared[]) =>
  compared.map(({ change, draft }) => (draft.reason === null ? change : `${change} ${draft.reason}`));

describe('a backtest', () => {
  test('a velocity limit counts what it would have let through, and nothing that it would have declined', () => {
    const history = new History();
    for (let n = 0; n < 4; n += 1) history.wait(sample.hourMs / 3).ask(100);
    // The third is one too many; with it declined, the fourth finds room that history had used up.
    expect(words(history.under([uses(2)]))).toEqual([
      'unchanged',
      'unchanged',
      'newly_declined exceeds_count_in_window',
      'unchanged',
    ]);
  });

  test('of a request that it declines, nothing that came later happened', () => {
    const history = new History();
    const key = history.ask(600);
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 700 }));
    history.ask(500);
    expect(words(history.under([sample.limitPerDay(550)]))).toEqual([
      'newly_declined exceeds_amount_in_window',
      'unchanged',
    ]);
  });

  test('what it approves against history is held until it lapses, and is never cleared', () => {
    const history = new History([sample.limitPerDay(100)], { funds_minor: 1_000 });
    history.ask(800);
    history.wait(dayMs).ask(300);
    history.wait(7 * dayMs).ask(900);
    expect(words(history.under([]))).toEqual([
      'newly_approved',
      // The hold of 800 stands: 300 more are beyond the funds.
      'unchanged insufficient_funds',
      'newly_approved',
    ]);
  });

  test('of a part that it approves, the part is cleared', () => {
    const history = new History([], { partial_approval: true });
    const key = history.ask(100, { partial_approval_capable: true });
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 100 }));
    history.ask(30);
    history.ask(20, { partial_approval_capable: false });
    const compared = history.under([sample.limitPerDay(80, { applies_to: { channel: { any_of: ['pos'] } } })]);
    expect(compared.map(({ change, draft }) => [change, draft.approved_minor])).toEqual([
      ['amount_changed', 80],
      ['newly_declined', 0],
      ['newly_declined', 0],
    ]);
    const roomier = history.under([sample.limitPerDay(130)]);
    expect(words(roomier).slice(0, 2)).toEqual(['unchanged', 'unchanged']);
  });

  test('a request that was given up gives back what the draft had held for it', () => {
    const history = new History();
    const key = history.ask(90);
    history.void(key);
    history.ask(100);
    expect(words(history.under([sample.limitPerDay(100)]))).toEqual(['unchanged', 'unchanged']);
  });

  test('what was given up is not taken for something that the draft approved of the same purchase', () => {
    const history = new History();
    const key = history.ask(90);
    history.void(key);
    history.ask(110, { authorization_key: key });
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 110 }));
    history.ask(60);
    expect(words(history.under([sample.limitPerDay(105)]))).toEqual([
      'unchanged',
      'newly_declined exceeds_amount_in_window',
      'unchanged',
    ]);
  });

  test('what was answered in the card’s place stays so under any draft, until it is given up', () => {
    const history = new History();
    const inPlace = { authorization_key: 'key-2', request_key: 'key-2', hold_minor: 100, decided_by: 'edge' } as const;
    history.hear(sample.advice(inPlace));
    const key = history.ask(100);
    history.ask(50);
    history.void(key);
    history.ask(50);
    expect(words(history.under([sample.limitPerDay(60)]))).toEqual([
      'unchanged',
      'newly_declined exceeds_amount_in_window',
      'unchanged',
    ]);
  });

  test('what the draft alone had approved is given up with what was answered in its place', () => {
    const history = new History([sample.limitPerDay(90)]);
    const key = history.ask(100);
    history.hear(sample.advice({ authorization_key: key, request_key: key, hold_minor: 100, decided_by: 'edge' }));
    history.void(key);
    history.ask(90);
    expect(words(history.under([sample.limitPerDay(150)]))).toEqual(['newly_approved', 'unchanged']);
  });

  test('an increment is judged by what one transaction may be, with what the draft approved of it', () => {
    const history = new History();
    const key = history.ask(100);
    history.ask(50, { kind: 'incremental', authorization_key: key });
    expect(words(history.under([sample.limitPerDay(140, { window: { per: 'transaction' } })]))).toEqual([
      'unchanged',
      'newly_declined exceeds_amount_max',
    ]);
  });

  test('shadow controls of the draft change nothing, and are reported', () => {
    const history = new History();
    history.ask(100);
    history.ask(200);
    const report = new BacktestReport({ examplesMax: 1 });
    const shadow = sample.limitPerDay(150, { mode: 'shadow' });
    for (const compared of history.under([shadow])) report.add('card_1', compared);
    expect(report.result()).toMatchObject({
      requests: 2,
      unchanged: 2,
      shadow_would_decline: {
        count: 1,
        by: [{ control_id: 'per-day', currency: 'USD', count: 1, amount_minor: 200n }],
      },
      examples: [],
    });
  });

  test('the report says by which control, for how much, with as many examples as asked for', () => {
    const history = new History([sample.limitPerDay(250)]);
    for (const amount of [100, 120, 200]) history.ask(amount);
    const report = new BacktestReport({ examplesMax: 1 });
    for (const compared of history.under([sample.limitPerDay(150), uses(9)])) report.add('card_1', compared);
    expect(report.result()).toMatchObject({
      unchanged: 2,
      newly_declined: {
        count: 1,
        by: [{ control_id: 'per-day', reason: 'exceeds_amount_in_window', count: 1, amount_minor: 120n }],
      },
      examples: [{ change: 'newly_declined', amount_minor: 120, recorded: { outcome: 'approved' } }],
    });
  });
});
