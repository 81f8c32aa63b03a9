// A decision beyond yes and no: its trace, shadow, a part of the amount, more held than asked, increments, the one use.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Control } from '../../contracts/control.ts';
import type { Decision } from '../../contracts/decision.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { decided } from '../testing/receiving.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, hourMs, limitPerDay, noonMs, profile, request, reversal } from '../testing/samples.ts';

const common = { mode: 'enforce', applies_to: {} } as const;
const shadow = { mode: 'shadow' } as const;
const groceries = { category: { any_of: ['5411'] } };
const block: Control = {
  ...common,
  control_id: 'no-games',
  does: 'block',
  applies_to: { category: { any_of: ['7995'] } },
};
const allow: Control = { ...common, control_id: 'groceries', does: 'allow_only', applies_to: groceries };
const perPayment = limitPerDay(450, { control_id: 'per-payment', window: { per: 'transaction' } });
const perDay = limitPerDay(1_000);
const { amount_minor: _amount, ...countless } = perDay;
const twice: Control = { ...countless, control_id: 'twice', count: 2 };
const authenticated: Control = {
  ...{ ...common, control_id: 'authenticated', does: 'require_authentication' },
  ...{ accept: ['authenticated'], above_minor: 0 },
};
const adjust = (figures: object): Control => ({ ...common, control_id: 'tip', does: 'adjust_hold', ...figures });

/** A card that a test asks one request after another, each of its own purchase unless the test says otherwise. */
function cardWith(changes: Partial<Profile>) {
  const sample = new SampleCard(profile(changes));
  let count = 0;
  const asks = (asked: Partial<AuthorizationRequest> = {}): Decision => {
    const keys = { request_key: `r${++count}`, authorization_key: `a${count}` };
    const answer = sample.card.authorize(request({ ...keys, ...asked }), sample.clockMs);
    if (answer.outcome === 'conflict') throw new Error(`the sample's own keys meet in ${answer.field}`);
    return answer.decision;
  };
  return { sample, asks };
}

const just = (...controls: readonly Control[]) => ({ controls: [...controls] });

describe('the trace', () => {
  const controls = [block, allow, perPayment, perDay, twice, adjust({ percent: 20 }), authenticated];

  test('has every control in order, with what was left of each limit and what was to be held', () => {
    const { asks } = cardWith(just(...controls));
    asks({ amount_minor: 400, three_d_secure: 'authenticated' });
    expect(asks({ amount_minor: 451 })).toMatchObject({
      reason: 'authentication_required',
      control_id: 'authenticated',
      profile_version: 1,
      trace: [
        { control_id: 'no-games', verdict: 'not_applicable' },
        { control_id: 'groceries', verdict: 'pass' },
        { control_id: 'per-payment', verdict: 'decline', remaining_minor: 450 },
        { control_id: 'per-day', verdict: 'pass', remaining_minor: 550 },
        { control_id: 'twice', verdict: 'pass', remaining_count: 1 },
        { control_id: 'tip', verdict: 'pass', hold_minor: 542 },
        { control_id: 'authenticated', verdict: 'decline' },
      ],
    });
  });

  test.each<[why: string, card: Partial<Profile>]>([
    ['the card itself declines', { status: 'frozen' }],
    ['the first control declines', just({ ...block, applies_to: groceries, control_id: 'first' }, ...controls)],
    ['funds decline', { funds_minor: 0 }],
  ])('is whole when %s', (_, card) => {
    const { asks, sample } = cardWith({ controls, ...card });
    const { outcome, trace } = asks();
    expect(outcome).toBe('declined');
    expect(trace.map((one) => one.control_id)).toEqual(sample.card.state.controls.map((one) => one.control_id));
  });

  test('of two controls with the same reason the first is named', () => {
    const { asks } = cardWith(just(perDay, { ...perDay, control_id: 'per-day-too' }));
    expect(asks({ amount_minor: 1_001 }).control_id).toBe('per-day');
  });
});

describe('a control in shadow', () => {
  const declining = [
    { ...block, applies_to: groceries },
    { ...allow, applies_to: block.applies_to },
    limitPerDay(1),
    perPayment,
    authenticated,
  ];

  test.each(declining)('that would decline ($does) is recorded, and declines nothing', (control) => {
    const { asks } = cardWith(just({ ...control, ...shadow }));
    const { outcome, control_id, trace } = asks();
    expect([outcome, control_id]).toEqual(['approved', null]);
    expect(trace).toMatchObject([{ control_id: control.control_id, verdict: 'decline', shadow: true }]);
  });

  test('takes nothing from a part, and holds nothing more', () => {
    const tip = { ...adjust({ percent: 20 }), ...shadow };
    const { asks } = cardWith({ ...just({ ...perDay, amount_minor: 100, ...shadow }, tip), partial_approval: true });
    const decision = asks({ partial_approval_capable: true });
    expect(decision).toMatchObject({ approved_minor: 500, hold_minor: 500 });
    expect(decision.trace).toMatchObject([
      { remaining_minor: 100, shadow: true },
      { hold_minor: 600, shadow: true },
    ]);
  });

  test('counts as if it were enforced: what is left of it falls', () => {
    const { asks } = cardWith(just({ ...perDay, ...shadow }));
    asks({ amount_minor: 800 });
    expect(asks({ amount_minor: 800 }).trace).toMatchObject([{ verdict: 'decline', remaining_minor: 200 }]);
    expect(asks().trace).toMatchObject([{ remaining_minor: -600 }]);
  });
});

describe('a part of the amount', () => {
  const capable = { partial_approval_capable: true };
  const partial = { partial_approval: true };

  test.each<[why: string, card: Partial<Profile>, approved: number, control: string | null]>([
    ['a limit of one transaction has left', just(perPayment), 450, 'per-payment'],
    ['a limit in a window has left', just({ ...perDay, amount_minor: 300 }), 300, 'per-day'],
    ['the tightest limit has left', just(perPayment, { ...perDay, amount_minor: 300 }), 300, 'per-day'],
    ['funds have left', { funds_minor: 200 }, 200, null],
    ['funds have left, below the limits', { funds_minor: 200, ...just(perPayment) }, 200, null],
    ['limits have left, below the funds', { funds_minor: 460, ...just(perPayment) }, 450, 'per-payment'],
  ])('is approved: what %s', (_, card, approved_minor, control_id) => {
    const { asks } = cardWith({ ...card, ...partial });
    expect(asks(capable)).toMatchObject({
      outcome: 'approved',
      approved_minor,
      hold_minor: approved_minor,
      control_id,
    });
  });

  test.each<[why: string, card: Partial<Profile>, asked: Partial<AuthorizationRequest>, reason: string]>([
    ['the profile does not allow it', { partial_approval: false }, capable, 'exceeds_amount_max'],
    ['the terminal cannot take it', {}, {}, 'exceeds_amount_max'],
    ['nothing is left', { funds_minor: 0 }, capable, 'exceeds_amount_max'],
    ['another control declines', just(perPayment, authenticated), capable, 'authentication_required'],
    ['the card itself declines', { status: 'frozen' }, capable, 'card_not_active'],
    ['its key is burnt', {}, { ...capable, request_key: 'burnt' }, 'request_voided'],
  ])('is not approved where %s', (_, card, asked, reason) => {
    const { asks, sample } = cardWith({ ...just(perPayment), ...partial, ...card });
    sample.card.void('burnt', noonMs);
    expect(asks(asked)).toMatchObject({ outcome: 'declined', approved_minor: 0, hold_minor: 0, reason });
  });

  test('is not approved where no use is left, whatever amount is', () => {
    const { asks } = cardWith({ ...just({ ...perDay, count: 1 }), ...partial });
    asks();
    expect(asks({ ...capable, amount_minor: 501 }).reason).toBe('exceeds_amount_in_window');
    expect(asks({ ...capable, amount_minor: 500 }).reason).toBe('exceeds_count_in_window');
  });

  test('leaves nothing: the same request again is declined', () => {
    const { asks } = cardWith({ ...just(perDay), ...partial });
    expect(asks({ ...capable, amount_minor: 1_200 }).approved_minor).toBe(1_000);
    expect(asks({ ...capable, amount_minor: 1 }).outcome).toBe('declined');
  });
});

describe('more is held than was asked for', () => {
  test.each<[what: string, figures: object, held: number]>([
    ['a percentage', { percent: 20 }, 600],
    ['a percentage, rounded up', { percent: 1, add_minor: 0 }, 505],
    ['an amount', { add_minor: 30 }, 530],
    ['a percentage and an amount', { percent: 20, add_minor: 30 }, 630],
    ['at least an amount', { at_least_minor: 2_000 }, 2_000],
    ['at least an amount that is less', { at_least_minor: 20 }, 500],
    ['a percentage, and no more than a cap', { percent: 100, cap_minor: 700 }, 700],
    ['nothing, where the cap is below the amount', { percent: 100, cap_minor: 400 }, 500],
  ])('%s', (_, figures, hold_minor) => {
    const { asks, sample } = cardWith(just(adjust(figures)));
    expect(asks()).toMatchObject({ approved_minor: 500, hold_minor, control_id: null });
    expect(sample.card.state.held_minor).toBe(hold_minor);
  });

  test('a fraction of a minor unit is held as a whole one', () => {
    expect(cardWith(just(adjust({ percent: 1 }))).asks({ amount_minor: 101 }).hold_minor).toBe(103);
  });

  test('never above what any amount may be', () => {
    const { asks } = cardWith(just(adjust({ percent: limits.holdPercentMax })));
    expect(asks({ amount_minor: limits.amountMinorMax }).hold_minor).toBe(limits.amountMinorMax);
  });

  test('of several adjustments the highest holds', () => {
    const all = [adjust({ percent: 20 }), { ...adjust({ add_minor: 300 }), control_id: 'fuel' }];
    const { hold_minor, trace } = cardWith(just(...all)).asks();
    expect(hold_minor).toBe(800);
    expect(trace).toMatchObject([{ hold_minor: 600 }, { hold_minor: 800 }]);
  });

  test.each<[what: string, card: Partial<Profile>, held: number]>([
    ['a limit in a window has room', just(adjust({ add_minor: 900 }), perDay), 1_000],
    ['a limit of one transaction has room', just({ ...perPayment, amount_minor: 510 }, adjust({ percent: 20 })), 510],
    ['funds have room', { funds_minor: 520, ...just(adjust({ percent: 20 })) }, 520],
    [
      'what applies has room',
      just(adjust({ percent: 20 }), { ...perDay, amount_minor: 1, applies_to: block.applies_to }),
      600,
    ],
    ['there is no room beyond the amount', { funds_minor: 500, ...just(adjust({ percent: 20 })) }, 500],
  ])('as far as %s, and never declined for it', (_, card, hold_minor) => {
    expect(cardWith(card).asks()).toMatchObject({ outcome: 'approved', approved_minor: 500, hold_minor });
  });

  test('a part is held as it is approved: there is no room for more', () => {
    const { asks } = cardWith({ ...just(adjust({ percent: 20 })), funds_minor: 300, partial_approval: true });
    expect(asks({ partial_approval_capable: true })).toMatchObject({ approved_minor: 300, hold_minor: 300 });
  });

  test('not for what asks for nothing', () => {
    expect(cardWith(just(adjust({ add_minor: 30 }))).asks({ amount_minor: 0 }).hold_minor).toBe(0);
  });
});

describe('authentication', () => {
  test.each<[result: AuthorizationRequest['three_d_secure'], accept: string[], reason: string | null]>([
    ['authenticated', ['authenticated'], null],
    ['attempted', ['authenticated'], 'authentication_required'],
    ['attempted', ['authenticated', 'attempted'], null],
    ['exempted', ['authenticated', 'exempted'], null],
    ['failed', ['authenticated', 'attempted', 'exempted'], 'authentication_required'],
    ['not_done', ['authenticated'], 'authentication_required'],
    [undefined, ['authenticated'], 'authentication_required'],
    [undefined, ['not_done'], null],
  ])('%s, where %j is accepted: %s', (result, accept, reason) => {
    const { asks } = cardWith(just({ ...authenticated, accept } as Control));
    expect(asks(result === undefined ? {} : { three_d_secure: result }).reason).toBe(reason);
  });

  test('is required above an amount, and not for what asks for nothing', () => {
    const { asks } = cardWith(just({ ...authenticated, above_minor: 500 } as Control));
    expect(asks({ amount_minor: 500 }).trace).toMatchObject([{ verdict: 'not_applicable' }]);
    expect(asks({ amount_minor: 501 }).reason).toBe('authentication_required');
    expect(cardWith(just(authenticated)).asks({ amount_minor: 0 }).outcome).toBe('approved');
  });
});

test('an answer says what is left after it, or was left without it', () => {
  const { asks } = cardWith({ funds_minor: 1_000, ...just(adjust({ percent: 20 })) });
  expect(asks().available_minor).toBe(400);
  expect(asks().available_minor).toBe(400);
  expect(asks({ kind: 'balance_inquiry', amount_minor: 0 }).available_minor).toBe(400);
  expect(cardWith({}).asks().available_minor).toBeNull();
});

test('an approval of what was cleared or taken back before says what is really left', () => {
  const { asks, sample } = cardWith({ funds_minor: 1_000 });
  sample.card.receive(clearing({ authorization_key: 'early', amount_minor: 400 }), noonMs);
  expect(asks({ authorization_key: 'early' })).toMatchObject({ outcome: 'approved', available_minor: 600 });
  sample.card.receive(reversal({ message_key: 'm2', authorization_key: 'part', amount_minor: 200 }), noonMs);
  expect(asks({ authorization_key: 'part' })).toMatchObject({ outcome: 'approved', available_minor: 300 });
  // Of two names that turn out to be one, the clearing of one is of what the other holds.
  sample.card.receive(
    clearing({ message_key: 'm3', authorization_key: 'other', amount_minor: 100, final: false }),
    noonMs,
  );
  expect(asks({ authorization_key: 'part', alias_key: 'other', amount_minor: 0 }).available_minor).toBe(300);
});

test('deciding changes nothing, and the same question has the same answer', () => {
  const rolling = limitPerDay(1_000, { control_id: 'rolling', window: { per: 'rolling', seconds: 60 } });
  const { asks, sample } = cardWith(just(perDay, rolling));
  asks();
  const { state } = sample.card;
  const asked = request({ request_key: 'another' });
  const now = decided(state, asked, noonMs);
  expect(now.trace).toMatchObject([{ remaining_minor: 500 }, { remaining_minor: 500 }]);
  expect(decided(state, asked, noonMs + 72 * hourMs).trace).toMatchObject([
    { remaining_minor: 1_000 },
    { remaining_minor: 1_000 },
  ]);
  expect(decided(state, asked, noonMs)).toEqual(now);
});
