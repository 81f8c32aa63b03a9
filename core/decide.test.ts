// Every decline, in order of precedence, and what is just short of it. A row is a case; `_` is the default: an active card
// without limits, asked for 5.00 USD at a grocery.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import { type Decision, type DeclineReason, declineReasons } from '../contracts/decision.ts';
import type { Control, Profile } from '../contracts/profile.ts';
import { type CardState, newCardState, setProfile } from './card-state.ts';
import { decide } from './decide.ts';
import { receiveRequest } from './receive.ts';
import { applyAll, countingIds, hourMs, limitPerDay, merchant, noonMs, profile, request } from './samples.ts';

const _ = undefined;

interface Case {
  readonly expected: DeclineReason | 'approved';
  /** The control that the decision names. */
  readonly control: string | null;
  readonly card: Partial<Profile> | 'unknown';
  readonly asked: Partial<AuthorizationRequest>;
  /** What the card had been approved for in the same day before. */
  readonly spentMinor: number;
  readonly voided: boolean;
}

/** What may be left out stands for the default. */
type Row = readonly [
  expected: Case['expected'],
  control?: string | undefined,
  card?: Case['card'] | undefined,
  asked?: Case['asked'] | undefined,
  spentMinor?: number | undefined,
  voided?: boolean,
];

const block: Control = { control_id: 'no-games', does: 'block', applies_to: { category_any_of: ['7995'] } };
const allow: Control = { control_id: 'groceries', does: 'allow_only', applies_to: { category_any_of: ['5411'] } };
const allowElse: Control = { control_id: 'no-bars', does: 'allow_only', applies_to: { category_none_of: ['5813'] } };
const perPayment = limitPerDay(500, { control_id: 'per-payment', window: { per: 'transaction' } });
const perDay = limitPerDay(1_000);
const perDayGames = limitPerDay(1_000, { control_id: 'games', applies_to: { category_any_of: ['7995'] } });
const voided = true;

const table = (
  [
    ['approved'],
    ['card_unknown', _, 'unknown'],
    ['card_not_active', _, { status: 'frozen' }],
    ['card_closed', _, { status: 'closed' }],
    ['card_expired', _, { expires_at_ms: noonMs }],
    ['approved', _, { expires_at_ms: noonMs + 1 }],
    ['currency_not_allowed', _, _, { currency: 'EUR' }],
    ['amount_invalid', _, _, { kind: 'account_verification', amount_minor: 501 }],
    ['amount_invalid', _, _, { kind: 'balance_inquiry', amount_minor: 1_001 }],
    ['approved', _, _, { kind: 'account_verification', amount_minor: 0 }],
    ['approved', _, _, { kind: 'balance_inquiry', amount_minor: 0 }],
    ['approved', _, _, { amount_minor: 0 }],
    ['category_not_allowed', 'no-games', { controls: [block] }, { merchant: merchant('7995') }],
    ['approved', _, { controls: [block] }, { merchant: merchant('5411') }],
    ['approved', _, { controls: [block] }, { merchant: merchant(null) }],
    ['category_not_allowed', 'groceries', { controls: [allow] }, { merchant: merchant('5812') }],
    ['category_not_allowed', 'groceries', { controls: [allow] }, { merchant: merchant(null) }],
    ['approved', _, { controls: [allow] }, { merchant: merchant('5411') }],
    ['category_not_allowed', 'no-bars', { controls: [allowElse] }, { merchant: merchant('5813') }],
    ['approved', _, { controls: [allowElse] }, { merchant: merchant(null) }],
    ['category_not_allowed', 'groceries', { controls: [allow] }, { amount_minor: 0, merchant: merchant('5812') }],
    ['exceeds_amount_max', 'per-payment', { controls: [perPayment] }, { amount_minor: 501 }],
    ['approved', _, { controls: [perPayment] }, { amount_minor: 500 }],
    ['approved', _, { controls: [perPayment] }, { amount_minor: 500 }, 10_000],
    ['exceeds_amount_in_window', 'per-day', { controls: [perDay] }, { amount_minor: 1_001 }],
    ['exceeds_amount_in_window', 'per-day', { controls: [perDay] }, { amount_minor: 501 }, 500],
    ['approved', _, { controls: [perDay] }, { amount_minor: 500 }, 500],
    ['approved', _, { controls: [perDay] }, { amount_minor: 0 }, 2_000],
    ['approved', _, { controls: [perDayGames] }, { amount_minor: 9_000 }, 600],
    [
      'exceeds_amount_in_window',
      'games',
      { controls: [perDayGames] },
      { amount_minor: 1_001, merchant: merchant('7995') },
    ],
    ['insufficient_funds', _, { funds_minor: 499 }],
    ['insufficient_funds', _, { funds_minor: 1_000 }, { amount_minor: 401 }, 600],
    ['approved', _, { funds_minor: 1_000 }, { amount_minor: 400 }, 600],
    ['approved', _, { funds_minor: 0 }, { amount_minor: 0 }],
    ['request_voided', _, _, _, _, voided],
  ] as readonly Row[]
).map(caseOf);

function caseOf([expected, control, card = {}, asked = {}, spentMinor = 0, isVoided = false]: Row): Case {
  return { expected, control: control ?? null, card, asked, spentMinor, voided: isVoided };
}

/** A card that had spent under no limits, and was then given the case's profile. */
function stateOf({ card, asked, spentMinor, voided: isVoided }: Case): CardState {
  const state = newCardState();
  setProfile(state, profile());
  if (spentMinor > 0) {
    const before = request({ request_key: 'r0', authorization_key: 'a0', amount_minor: spentMinor });
    applyAll(state, [receiveRequest(state, before, countingIds()(), noonMs)], noonMs - hourMs);
  }
  if (card === 'unknown') state.profile = null;
  else setProfile(state, profile(card));
  if (isVoided) state.voided.add(request(asked).request_key);
  return state;
}

function decisionOf(row: Case): Decision {
  return decide(stateOf(row), request(row.asked), noonMs);
}

describe('one reason at a time', () => {
  test.each(table)('$expected: card $card asked $asked after $spentMinor', (row) => {
    const { outcome, reason, control_id, approved_minor } = decisionOf(row);
    expect(reason ?? outcome).toBe(row.expected);
    expect(control_id).toBe(row.control);
    expect(outcome === 'approved').toBe(row.expected === 'approved');
    expect(approved_minor).toBe(outcome === 'approved' ? request(row.asked).amount_minor : 0);
  });

  test('the table is in order of precedence', () => {
    const ranks = table.flatMap(({ expected }) => (expected === 'approved' ? [] : [declineReasons.indexOf(expected)]));
    expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
  });
});

describe('two reasons at once', () => {
  const declines = table.filter(({ expected }) => expected !== 'approved');
  const pairs = declines.flatMap((earlier, index) =>
    declines.slice(index + 1).flatMap((later) => {
      const both = earlier.expected === later.expected ? null : merged(earlier, later);
      return both === null ? [] : [{ earlier: earlier.expected, later: later.expected, both }];
    }),
  );

  test('every pair of reasons that can come together does', () => {
    const reasons = [...new Set(declines.map(({ expected }) => expected))];
    const together = new Set(pairs.map(({ earlier, later }) => `${earlier} ${later}`));
    const apart = reasons.flatMap((earlier, index) =>
      reasons.slice(index + 1).flatMap((later) => (together.has(`${earlier} ${later}`) ? [] : [[earlier, later]])),
    );
    // A card has one status.
    expect(apart).toEqual([['card_not_active', 'card_closed']]);
  });

  test.each(pairs)('$earlier before $later', ({ earlier, both }) => {
    expect(decisionOf(both).reason).toBe(earlier);
  });
});

/** Both cases at once, or null where they want different things of the same field. */
function merged(one: Case, other: Case): Case | null {
  if (one.spentMinor > 0 && other.spentMinor > 0) return null;
  if (differ(one.asked, other.asked) || differ(one.card, other.card)) return null;
  return {
    ...one,
    card: one.card === 'unknown' || other.card === 'unknown' ? 'unknown' : withControlsOfBoth(one.card, other.card),
    asked: { ...one.asked, ...other.asked },
    spentMinor: Math.max(one.spentMinor, other.spentMinor),
    voided: one.voided || other.voided,
  };
}

function withControlsOfBoth(one: Partial<Profile>, other: Partial<Profile>): Partial<Profile> {
  return { ...one, ...other, controls: [...(one.controls ?? []), ...(other.controls ?? [])] };
}

function differ(one: object | string, other: object | string): boolean {
  if (typeof one === 'string' || typeof other === 'string') return false;
  const fields = new Map<string, unknown>(Object.entries(one));
  return Object.entries(other).some(
    ([field, value]) =>
      field !== 'controls' && fields.has(field) && JSON.stringify(fields.get(field)) !== JSON.stringify(value),
  );
}

describe('the trace', () => {
  const controls = [block, allow, perPayment, perDay, perDayGames];

  test('has every control in order, with what was left of each limit', () => {
    const { trace } = decide(
      stateOf(caseOf(['approved', _, { controls }, _, 600])),
      request({ amount_minor: 401 }),
      noonMs,
    );
    expect(trace).toEqual([
      { control_id: 'no-games', verdict: 'not_applicable' },
      { control_id: 'groceries', verdict: 'pass' },
      { control_id: 'per-payment', verdict: 'pass', remaining_minor: 500 },
      { control_id: 'per-day', verdict: 'decline', remaining_minor: 400 },
      { control_id: 'games', verdict: 'not_applicable' },
    ]);
  });

  test.each<[why: string, card: Partial<Profile>, voided: boolean]>([
    ['the card itself declines', { status: 'frozen' }, false],
    ['the first control declines', { controls: [{ ...block, applies_to: {} }, ...controls] }, false],
    ['funds decline', { funds_minor: 0 }, false],
    ['the request was voided', {}, true],
  ])('is whole when %s', (_why, card, isVoided) => {
    const row = caseOf(['approved', _, { controls, ...card }, _, _, isVoided]);
    const { outcome, trace } = decisionOf(row);
    expect(outcome).toBe('declined');
    expect(trace.map(({ control_id }) => control_id)).toEqual(stateOf(row).profile?.controls.map((c) => c.control_id));
  });

  test('of two controls with the same reason the first is named', () => {
    const twice = [perDay, { ...perDay, control_id: 'per-day-too' }];
    const { control_id } = decisionOf(caseOf(['approved', _, { controls: twice }, { amount_minor: 1_001 }]));
    expect(control_id).toBe('per-day');
  });
});

test('an answer says what is left after it', () => {
  expect(decisionOf(caseOf(['approved', _, { funds_minor: 1_000 }, _, 300])).available_minor).toBe(200);
  expect(decisionOf(caseOf(['approved', _, { funds_minor: 600 }, _, 300])).available_minor).toBe(300);
  expect(decisionOf(caseOf(['approved'])).available_minor).toBeNull();
});

test('deciding changes nothing, and the same question has the same answer', () => {
  const state = stateOf(caseOf(['approved', _, { controls: [perDay], funds_minor: 1_000 }, _, 300]));
  const before = structuredClone(state);
  expect(decide(state, request(), noonMs)).toEqual(decide(state, request(), noonMs));
  expect(state).toEqual(before);
});

test('every decline reason is in the table, but those that no rule produces yet', () => {
  const shown = new Set(table.map(({ expected }) => expected));
  expect(declineReasons.filter((reason) => !shown.has(reason))).toEqual([
    'card_already_used',
    'channel_not_allowed',
    'country_not_allowed',
    'merchant_not_allowed',
    'time_not_allowed',
    'authentication_required',
    'risk_too_high',
    'exceeds_count_in_window',
  ]);
});
