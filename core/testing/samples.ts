// Values for tests: a card, a request and the messages of its life, each complete and each with what a test changes.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { LimitControl } from '../../contracts/control.ts';
import type { Id } from '../../contracts/ids.ts';
import type { Profile } from '../../contracts/profile.ts';
import { apply } from '../card/apply.ts';
import type { FreshIds } from '../card/card.ts';
import type { CardState } from '../card/card-state.ts';
import type { Hearing } from '../card/hearing.ts';

/** Wednesday, 2026-03-04 12:00 UTC. */
export const noonMs = Date.UTC(2026, 2, 4, 12);

/** The card's event that is being folded in. */
export const hearing = (at_ms = noonMs, sequence = 1): Hearing => ({ sequence, at_ms });
export const hourMs = 3_600_000;

export function profile(changes: Partial<Profile> = {}): Profile {
  return {
    card_id: sampleId('card', 1),
    account_id: sampleId('acct', 1),
    version: 1,
    status: 'active',
    currency: 'USD',
    expires_at_ms: null,
    funds_minor: null,
    single_use: false,
    partial_approval: false,
    hold_days: null,
    controls: [],
    ...changes,
  };
}

export function merchant(category: string | null): Merchant {
  return { id: null, name: null, category, country: null };
}

export function request(changes: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    request_key: 'request-1',
    authorization_key: 'authorization-1',
    kind: 'authorization',
    amount_minor: 500,
    currency: 'USD',
    merchant: merchant('5411'),
    channel: 'pos',
    entry_mode: 'chip',
    card_present: true,
    partial_approval_capable: false,
    ...changes,
  };
}

type Message<K extends CardMessage['kind']> = Extract<CardMessage, { kind: K }>;
const message = { message_key: 'message-1', currency: 'USD', authorization_key: 'authorization-1' };

export function clearing(changes: Partial<Message<'clearing'>> = {}): Message<'clearing'> {
  return { kind: 'clearing', ...message, amount_minor: 500, final: true, merchant: null, ...changes };
}

export function reversal(changes: Partial<Message<'reversal'>> = {}): Message<'reversal'> {
  return { kind: 'reversal', ...message, amount_minor: null, ...changes };
}

export function refund(changes: Partial<Message<'refund'>> = {}): Message<'refund'> {
  return { kind: 'refund', ...message, amount_minor: 500, merchant: null, ...changes };
}

export function advice(changes: Partial<Message<'advice'>> = {}): Message<'advice'> {
  return { kind: 'advice', ...message, hold_minor: 500, decided_by: 'network', merchant: null, ...changes };
}

export function expiry(changes: Partial<Message<'expiry'>> = {}): Message<'expiry'> {
  return { kind: 'expiry', ...message, ...changes };
}

export function limitPerDay(amount_minor: number, changes: Partial<LimitControl> = {}): LimitControl {
  const window = { per: 'day', time_zone: 'UTC' } as const;
  return {
    control_id: 'per-day',
    mode: 'enforce',
    does: 'limit',
    amount_minor,
    window,
    applies_to: {},
    refunds_give_back: false,
    ...changes,
  };
}

function sampleId<P extends 'card' | 'acct' | 'auth' | 'evt'>(prefix: P, number: number): Id<P> {
  return `${prefix}_${String(number).padStart(26, '0')}`;
}

/** Ids that count up, so that two runs of the same test see the same ones. */
export function countingIds(): () => FreshIds {
  let number = 0;
  return () => {
    number++;
    return { event_id: sampleId('evt', number), authorization_id: sampleId('auth', number) };
  };
}

/** Folds bodies into a state, as a card's log would: numbered from 1. */
export function applyAll(state: CardState, bodies: readonly CardEventBody[], at_ms = noonMs): CardState {
  for (const [index, body] of bodies.entries()) apply(state, { sequence: index + 1, at_ms, body });
  return state;
}
