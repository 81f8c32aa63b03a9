// Every decline, in order of precedence, and every control with every attribute and every window. A row is a case; `_` is the
// default: an active card without limits, asked for 5.00 USD at a grocery, on a Wednesday at noon.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import {
  type AppliesTo,
  appliesToSchema,
  type Control,
  controlSchema,
  type LimitControl,
} from '../../contracts/control.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type DeclineReason, declineReasons } from '../../contracts/decline-reasons.ts';
import type { Profile } from '../../contracts/profile.ts';
import { type Window, windowSchema } from '../../contracts/window.ts';
import { decided, asked as recordedRequest } from '../testing/receiving.ts';
import { applyAll, countingIds, hearing, hourMs, limitPerDay, noonMs, profile, request } from '../testing/samples.ts';
import { type CardState, newCardState, setProfile } from './card-state.ts';

const _ = undefined;

interface Case {
  readonly expected: DeclineReason | 'approved';
  /** The control that the decision names. */
  readonly control: string | null;
  readonly card: Partial<Profile> | 'unknown';
  readonly asked: Partial<AuthorizationRequest>;
  /** What the card had been approved for an hour before. */
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

const grocery = { id: 'shop-1', name: 'Corner Shop', category: '5411', country: 'US' };
const asking = (changes: Partial<AuthorizationRequest> = {}) =>
  request({ merchant: grocery, merchant_currency: 'CAD', risk_score: 50, ...changes });

/** What matches the default request, what does not, and the reason of a control that declines by it. */
const attributes: Record<
  Exclude<keyof AppliesTo, 'time_zone'>,
  readonly [here: AppliesTo, elsewhere: AppliesTo, reason: DeclineReason]
> = {
  currency: [{ currency: { any_of: ['CAD'] } }, { currency: { any_of: ['USD'] } }, 'currency_not_allowed'],
  channel: [{ channel: { any_of: ['pos'] } }, { channel: { none_of: ['pos'] } }, 'channel_not_allowed'],
  entry_mode: [{ entry_mode: { any_of: ['chip'] } }, { entry_mode: { any_of: ['manual'] } }, 'channel_not_allowed'],
  presence: [{ presence: { any_of: ['present'] } }, { presence: { none_of: ['present'] } }, 'channel_not_allowed'],
  country: [{ country: { none_of: ['DE'] } }, { country: { any_of: ['DE'] } }, 'country_not_allowed'],
  merchant: [{ merchant: { any_of: ['shop-1'] } }, { merchant: { any_of: ['shop-2'] } }, 'merchant_not_allowed'],
  merchant_name: [
    { merchant_name: { any_of: ['corner*'] } },
    { merchant_name: { none_of: ['*shop'] } },
    'merchant_not_allowed',
  ],
  category: [{ category: { any_of: ['5400-5499'] } }, { category: { none_of: ['5411'] } }, 'category_not_allowed'],
  day_of_week: [
    { day_of_week: { any_of: ['wednesday'] }, time_zone: 'UTC' },
    { day_of_week: { none_of: ['wednesday'] }, time_zone: 'UTC' },
    'time_not_allowed',
  ],
  time_of_day: [
    { time_of_day: { any_of: [{ from: '07:00', until: '07:01' }] }, time_zone: 'America/New_York' },
    { time_of_day: { any_of: [{ from: '12:00', until: '12:01' }] }, time_zone: 'America/New_York' },
    'time_not_allowed',
  ],
  date: [
    { date: { any_of: [{ from: '2026-03-04' }] }, time_zone: 'UTC' },
    { date: { none_of: [{ until: '2026-03-04' }] }, time_zone: 'UTC' },
    'time_not_allowed',
  ],
  risk_score: [{ risk_score: { at_least: 50 } }, { risk_score: { at_least: 51 } }, 'risk_too_high'],
};

const windows: Record<Window['per'], Window> = {
  transaction: { per: 'transaction' },
  day: { per: 'day', time_zone: 'UTC' },
  week: { per: 'week', starts_on: 'wednesday', time_zone: 'UTC' },
  month: { per: 'month', starts_on: 4, time_zone: 'UTC' },
  year: { per: 'year', time_zone: 'UTC' },
  lifetime: { per: 'lifetime' },
  rolling: { per: 'rolling', seconds: 3_601 },
};

const common = { control_id: 'it', mode: 'enforce', applies_to: {} } as const;
/** One control of each kind that says something of the default request, where it applies. */
const kinds: Record<Control['does'], Control> = {
  block: { ...common, does: 'block' },
  allow_only: { ...common, does: 'allow_only' },
  limit: limitPerDay(499, { control_id: 'it' }),
  require_authentication: { ...common, does: 'require_authentication', accept: ['authenticated'], above_minor: 0 },
  adjust_hold: { ...common, does: 'adjust_hold', percent: 20 },
};
const just = (control: Control) => ({ controls: [control] });
const blocked = (name: keyof typeof attributes): Row => {
  const control_id = `no-${name}`;
  const [applies_to, , reason] = attributes[name];
  return [reason, control_id, just({ ...common, control_id, does: 'block', applies_to })];
};
const perPayment = limitPerDay(499, { control_id: 'per-payment', window: { per: 'transaction' } });
const perDay = limitPerDay(499);
const { amount_minor: _amount, ...countless } = perDay;
const once: LimitControl = { ...countless, control_id: 'once', count: 1 };
const authenticated: Control = { ...kinds.require_authentication, control_id: 'authenticated' };

const reasons = (
  [
    ['card_unknown', _, 'unknown'],
    ['card_not_active', _, { status: 'frozen' }],
    ['card_closed', _, { status: 'closed' }],
    ['card_expired', _, { expires_at_ms: noonMs }],
    ['card_already_used', _, { single_use: true }, _, 500],
    ['currency_not_allowed', _, _, { currency: 'EUR' }],
    blocked('currency'),
    ['amount_invalid', _, _, { kind: 'account_verification' }],
    blocked('channel'),
    blocked('entry_mode'),
    blocked('presence'),
    blocked('country'),
    blocked('merchant'),
    blocked('merchant_name'),
    blocked('category'),
    blocked('day_of_week'),
    blocked('time_of_day'),
    blocked('date'),
    ['authentication_required', 'authenticated', just(authenticated)],
    blocked('risk_score'),
    ['exceeds_amount_max', 'per-payment', just(perPayment)],
    ['exceeds_amount_in_window', 'per-day', just(perDay)],
    ['exceeds_count_in_window', 'once', just(once), _, 500],
    ['insufficient_funds', _, { funds_minor: 999 }, _, 500],
    ['request_voided', _, _, _, _, true],
  ] satisfies Row[]
).map(caseOf);

/** Just short of a decline. */
const approvals = (
  [
    ['approved'],
    ['approved', _, { expires_at_ms: noonMs + 1 }],
    ['approved', _, { single_use: true }],
    ['approved', _, _, { kind: 'account_verification', amount_minor: 0 }],
    ['approved', _, _, { kind: 'balance_inquiry', amount_minor: 0 }],
    ['approved', _, just(authenticated), { three_d_secure: 'authenticated' }],
    ['approved', _, just({ ...perPayment, amount_minor: 500 }), _, 500],
    ['approved', _, just({ ...perDay, amount_minor: 1_000 }), _, 500],
    ['approved', _, just({ ...once, count: 2 }), _, 500],
    ['approved', _, { funds_minor: 1_000 }, _, 500],
    ['approved', _, { funds_minor: 0 }, { amount_minor: 0 }],
    ['approved', _, { funds_minor: 0, controls: [once, perDay] }, { amount_minor: 0 }, 500],
  ] satisfies Row[]
).map(caseOf);

function caseOf([expected, control, card = {}, asked = {}, spentMinor = 0, voided = false]: Row): Case {
  return { expected, control: control ?? null, card, asked, spentMinor, voided };
}

/** A card that had spent under no limits, and was then given the case's profile. */
function stateOf({ card, asked, spentMinor, voided }: Case): CardState {
  const state = newCardState();
  setProfile(state, profile());
  if (spentMinor > 0) {
    const before = asking({ request_key: 'r0', authorization_key: 'a0', amount_minor: spentMinor });
    const atMs = noonMs - hourMs;
    applyAll(state, [recordedRequest(state, before, countingIds()(), hearing(atMs))], atMs);
  }
  if (card === 'unknown') state.profile = null;
  else setProfile(state, profile(card));
  if (voided) state.answers.givenUp.set(asking(asked).request_key, 1);
  return state;
}

const decisionOf = (row: Case): Decision => decided(stateOf(row), asking(row.asked), noonMs);

describe('one reason at a time', () => {
  test.each([...reasons, ...approvals])('$expected: card $card asked $asked after $spentMinor', (row) => {
    const { outcome, reason, control_id, approved_minor, hold_minor } = decisionOf(row);
    expect(reason ?? outcome).toBe(row.expected);
    expect(control_id).toBe(row.control);
    expect(outcome === 'approved').toBe(row.expected === 'approved');
    expect(approved_minor).toBe(outcome === 'approved' ? asking(row.asked).amount_minor : 0);
    expect(hold_minor).toBe(approved_minor);
  });

  test('every reason is there, in order of precedence', () => {
    expect([...new Set(reasons.map(({ expected }) => expected))]).toEqual(declineReasons);
  });
});

describe('two reasons at once', () => {
  const pairs = reasons.flatMap((earlier, index) =>
    reasons.slice(index + 1).flatMap((later) => {
      const both = earlier.expected === later.expected ? null : merged(earlier, later);
      return both === null ? [] : [{ earlier: earlier.expected, later: later.expected, both }];
    }),
  );

  test('every pair of reasons that can come together does', () => {
    const together = new Set(pairs.map(({ earlier, later }) => `${earlier} ${later}`));
    const apart = declineReasons.flatMap((earlier, index) =>
      declineReasons
        .slice(index + 1)
        .flatMap((later) => (together.has(`${earlier} ${later}`) ? [] : [[earlier, later]])),
    );
    // A card has one status.
    expect(apart).toEqual([['card_not_active', 'card_closed']]);
  });

  test.each(pairs)('$earlier before $later', ({ earlier, both }) => {
    expect(decisionOf(both).reason).toBe(earlier);
    const { card } = both;
    if (card === 'unknown') return;
    const turned = { ...card, controls: (card.controls ?? []).toReversed() };
    expect(decisionOf({ ...both, card: turned }).reason).toBe(earlier);
  });
});

/** Both cases at once, or null where they want different things of the same field. */
function merged(one: Case, other: Case): Case | null {
  if (one.card === 'unknown' || other.card === 'unknown') return { ...other, card: 'unknown', voided: other.voided };
  const fields = new Map(Object.entries(one.card));
  if (Object.keys(other.card).some((field) => field !== 'controls' && fields.has(field))) return null;
  return {
    ...one,
    card: { ...one.card, ...other.card, controls: [...(one.card.controls ?? []), ...(other.card.controls ?? [])] },
    asked: { ...one.asked, ...other.asked },
    spentMinor: Math.max(one.spentMinor, other.spentMinor),
    voided: one.voided || other.voided,
  };
}

describe.each(Object.entries(attributes))('by %s', (_name, [here, elsewhere, reason]) => {
  const decided = (control: Control, spentMinor = 0) =>
    decisionOf(caseOf(['approved', _, just(control), _, spentMinor]));
  const reasonOf = (control: Control, applies_to: AppliesTo, spentMinor = 0) =>
    decided({ ...control, applies_to }, spentMinor).reason;

  test('a block declines what it applies to, and an allow_only what it does not', () => {
    expect([reasonOf(kinds.block, here), reasonOf(kinds.block, elsewhere)]).toEqual([reason, null]);
    expect([reasonOf(kinds.allow_only, here), reasonOf(kinds.allow_only, elsewhere)]).toEqual([null, reason]);
  });

  test.each(Object.values(windows))('a limit counts in its $per', (window) => {
    const limit = { ...perDay, window };
    const tooMuch = window.per === 'transaction' ? 'exceeds_amount_max' : 'exceeds_amount_in_window';
    expect([reasonOf(limit, here), reasonOf(limit, elsewhere)]).toEqual([tooMuch, null]);
    // What was spent an hour before, at eleven, is in every window but that of one transaction; and not where time differs.
    if (window.per === 'transaction' || 'time_of_day' in here) return;
    expect(reasonOf({ ...limit, amount_minor: 999 }, here, 500)).toBe('exceeds_amount_in_window');
    expect(reasonOf({ ...limit, amount_minor: 1_000 }, here, 500)).toBeNull();
    expect(reasonOf({ ...once, window }, here, 500)).toBe('exceeds_count_in_window');
    expect(reasonOf({ ...once, window }, elsewhere, 500)).toBeNull();
  });

  test('authentication is required, and a hold adjusted, where the control applies', () => {
    const { require_authentication: required, adjust_hold: adjusts } = kinds;
    expect([reasonOf(required, here), reasonOf(required, elsewhere)]).toEqual(['authentication_required', null]);
    expect(decided({ ...adjusts, applies_to: here })).toMatchObject({ approved_minor: 500, hold_minor: 600 });
    expect(decided({ ...adjusts, applies_to: elsewhere })).toMatchObject({ approved_minor: 500, hold_minor: 500 });
  });
});

test('every attribute, every kind of control and every window is in the tables', () => {
  const { time_zone, ...named } = appliesToSchema.shape;
  expect(Object.keys(attributes).sort()).toEqual(Object.keys(named).sort());
  expect(Object.keys(kinds)).toEqual(controlSchema.def.options.flatMap(({ shape }) => shape.does.def.values));
  expect(Object.keys(windows)).toEqual(windowSchema.def.options.flatMap(({ shape }) => shape.per.def.values));
});
