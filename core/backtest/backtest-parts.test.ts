// Backtests of what a draft approves only in part, or against history: what of a recorded life happens under it, to the unit.

import { describe, expect, test } from 'vitest';
import type { Control } from '../../contracts/control.ts';
import { History } from '../testing/sample-history.ts';
import { clearing, hourMs, limitPerDay, reversal } from '../testing/samples.ts';

const dayMs = 24 * hourMs;
const each = (minor: number) => limitPerDay(minor, { control_id: 'each', window: { per: 'transaction' } });
const ever = (minor: number) => limitPerDay(minor, { control_id: 'ever', window: { per: 'lifetime' } });
/** A history that approved everything, and may be approved in part. */
const unbound = () => new History([], { partial_approval: true });
const whole = { partial_approval_capable: false };

/** What the draft has counted by the end: as much as leaves exactly so much room below its limit for ever. */
function expectLeft(history: History, controls: (limit: number) => Control[], limit: number, left: number): void {
  history.ask(left + 1, whole);
  history.ask(left, whole);
  const changes = history.under(controls(limit)).map(({ draft }) => draft.approved_minor);
  expect(changes.slice(-2)).toEqual([0, left]);
}

describe('of a request that the draft approves in part', () => {
  const controls = (limit: number) => [each(80), ever(limit)];

  test('the part is cleared', () => {
    const history = unbound();
    const authorization_key = history.ask(100, { partial_approval_capable: true });
    history.hear(clearing({ authorization_key, amount_minor: 100 }));
    expectLeft(history, controls, 110, 30);
  });

  test('and be it one minor unit less', () => {
    const history = unbound();
    const authorization_key = history.ask(81, { partial_approval_capable: true });
    history.hear(clearing({ authorization_key, amount_minor: 81 }));
    expectLeft(history, controls, 110, 30);
  });

  test('what it does not approve is left out of several clearings once', () => {
    const history = unbound();
    const authorization_key = history.ask(100, { partial_approval_capable: true });
    history.hear(clearing({ authorization_key, amount_minor: 15, final: false }));
    history.hear(clearing({ authorization_key, amount_minor: 35, final: false }));
    history.hear(clearing({ authorization_key, amount_minor: 50 }));
    expectLeft(history, controls, 110, 30);
  });

  test('what it does not approve is not given back either', () => {
    const history = unbound();
    const authorization_key = history.ask(100, { partial_approval_capable: true });
    history.hear(reversal({ authorization_key, amount_minor: 50 }));
    expectLeft(history, controls, 110, 60);
  });

  test('a message that the card set aside leaves nothing out', () => {
    const history = unbound();
    const authorization_key = history.ask(100, { partial_approval_capable: true });
    history.hear(clearing({ authorization_key, amount_minor: 100, currency: 'EUR' }));
    history.hear(clearing({ authorization_key, amount_minor: 100 }));
    expectLeft(history, controls, 110, 30);
  });

  test.each([
    ['the first name', 100, 50],
    ['the other name', 50, 100],
  ])('under %s of a purchase, both names count together once they are known to be one', (_, first, second) => {
    const history = unbound();
    const keys = [first, second].map((minor) => history.ask(minor, { partial_approval_capable: true }));
    const [authorization_key = '', alias_key = ''] = keys;
    // 10 of the 20 that the draft did not approve are left out before, the other 10 after.
    const inPart = first === 100 ? authorization_key : alias_key;
    history.hear(clearing({ authorization_key: inPart, amount_minor: 10, final: false }));
    history.hear(clearing({ authorization_key, alias_key, amount_minor: 140 }));
    expectLeft(history, controls, 160, 30);
  });
});

test('only what is held differs: the amount has changed', () => {
  const history = unbound();
  history.ask(100);
  const tips = { control_id: 'tips', mode: 'enforce', does: 'adjust_hold', percent: 20, applies_to: {} } as const;
  expect(history.under([tips]).map(({ change }) => change)).toEqual(['amount_changed']);
});

test('what nobody asked for counts under any draft', () => {
  const history = unbound();
  history.hear(clearing({ authorization_key: 'nobody asked', amount_minor: 60 }));
  expectLeft(history, (limit) => [ever(limit)], 100, 40);
});

test('what is told of one minor unit that the draft declines did not happen', () => {
  const history = unbound();
  const authorization_key = history.ask(1);
  history.hear(clearing({ authorization_key, amount_minor: 10 }));
  history.ask(10, { channel: 'ecommerce' });
  const draft = [limitPerDay(0, { control_id: 'pos', applies_to: { channel: { any_of: ['pos'] } } }), ever(10)];
  expect(history.under(draft).map(({ change }) => change)).toEqual(['newly_declined', 'unchanged']);
});

test('a hold that lapsed in history lapses under the draft', () => {
  const history = unbound();
  history.ask(100);
  history.wait(40 * dayMs).expire();
  expectLeft(history, (limit) => [ever(limit)], 150, 150);
});

test('what the draft approves against history lapses at its own instant, one after the other', () => {
  const history = new History([each(0)]);
  const ask = (minor: number) => history.ask(minor);
  ask(1);
  history.wait(dayMs);
  ask(1);
  history.wait(6 * dayMs);
  // The first has lapsed, the second has not.
  ask(2);
  ask(1);
  history.wait(dayMs);
  // The second has lapsed too; the third is held.
  ask(2);
  ask(1);
  const changes = history.under([ever(2)]).map(({ change }) => change);
  const [declined, approved] = ['unchanged', 'newly_approved'];
  expect(changes).toEqual([approved, approved, declined, approved, declined, approved]);
});
