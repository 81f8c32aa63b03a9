// A gateway message in our words, field by field: every method, clock, currency, 3-D Secure and risk; what is odd stays unsaid.

import { describe, expect, test } from 'vitest';
import { authorizationRequestSchema } from '../../../contracts/authorization-request.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { limits } from '../../../contracts/limits.ts';
import { type GatewayInput, gatewayMessage } from '../../../scripts/marqeta-messages.ts';
import { inShape } from '../../body.ts';
import { answerTo, requestOf } from './gateway.ts';
import { gatewaySchema, parseMarqeta } from './wire.ts';

type Message = Record<string, unknown>;

function messageWith(changes: Message = {}, input: Partial<GatewayInput> = {}) {
  const text = gatewayMessage({ cardToken: 'card-1', amount: '10.25', transactionToken: 'transaction-1', ...input });
  return inShape(gatewaySchema, parseMarqeta(JSON.stringify({ ...JSON.parse(text), ...changes })));
}

/** The request, as our own contract takes it. */
const requestWith = (changes?: Message, input?: Partial<GatewayInput>) =>
  authorizationRequestSchema.parse(requestOf(messageWith(changes, input)));

describe('methods', () => {
  test.each([
    ['pgfs.authorization', 'authorization', 'pos'],
    ['pgfs.authorization.cashback', 'authorization', 'pos'],
    ['pgfs.authorization.quasi.cash', 'authorization', 'pos'],
    ['pgfs.authorization.incremental', 'incremental', 'pos'],
    ['pgfs.authorization.account_verification', 'account_verification', 'pos'],
    ['pgfs.auth_plus_capture', 'authorization', 'pos'],
    ['pgfs.atm.withdrawal', 'authorization', 'atm'],
    ['pgfs.balanceinquiry', 'balance_inquiry', 'pos'],
    ['pgfs.pindebit', 'authorization', 'pos'],
    ['pgfs.pindebit.authorization', 'authorization', 'pos'],
    ['pgfs.pindebit.cashback', 'authorization', 'pos'],
    ['pgfs.pindebit.quasi.cash', 'authorization', 'pos'],
    ['pgfs.pindebit.atm.withdrawal', 'authorization', 'atm'],
    ['pgfs.pindebit.balanceinquiry', 'balance_inquiry', 'pos'],
  ])('%s is %s, by %s', (method, kind, channel) => {
    expect(requestWith({}, { method })).toMatchObject({ kind, channel });
  });

  test.each([
    'pgfs.refund',
    'pgfs.authorization.reversal',
    'pgfs.authorization.capture',
    'pgfs.force_capture',
    'pgfs.directdeposit.credit',
    'toString',
  ])('%s asks for no decision', (method) => {
    expect(() => requestWith({}, { method })).toThrow(
      'gpa_order.jit_funding.method must be one of pgfs.authorization,',
    );
  });
});

describe('keys', () => {
  const method = 'pgfs.authorization.incremental';

  test('an increment belongs to what it adds to, and is a name of it from then on', () => {
    expect(requestWith({}, { method, precedingToken: 'first', jitToken: 'jit-2' })).toMatchObject({
      request_key: 'jit-2',
      authorization_key: 'first',
      alias_key: 'transaction-1',
    });
  });

  test('an increment of nothing stands for itself', () => {
    const request = requestWith({}, { method });
    expect(request).toMatchObject({ kind: 'incremental', authorization_key: 'transaction-1' });
    expect(request).not.toHaveProperty('alias_key');
  });

  test('a new authorization stands for itself, whatever it names', () => {
    const request = requestWith({}, { precedingToken: 'first' });
    expect(request).toMatchObject({ authorization_key: 'transaction-1' });
    expect(request).not.toHaveProperty('alias_key');
  });
});

describe('the instant', () => {
  const occurred = (created_time: unknown, user_transaction_time?: unknown) =>
    requestWith({ created_time, user_transaction_time }).occurred_at_ms;

  test.each([
    ['2026-03-04T12:00:00Z', Date.UTC(2026, 2, 4, 12)],
    ['2026-03-04T12:00:00.897Z', Date.UTC(2026, 2, 4, 12, 0, 0, 897)],
    ['2026-03-04T12:00:00+02:00', Date.UTC(2026, 2, 4, 10)],
    ['2026-03-04T12:00:00.000+0000', Date.UTC(2026, 2, 4, 12)],
    // Whose clock these are is not said, or they are none.
    ['2026-03-04T12:00:00', undefined],
    ['2026-03-04', undefined],
    ['2026-13-04T12:00:00Z', undefined],
    ['1969-12-31T23:59:59Z', undefined],
    ['yesterday', undefined],
    ['', undefined],
    [1772625600000, undefined],
    [null, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('created_time %j is %s', (text, at_ms) => {
    expect(occurred(text)).toBe(at_ms);
  });

  test('user_transaction_time counts where created_time says nothing', () => {
    expect(occurred('odd', '2026-03-04T12:00:00Z')).toBe(Date.UTC(2026, 2, 4, 12));
    expect(occurred('2026-03-04T11:00:00Z', '2026-03-04T12:00:00Z')).toBe(Date.UTC(2026, 2, 4, 11));
  });
});

describe('the merchant’s currency', () => {
  test.each([
    ['978', 'EUR'],
    ['392', 'JPY'],
    ['036', 'AUD'],
    ['840', undefined],
    ['999', undefined],
    ['EUR', 'EUR'],
    ['eur', 'EUR'],
    [978, 'EUR'],
    [36, 'AUD'],
    ['USD', undefined],
    [{}, undefined],
    [null, undefined],
  ])('original_currency_code %s of a card in USD is %s', (original_currency_code, currency) => {
    const request = requestWith({ currency_conversion: { network: { original_currency_code } } });
    expect(request.merchant_currency).toBe(currency);
  });

  test.each([[null], [{}], [{ network: null }], [{ network: {} }]])('%j says nothing', (currency_conversion) => {
    expect(requestWith({ currency_conversion })).not.toHaveProperty('merchant_currency');
  });
});

describe('the risk score', () => {
  test.each([
    [0, 0],
    [97, 97],
    [12.6, 13],
    [-3, 0],
    [5_000, limits.riskScoreMax],
    ['97', 97],
    ['high', undefined],
    [true, undefined],
    [null, undefined],
  ])('%s is %s', (transaction_risk_score, risk_score) => {
    expect(requestWith({ fraud: { network: { transaction_risk_score } } }).risk_score).toBe(risk_score);
  });

  test.each([[null], [{}], [{ network: null }]])('%j says nothing', (fraud) => {
    expect(requestWith({ fraud })).not.toHaveProperty('risk_score');
  });
});

describe('3-D Secure', () => {
  const [successful, attempted, none] = ['authentication_successful', 'authentication_attempted', 'no_authentication'];
  test.each([
    [successful, 'verified', undefined, 'authenticated'],
    [successful, 'verified_amount_checked', undefined, 'authenticated'],
    [successful, 'verified_amount_less_than_20_percent', undefined, 'authenticated'],
    [successful, 'not_verified_mac_key_validation_passed', undefined, 'authenticated'],
    [successful, undefined, undefined, 'authenticated'],
    [successful, undefined, 'SUCCESSFUL', 'authenticated'],
    [successful, 'verified', 'SCA_EXEMPTION', 'authenticated'],
    // Claimed, and not shown.
    [successful, 'not_verified', undefined, undefined],
    [successful, 'not_present', undefined, undefined],
    [successful, 'not_provided', undefined, undefined],
    [successful, 'not_verified_authentication_outage', undefined, undefined],
    [successful, 'verified_amount_greater_than_20_percent', undefined, undefined],
    [successful, 'a word of tomorrow', undefined, undefined],
    [successful, 'failed', undefined, 'failed'],
    [attempted, 'failed', undefined, 'failed'],
    [undefined, 'failed', undefined, 'failed'],
    [successful, 'not_verified_mac_key_validation_failed', undefined, 'failed'],
    [attempted, 'verified', undefined, 'attempted'],
    [attempted, undefined, 'UNAVAILABLE', 'attempted'],
    [attempted, undefined, 'EXEMPTED', 'exempted'],
    [none, undefined, 'EXEMPTION_CLAIMED', 'exempted'],
    [none, undefined, undefined, 'not_done'],
    [none, 'not_present', undefined, 'not_done'],
    ['a word of tomorrow', 'verified', undefined, undefined],
    [undefined, 'verified', undefined, undefined],
    [null, null, null, undefined],
  ])('%s, %s, %s is %s', (electronic_commerce_indicator, verification_result, authentication_status, expected) => {
    const cardholder_authentication_data = {
      electronic_commerce_indicator,
      verification_result,
      authentication_status,
    };
    expect(requestWith({ cardholder_authentication_data }).three_d_secure).toBe(expected);
  });

  test('without its data nothing is said', () => {
    expect(requestWith({ cardholder_authentication_data: null })).not.toHaveProperty('three_d_secure');
  });
});

describe('F2: what cannot be read is unknown, and counted by our name of it', () => {
  test.each<[Message, counted: string, request: Message]>([
    [{ card_acceptor: { mcc: '' } }, 'merchant.category', { merchant: { category: null } }],
    [{ card_acceptor: { mcc: 'grocer' } }, 'merchant.category', { merchant: { category: null } }],
    [{ card_acceptor: { mid: '' } }, 'merchant.id', { merchant: { id: null } }],
    [{ card_acceptor: { mid: 'CAFÉ1' } }, 'merchant.id', { merchant: { id: null } }],
    [{ card_acceptor: { country_code: 'ZZZ' } }, 'merchant.country', { merchant: { country: null } }],
    [{ card_acceptor: { name: {} } }, 'merchant.name', { merchant: { name: null } }],
    [{ card_acceptor: 'GROCER' }, 'merchant', { merchant: { id: null, name: null } }],
    [{ pos: [] }, 'pos', { card_present: null, entry_mode: 'other', channel: 'other' }],
    [{ pos: { pan_entry_mode: 'TELEPATHY' } }, 'entry_mode', { entry_mode: 'other' }],
    [{ pos: { card_presence: 'maybe' } }, 'card_presence', { card_present: null }],
    [{ pos: { partial_approval_capable: 7 } }, 'partial_approval_capable', { partial_approval_capable: false }],
    [{ pos: {}, transaction_metadata: { payment_channel: 'PIGEON' } }, 'channel', { channel: 'other' }],
    [{ fraud: { network: 'low' } }, 'risk_score', {}],
    [{ currency_conversion: { network: 'VISA' } }, 'merchant_currency', {}],
    [{ cardholder_authentication_data: { verification_result: {} } }, 'three_d_secure', {}],
    [{ created_time: 'yesterday', user_transaction_time: null }, 'occurred_at_ms', {}],
  ])('%j: %s', (changes, counted, request) => {
    const unread = new Set<string>();
    expect(authorizationRequestSchema.parse(requestOf(messageWith(changes), unread))).toMatchObject(request);
    expect([...unread]).toEqual([counted]);
  });

  test.each<[Message, request: Message]>([
    [{ card_acceptor: { mcc: 5411 } }, { merchant: { category: '5411' } }],
    [{ card_acceptor: { mcc: 742 } }, { merchant: { category: '0742' } }],
    [{ card_acceptor: { mcc: ' ５４１１ ' } }, { merchant: { category: '5411' } }],
    [{ card_acceptor: { mid: 99999 } }, { merchant: { id: '99999' } }],
    [{ card_acceptor: { mid: 'BADSHOP        ' } }, { merchant: { id: 'BADSHOP' } }],
    [{ card_acceptor: { mid: 'ＢＡＤ' } }, { merchant: { id: 'BAD' } }],
    [{ card_acceptor: { name: 711 } }, { merchant: { name: '711' } }],
    [{ card_acceptor: { country_code: 'QZZ' } }, { merchant: { country: 'XK' } }],
    [{ card_acceptor: { country_code: 840 } }, { merchant: { country: 'US' } }],
    [{ card_acceptor: { country_code: ' gb ' } }, { merchant: { country: 'GB' } }],
    [{ pos: { card_presence: 'TRUE', pan_entry_mode: 'chip' } }, { card_present: true, entry_mode: 'chip' }],
    [{ pos: { partial_approval_capable: 1 } }, { partial_approval_capable: true }],
  ])('and read where only one thing can be meant: %j', (changes, request) => {
    const unread = new Set<string>();
    expect(authorizationRequestSchema.parse(requestOf(messageWith(changes), unread))).toMatchObject(request);
    expect(unread.size).toBe(0);
  });
});

test('a key of what an increment adds to is strict; of any other request it is not read', () => {
  const changes = { preceding_related_transaction_token: 'with space' };
  const method = 'pgfs.authorization.incremental';
  expect(() => requestWith(changes, { method })).toThrow('preceding_related_transaction_token must be printable');
  expect(requestWith(changes)).toMatchObject({ authorization_key: 'transaction-1' });
});

test('approved in part: 200 with the lower amount', () => {
  const message = messageWith({ pos: { partial_approval_capable: true } });
  const decision: Decision = {
    outcome: 'approved',
    approved_minor: 400,
    hold_minor: 400,
    reason: null,
    control_id: 'per-day',
    available_minor: null,
    profile_version: 1,
    trace: [],
  };
  const authorization_id = 'auth_00000000000000000000000000';
  expect(answerTo(message, { authorization_id, decision })).toMatchObject({
    status: 200,
    body: { jit_funding: { amount: 4 } },
  });
});
