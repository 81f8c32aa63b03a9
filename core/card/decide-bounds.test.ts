// A decision where two bounds are equal, where one minor unit decides, and where nothing moves though an amount is named.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Control } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import { decided } from '../testing/receiving.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, limitPerDay, merchant, noonMs, profile, request } from '../testing/samples.ts';

const common = { mode: 'enforce', applies_to: {} } as const;
const perPayment = (minor: number, more = {}) =>
  limitPerDay(minor, { control_id: 'per-payment', window: { per: 'transaction' }, ...more });
const noGroceries: Control = {
  ...common,
  control_id: 'no',
  does: 'block',
  applies_to: { category: { any_of: ['5411'] } },
};
const capable = { partial_approval_capable: true };

function cardWith(changes: Partial<Profile>) {
  const sample = new SampleCard(profile(changes));
  const asked = (one: Partial<AuthorizationRequest>) =>
    decided(sample.card.state, request({ request_key: 'asked', authorization_key: 'asked', ...one }), noonMs);
  return { card: sample.card, asked };
}

describe('one minor unit', () => {
  test('is too much where nothing is left, and is approved where it is', () => {
    expect(cardWith({ funds_minor: 0 }).asked({ amount_minor: 1 }).reason).toBe('insufficient_funds');
    expect(cardWith({ funds_minor: 1 }).asked({ amount_minor: 1 })).toMatchObject({
      ...{ outcome: 'approved', approved_minor: 1, hold_minor: 1, available_minor: 0 },
    });
  });

  test('is approved as a part', () => {
    const { asked } = cardWith({ funds_minor: 1, partial_approval: true });
    expect(asked(capable)).toMatchObject({ outcome: 'approved', approved_minor: 1, hold_minor: 1, available_minor: 0 });
  });

  test('that was approved fixes where the authorization counts', () => {
    const { card, asked } = cardWith({
      controls: [limitPerDay(0, { applies_to: { category: { any_of: ['5812'] } } })],
    });
    card.authorize(request({ authorization_key: 'asked', amount_minor: 1 }), noonMs);
    const increment = { kind: 'incremental', amount_minor: 1, merchant: merchant('5812') } as const;
    expect(asked(increment).outcome).toBe('approved');
    expect(asked({ ...increment, authorization_key: 'another' }).reason).toBe('exceeds_amount_in_window');
  });
});

describe('of two bounds that leave the same', () => {
  test('the first control is named, and a control before the funds', () => {
    const both = [perPayment(300), limitPerDay(300)];
    const named = (changes: Partial<Profile>) =>
      cardWith({ partial_approval: true, ...changes }).asked(capable).control_id;
    expect(named({ controls: both })).toBe('per-payment');
    expect(named({ controls: both.toReversed() })).toBe('per-day');
    expect(named({ controls: both, funds_minor: 300 })).toBe('per-payment');
    expect(named({ controls: both, funds_minor: 299 })).toBeNull();
  });
});

test('what moves no money is approved of nothing, whatever amount it names', () => {
  const { asked } = cardWith({ funds_minor: 900 });
  for (const kind of ['balance_inquiry', 'account_verification'] as const)
    for (const amount_minor of [0, 500]) {
      const nothing = { approved_minor: 0, hold_minor: 0, available_minor: 900 };
      expect(asked({ kind, amount_minor })).toMatchObject(nothing);
    }
  for (const kind of ['authorization', 'incremental'] as const)
    expect(asked({ kind })).toMatchObject({ approved_minor: 500, hold_minor: 500, available_minor: 400 });
});

test('a verdict says of a control what it has, and nothing else', () => {
  const { amount_minor: _, ...often } = limitPerDay(9, { control_id: 'often', count: 3 });
  const { asked } = cardWith({ controls: [noGroceries, perPayment(450, { count: 2 }), often] });
  expect(asked({}).trace).toStrictEqual([
    { control_id: 'no', verdict: 'decline' },
    { control_id: 'per-payment', verdict: 'decline', remaining_minor: 450, remaining_count: 2 },
    { control_id: 'often', verdict: 'pass', remaining_count: 3 },
  ]);
});

test('what a request says of the shop is looked at, where only a message has said another one before', () => {
  const { card, asked } = cardWith({ controls: [limitPerDay(0, { applies_to: { category: { any_of: ['5411'] } } })] });
  const elsewhere = clearing({ authorization_key: 'asked', amount_minor: 100, merchant: merchant('5812') });
  card.receive(elsewhere, noonMs);
  expect(asked({}).reason).toBe('exceeds_amount_in_window');
  expect(asked({ merchant: merchant('5812') }).outcome).toBe('approved');
});
