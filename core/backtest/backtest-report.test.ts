// What a backtest adds up: by cause, and each currency for itself.

import { expect, test } from 'vitest';
import type { Decision } from '../../contracts/decision.ts';
import { noonMs, request } from '../testing/samples.ts';
import type { Compared } from './backtest.ts';
import { BacktestReport } from './backtest-report.ts';

const approved = (minor: number, changes: Partial<Decision> = {}): Decision => ({
  ...{ outcome: 'approved', approved_minor: minor, hold_minor: minor, reason: null, control_id: null },
  ...{ available_minor: null, profile_version: 1, trace: [] },
  ...changes,
});
const declined = (control_id: string, changes: Partial<Decision> = {}) =>
  approved(0, { outcome: 'declined', reason: 'exceeds_amount_max', control_id, ...changes });

function compared(change: Compared['change'], recorded: Decision, draft: Decision, currency = 'USD'): Compared {
  const authorization_id = 'auth_00000000000000000000000001';
  return { change, authorization_id, at_ms: noonMs, request: request({ currency }), recorded, draft };
}

function resultOf(all: readonly Compared[], examplesMax = 9, cardOf = (_: number) => 'card_1') {
  const report = new BacktestReport({ examplesMax });
  for (const [place, one] of all.entries()) report.add(cardOf(place), one);
  return report.result();
}

test('newly declined: what had been approved, by the draft’s control; newly approved: what would be, by the recorded one', () => {
  const result = resultOf([
    compared('newly_declined', approved(300), declined('new')),
    // 20 more are held: what moved is what is approved.
    compared('newly_approved', declined('old'), approved(400, { hold_minor: 420 })),
    compared('unchanged', approved(5), approved(5)),
  ]);
  const reason = 'exceeds_amount_max';
  expect(result).toMatchObject({
    requests: 3,
    unchanged: 1,
    newly_declined: { count: 1, by: [{ control_id: 'new', reason, count: 1, amount_minor: 300n }] },
    newly_approved: { count: 1, by: [{ control_id: 'old', reason, count: 1, amount_minor: 400n }] },
    amount_changed: { count: 0, by: [] },
  });
});

test('an amount that changed: how much more or less is held, by the draft’s control or else the recorded one', () => {
  const result = resultOf([
    compared('amount_changed', approved(300), approved(200, { control_id: 'new' })),
    compared('amount_changed', approved(300, { control_id: 'old' }), approved(340)),
  ]);
  expect(result.unchanged).toBe(0);
  expect(result.amount_changed.by).toMatchObject([
    { control_id: 'new', reason: null, amount_minor: -100n },
    { control_id: 'old', reason: null, amount_minor: 40n },
  ]);
});

test('causes differ by control, by reason and by currency, and the most frequent comes first', () => {
  const byTime = declined('one', { reason: 'time_not_allowed' });
  const result = resultOf([
    compared('newly_declined', approved(1), declined('one')),
    compared('newly_declined', approved(2), declined('two')),
    compared('newly_declined', approved(4), byTime),
    compared('newly_declined', approved(8), declined('one'), 'EUR'),
    compared('newly_declined', approved(16), declined('two')),
  ]);
  expect(result.newly_declined.count).toBe(5);
  const causes = result.newly_declined.by.map(
    ({ control_id, reason, currency, count, amount_minor }) =>
      `${control_id} ${reason} ${currency} ${count} ${amount_minor}`,
  );
  expect(causes).toEqual([
    'two exceeds_amount_max USD 2 18',
    'one exceeds_amount_max USD 1 1',
    'one time_not_allowed USD 1 4',
    'one exceeds_amount_max EUR 1 8',
  ]);
});

test('shadow controls count where the draft approves, and only their declines', () => {
  const trace = [
    { control_id: 'shadow', verdict: 'decline', shadow: true },
    { control_id: 'passes', verdict: 'pass', shadow: true },
    { control_id: 'enforced', verdict: 'decline' },
  ] as const;
  const result = resultOf([
    compared('unchanged', approved(70), approved(70, { trace: [...trace] })),
    compared('newly_declined', approved(50), declined('one', { trace: [...trace] })),
  ]);
  expect(result.shadow_would_decline).toMatchObject({
    count: 1,
    by: [{ control_id: 'shadow', reason: null, count: 1, amount_minor: 70n }],
  });
});

test('cards are counted once each, and examples are kept up to the bound', () => {
  const change = () => compared('newly_declined', approved(1), declined('one'));
  const result = resultOf([change(), change(), change()], 2, (place) => `card_${place % 2}`);
  expect(result.cards_with_requests).toBe(2);
  expect(result.examples.map(({ card_id }) => card_id)).toEqual(['card_0', 'card_1']);
});
