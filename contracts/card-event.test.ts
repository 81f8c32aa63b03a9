// An event as it travels: strict in every kind, with its number and its instant beside the body.

import { describe, expect, test } from 'vitest';
import { cardEventSchema, cardEventsMessageSchema } from './card-event.ts';
import { limits } from './limits.ts';

const envelope = { sequence: 1, at_ms: 1_700_000_000_000 };
const event_id = `evt_${'0'.repeat(26)}`;
const authorization_id = `auth_${'0'.repeat(26)}`;
const effect = { hold_minor: -5, posted_minor: 5 };
const merchant = { id: null, name: null, category: '5411', country: 'US' };

const bodies = {
  authorization: {
    kind: 'authorization',
    event_id,
    authorization_id,
    request: {
      request_key: 'r1',
      authorization_key: 'a1',
      kind: 'authorization',
      amount_minor: 5,
      currency: 'USD',
      merchant,
      channel: 'pos',
      entry_mode: 'chip',
      card_present: true,
      partial_approval_capable: false,
    },
    decision: {
      outcome: 'declined',
      approved_minor: 0,
      hold_minor: 0,
      reason: 'category_not_allowed',
      control_id: 'groceries',
      available_minor: null,
      profile_version: 3,
      trace: [
        { control_id: 'groceries', verdict: 'decline' },
        { control_id: 'per-day', verdict: 'pass', shadow: true, remaining_minor: -5, remaining_count: 0 },
        { control_id: 'tip', verdict: 'not_applicable', hold_minor: 6 },
      ],
    },
    effect: { hold_minor: 0, posted_minor: 0 },
    approved_at_ms: 1_700_000_000_000,
  },
  message: {
    kind: 'message',
    event_id,
    authorization_id,
    message: {
      kind: 'clearing',
      message_key: 'm1',
      currency: 'USD',
      authorization_key: null,
      amount_minor: 5,
      final: true,
      merchant: null,
    },
    effect,
    against: 'card_closed',
    overdrawn: true,
    joined: { authorization_id, released_minor: 5 },
  },
  expiry: { kind: 'expiry', event_id, authorization_id, authorization_key: 'message m1', effect },
  void: {
    kind: 'void',
    event_id,
    request_key: 'r1',
    authorization_id: null,
    authorization_key: null,
    voided_minor: 0,
    effect: { hold_minor: 0, posted_minor: 0 },
  },
  'void of an approval': {
    kind: 'void',
    event_id,
    request_key: 'r1',
    authorization_id,
    authorization_key: 'a1',
    voided_minor: 600,
    approved_minor: 500,
    approved_at_ms: 0,
    effect: { hold_minor: -600, posted_minor: 0 },
  },
  'void of what was approved in place': {
    kind: 'void',
    event_id,
    request_key: 'r1',
    authorization_id,
    authorization_key: 'a1',
    voided_minor: 500,
    stood_in_at_ms: 1_700_000_000_000,
    effect: { hold_minor: -500, posted_minor: 0 },
  },
  profile: {
    kind: 'profile',
    event_id,
    profile: {
      card_id: `card_${'0'.repeat(26)}`,
      account_id: `acct_${'0'.repeat(26)}`,
      version: 1,
      status: 'active',
      currency: 'USD',
      expires_at_ms: null,
      funds_minor: null,
      single_use: true,
      partial_approval: true,
      hold_days: 3,
      controls: [],
    },
  },
} as const;

describe.each(Object.entries(bodies))('%s', (_, body) => {
  test('comes through as it was', () => {
    expect(cardEventSchema.parse({ ...envelope, ...body })).toEqual({ ...envelope, ...body });
  });

  test('is refused without its number, and with a field of nobody', () => {
    expect(cardEventSchema.safeParse({ at_ms: 0, ...body }).success).toBe(false);
    expect(cardEventSchema.safeParse({ ...envelope, sequence: 0, ...body }).success).toBe(false);
    expect(cardEventSchema.safeParse({ ...envelope, ...body, colour: 'blue' }).success).toBe(false);
  });
});

test('an unknown kind is refused', () => {
  expect(cardEventSchema.safeParse({ ...envelope, kind: 'gift' }).success).toBe(false);
});

test('a queue message names its version and its card, and is bounded', () => {
  const message = { version: 1, card_key: 'native:card_1', events: [{}] };
  expect(cardEventsMessageSchema.safeParse(message).success).toBe(true);
  expect(cardEventsMessageSchema.safeParse({ ...message, version: 2 }).success).toBe(false);
  expect(cardEventsMessageSchema.safeParse({ ...message, card_key: 'card_1' }).success).toBe(false);
  expect(cardEventsMessageSchema.safeParse({ ...message, events: [] }).success).toBe(false);
  const tooMany = Array.from({ length: limits.eventsPageMax + 1 }, () => ({}));
  expect(cardEventsMessageSchema.safeParse({ ...message, events: tooMany }).success).toBe(false);
});
