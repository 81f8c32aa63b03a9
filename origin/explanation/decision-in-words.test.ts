import { describe, expect, test } from 'vitest';
import { type AuthorizationRequest, authorizationRequestSchema } from '../../contracts/authorization-request.ts';
import { type Control, controlSchema } from '../../contracts/control.ts';
import type { Decision, Verdict } from '../../contracts/decision.ts';
import { type DeclineReason, declineReasons } from '../../contracts/decline-reasons.ts';
import { controlInWords } from './control-in-words.ts';
import { decisionInWords, remainderInWords } from './decision-in-words.ts';

const control = (given: object): Control => controlSchema.parse({ control_id: 'c', ...given });

interface Said {
  readonly asked?: Partial<AuthorizationRequest>;
  readonly control?: Control;
  readonly decision?: Partial<Decision>;
  readonly left?: Partial<Verdict>;
}

function words(decision: Partial<Decision>, { asked, control: cause, left }: Said): string {
  const request = authorizationRequestSchema.parse({
    ...{ request_key: 'r', authorization_key: 'a', amount_minor: 6_000, currency: 'USD', channel: 'pos' },
    ...{ entry_mode: 'chip', card_present: true, risk_score: 97 },
    merchant: { id: 'mer-1', name: 'Corner Bets', category: '7995', country: 'MT' },
    ...asked,
  });
  const control_id = cause === undefined ? null : 'c';
  const trace: Verdict[] = [{ control_id: 'c', verdict: 'decline', ...left }];
  const whole: Decision = {
    ...{ outcome: 'declined', approved_minor: 0, hold_minor: 0, reason: null, available_minor: null },
    ...{ control_id, profile_version: 1, trace, ...decision },
  };
  const atMs = Date.UTC(2026, 2, 29, 2, 30);
  return decisionInWords({ request, decision: whole, atMs, control: cause ?? null, currency: 'USD' });
}

const perDay = control({ does: 'limit', amount_minor: 50_000, window: { per: 'day', time_zone: 'Europe/Berlin' } });
const thrice = control({ does: 'limit', count: 3, window: { per: 'rolling', seconds: 600 } });
const once = control({ does: 'limit', amount_minor: 5_000, window: { per: 'transaction' } });
const nights = control({
  does: 'block',
  applies_to: { time_of_day: { any_of: [{ from: '22:00', until: '06:00' }] }, time_zone: 'Europe/Berlin' },
});
const abroad = control({ does: 'block', applies_to: { country: { none_of: ['US'] } } });

const table: readonly (readonly [DeclineReason, Said, string])[] = [
  ['card_unknown', {}, 'the edge had not been told what this card may do.'],
  ['card_not_active', {}, 'the card was frozen.'],
  ['card_closed', {}, 'the card was closed.'],
  ['card_expired', {}, 'the card was past its validity.'],
  ['card_already_used', {}, 'the card is good for one purchase, and had been used for one.'],
  ['currency_not_allowed', { asked: { currency: 'EUR' } }, 'it asked for EUR, and the card is in USD.'],
  [
    'currency_not_allowed',
    { asked: { merchant_currency: 'MXN' }, control: abroad },
    'a merchant that charges MXN is not allowed (control c).',
  ],
  [
    'amount_invalid',
    { asked: { kind: 'balance_inquiry' } },
    'a request of kind balance_inquiry moves no money, and this one named 60.00 USD.',
  ],
  [
    'channel_not_allowed',
    { control: abroad },
    'the card may not be used in this way: pos, chip, card present (control c).',
  ],
  ['country_not_allowed', { control: abroad }, 'the merchant is in MT, which is not allowed (control c).'],
  ['merchant_not_allowed', { control: abroad }, 'the merchant Corner Bets is not allowed (control c).'],
  [
    'category_not_allowed',
    { control: abroad },
    "the merchant's category is 7995, Betting (including Lottery Tickets, Casino Gaming Chips, Off-track Betting and Wagers at Race Tracks), which is not allowed (control c).",
  ],
  [
    'time_not_allowed',
    { control: nights },
    'it came at Sunday 2026-03-29 04:30 (Europe/Berlin), which is not a time for this (control c).',
  ],
  [
    'authentication_required',
    { asked: { three_d_secure: 'attempted' }, control: abroad },
    'the cardholder had to be authenticated by 3-D Secure, and the result was attempted (control c).',
  ],
  ['risk_too_high', { control: abroad }, "the network's risk score was 97 (control c)."],
  [
    'exceeds_amount_max',
    { control: once, left: { remaining_minor: 5_000 } },
    '60.00 USD is more than the limit of 50.00 USD a purchase (control c).',
  ],
  [
    'exceeds_amount_max',
    { control: once, left: { remaining_minor: 1_000 } },
    '60.00 USD is more than the 10.00 USD left of 50.00 USD a purchase (control c).',
  ],
  [
    'exceeds_amount_in_window',
    { control: perDay, left: { remaining_minor: 1_234 } },
    '60.00 USD is more than the 12.34 USD left of 500.00 USD a day (Europe/Berlin) (control c).',
  ],
  [
    'exceeds_amount_in_window',
    { control: perDay, left: { remaining_minor: -1 } },
    'nothing was left of 500.00 USD a day (Europe/Berlin) (control c).',
  ],
  ['exceeds_count_in_window', { control: thrice }, 'all 3 uses in any 10 minutes had been made (control c).'],
  [
    'insufficient_funds',
    { decision: { available_minor: 100 } },
    '60.00 USD is more than the 1.00 USD that the card had left.',
  ],
  [
    'insufficient_funds',
    { decision: { available_minor: 100, withheld_minor: 7_000 } },
    '60.00 USD is more than the 1.00 USD that the card had left; 70.00 USD of its refunds of no purchase is withheld.',
  ],
  ['request_voided', {}, 'the request had been given up, because its answer would have come too late.'],
];

describe('a decision in words', () => {
  test.each(table)('%s %#', (reason, said, sentence) => {
    expect(words({ reason, ...said.decision }, said)).toBe(`Declined: ${sentence}`);
  });

  test('every reason has its sentence here', () => {
    expect(new Set(table.map(([reason]) => reason))).toEqual(new Set(declineReasons));
  });

  test.each<[Partial<Decision>, Said, string]>([
    [{ approved_minor: 6_000, hold_minor: 6_000 }, {}, 'Approved: 60.00 USD.'],
    [
      { approved_minor: 6_000, hold_minor: 7_200 },
      {},
      'Approved: 60.00 USD. Held: 72.00 USD, as a control of holds asks.',
    ],
    [
      { approved_minor: 1_234, hold_minor: 1_234 },
      { control: perDay },
      'Approved in part: 12.34 USD of 60.00 USD, what control c had left.',
    ],
    [{ approved_minor: 1 }, {}, 'Approved in part: 0.01 USD of 60.00 USD, what the card had left.'],
    [{}, { asked: { amount_minor: 0 } }, 'Approved: it asked for no money, and nothing is held.'],
  ])('approved %#', (decision, said, sentence) => {
    expect(words({ outcome: 'approved', ...decision }, said)).toBe(sentence);
  });

  test('where the control is not known any more, the figures of the trace are', () => {
    const decision = { reason: 'exceeds_amount_in_window', control_id: 'c' } as const;
    expect(words(decision, { left: { remaining_minor: -5 } })).toBe(
      'Declined: 60.00 USD is more than what the limit had left: 0.05 USD over (control c).',
    );
  });

  test('what was left', () => {
    const verdict = { control_id: 'c', verdict: 'pass' as const };
    expect(remainderInWords(verdict, 'USD')).toBeNull();
    expect(remainderInWords({ ...verdict, remaining_minor: 5, remaining_count: 1 }, 'JPY')).toBe(
      '5 JPY left, 1 use left',
    );
    expect(remainderInWords({ ...verdict, remaining_count: -2 }, 'USD')).toBe('2 uses over');
  });
});

test.each<[object, string]>([
  [{ does: 'block', applies_to: { category: { any_of: ['5811-5814', '5921'] } } }, 'blocks category 5811-5814 or 5921'],
  [
    { does: 'allow_only', applies_to: { country: { any_of: ['US', 'CA'] }, channel: { none_of: ['atm'] } } },
    'allows only country US or CA, channel not atm',
  ],
  [
    { does: 'block', applies_to: { merchant: { any_of: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] } } },
    'blocks merchant a or b or c or d or e and 2 more',
  ],
  [
    { does: 'limit', amount_minor: 50_000, count: 1, window: { per: 'month', starts_on: 15 } },
    'at most 500.00 USD and 1 use a month from day 15 (UTC)',
  ],
  [{ does: 'limit', count: 2, window: { per: 'week' } }, 'at most 2 uses a week from monday (UTC)'],
  [{ does: 'limit', count: 2, window: { per: 'rolling', seconds: 3_600 } }, 'at most 2 uses in any hour'],
  [{ does: 'limit', amount_minor: 1, window: { per: 'lifetime' } }, "at most 0.01 USD in the card's life"],
  [{ does: 'limit', amount_minor: 1, window: { per: 'year' } }, 'at most 0.01 USD a year (UTC)'],
  [
    { does: 'require_authentication', above_minor: 3_000, applies_to: { presence: { any_of: ['not_present'] } } },
    'needs 3-D Secure (authenticated) above 30.00 USD, for card not present',
  ],
  [
    { does: 'adjust_hold', percent: 20, add_minor: 100, at_least_minor: 500, cap_minor: 9_000 },
    'holds 20% more, 1.00 USD more, at least 5.00 USD, at most 90.00 USD',
  ],
  [
    {
      does: 'block',
      applies_to: {
        date: { any_of: [{ from: '2026-12-24' }] },
        risk_score: { at_least: 90 },
        time_zone: 'Europe/Berlin',
      },
    },
    'blocks on from 2026-12-24, risk score from 90 (Europe/Berlin)',
  ],
  [
    {
      does: 'allow_only',
      applies_to: {
        day_of_week: { any_of: ['saturday'] },
        time_of_day: { none_of: [{ from: '22:00', until: '06:00' }] },
        time_zone: 'UTC',
      },
    },
    'allows only on saturday, at not from 22:00 until 06:00 (UTC)',
  ],
])('a control in words %#', (given, words) => {
  expect(controlInWords(control(given), 'USD')).toBe(words);
});
