// Every type of Marqeta's transaction webhooks, and what it is in our words.

import { describe, expect, test } from 'vitest';
import { type CardMessage, cardMessageSchema } from '../../../contracts/card-message.ts';
import { noticeOf } from './webhook.ts';
import { parseMarqeta } from './wire.ts';

const occurred_at_ms = Date.UTC(2026, 2, 4, 12);

/** Transaction T of 3.00, related to P; 1.00 of JIT funding. */
function transaction(type: string, changes: Record<string, unknown> = {}): unknown {
  const whole = {
    type,
    state: 'COMPLETION',
    token: 'T',
    card_token: 'card-1',
    preceding_related_transaction_token: 'P',
    created_time: '2026-03-04T12:00:00Z',
    amount: 3,
    currency_code: 'USD',
    subnetwork: 'VISANET',
    gpa_order: { jit_funding: { token: 'J', method: 'pgfs.any', amount: 1 } },
    card_acceptor: { mid: 'M', mcc: '5411', name: 'EXAMPLE GROCER', country_code: 'USA' },
    ...changes,
  };
  return parseMarqeta(JSON.stringify(whole));
}
const noticed = (type: string, changes?: Record<string, unknown>) =>
  noticeOf(transaction(type, changes), 'transactions[0]');

/** The message, as our own contract takes it. */
function messageOf(type: string, changes?: Record<string, unknown>): CardMessage | string {
  const notice = noticed(type, changes);
  if (notice.does !== 'receive') return notice.does;
  expect(notice.cardToken).toBe('card-1');
  return cardMessageSchema.parse(notice.message);
}

const merchant = { id: 'M', name: 'EXAMPLE GROCER', category: '5411', country: 'US' };
const common = { message_key: 'T', occurred_at_ms, currency: 'USD' };
const ofP = { ...common, authorization_key: 'P', alias_key: 'T' };
const ofT = { ...common, authorization_key: 'T' };
const ofNone = { ...common, authorization_key: null };
const alone = { preceding_related_transaction_token: null };

const clearing = { kind: 'clearing', amount_minor: 300, merchant };
const advice = { kind: 'advice', hold_minor: 300, decided_by: 'network', merchant };
const refund = { kind: 'refund', amount_minor: 300, merchant };
const reversal = { kind: 'reversal', amount_minor: 100 };

describe('what is stored', () => {
  test.each<[type: string, changes: Record<string, unknown>, message: unknown]>([
    // Decided by the network or by Marqeta in our place.
    ['authorization.standin', alone, { ...advice, ...ofT }],
    ['authorization.standin', {}, { ...advice, ...ofP }],
    [
      'authorization.standin',
      { standin_approved_by: 'COMMANDO_AUTO', ...alone },
      { ...advice, ...ofT, decided_by: 'processor' },
    ],
    ['authorization', { standin_approved_by: 'COMMANDO_MANUAL' }, { ...advice, ...ofT, decided_by: 'processor' }],
    ['authorization', { subnetwork: 'MANAGED_JIT', state: 'PENDING' }, { ...advice, ...ofT, decided_by: 'processor' }],
    ['authorization', { standin_by: 'VISA' }, { ...advice, ...ofT }],
    ['authorization.cashback', { standin_by: 'VISA' }, { ...advice, ...ofT }],
    ['authorization.quasi.cash', { standin_by: 'VISA' }, { ...advice, ...ofT }],
    ['authorization.atm.withdrawal', { standin_by: 'VISA' }, { ...advice, ...ofT }],
    ['pindebit.authorization', { standin_by: 'VISA' }, { ...advice, ...ofT }],
    // What was added is known, the new total is not: a hold of its own.
    ['authorization.incremental', { subnetwork: 'MANAGED_JIT' }, { ...advice, ...ofT, decided_by: 'processor' }],
    // The top amount is the new total.
    ['authorization.advice', {}, { ...advice, ...ofP }],
    ['authorization.advice', alone, { ...advice, ...ofT }],
    ['authorization.advice', { subnetwork: 'MANAGED_JIT' }, { ...advice, ...ofP, decided_by: 'processor' }],
    // The amount of the JIT funding is what is given back.
    ['authorization.reversal', {}, { ...reversal, ...ofP }],
    ['authorization.reversal', { gpa_order: null }, { ...reversal, ...ofP, amount_minor: 300 }],
    ['pindebit.authorization.reversal', {}, { ...reversal, ...ofP }],
    ['authorization.reversal.issuerexpiration', {}, { kind: 'expiry', ...ofP }],
    ['pindebit.authorization.reversal.issuerexpiration', {}, { kind: 'expiry', ...ofP }],
    ['authorization.clearing', {}, { ...clearing, ...ofP, final: false }],
    ['authorization.clearing', { is_final_clearing: true }, { ...clearing, ...ofP, final: true }],
    [
      'authorization.clearing',
      { multi_clearing_sequence_number: 2, multi_clearing_sequence_count: 2 },
      { ...clearing, ...ofP, final: true },
    ],
    ['authorization.clearing.cashback', {}, { ...clearing, ...ofP, final: false }],
    ['authorization.clearing.quasi.cash', {}, { ...clearing, ...ofP, final: false }],
    ['authorization.clearing.atm.withdrawal', {}, { ...clearing, ...ofP, final: false }],
    ['pindebit.authorization.clearing', {}, { ...clearing, ...ofP, final: false }],
    // Force post: of no authorization; a refund may name it.
    ['authorization.clearing', alone, { ...clearing, ...ofNone, alias_key: 'T', final: false }],
    [
      'authorization.clearing',
      { ...alone, gpa_order: { jit_funding: { token: 'J', method: 'pgfs.force_capture' } } },
      { ...clearing, ...ofNone, alias_key: 'T', final: false },
    ],
    // Request and clearing in one: the request was transaction T itself.
    ['pindebit', alone, { ...clearing, ...ofT, final: true }],
    ['pindebit', {}, { ...clearing, ...ofP, final: true }],
    ['pindebit.atm.withdrawal', alone, { ...clearing, ...ofT, final: true }],
    ['pindebit.cashback', alone, { ...clearing, ...ofT, final: true }],
    ['pindebit.quasi.cash', alone, { ...clearing, ...ofT, final: true }],
    [
      'authorization.clearing',
      { ...alone, gpa_order: { jit_funding: { token: 'J', method: 'pgfs.auth_plus_capture' } } },
      { ...clearing, ...ofT, final: true },
    ],
    ['refund', {}, { ...refund, ...common, authorization_key: 'P' }],
    ['refund', alone, { ...refund, ...ofNone }],
    ['refund.authorization.clearing', {}, { ...refund, ...common, authorization_key: 'P' }],
    ['pindebit.refund', {}, { ...refund, ...common, authorization_key: 'P' }],
    ['pindebit.reversal', {}, { ...refund, ...common, authorization_key: 'P' }],
  ])('%s %j', (type, changes, message) => {
    expect(messageOf(type, changes)).toEqual(message);
  });

  test.each([['yesterday'], [null], [1772625600000]])(
    'an odd created_time (%j) leaves the instant unsaid',
    (created_time) => {
      expect(messageOf('authorization.clearing', { created_time })).not.toHaveProperty('occurred_at_ms');
    },
  );
});

describe('what moves no money here', () => {
  test.each([
    // Our own answer told again.
    ['authorization', { state: 'PENDING' }],
    ['authorization.incremental', { state: 'PENDING' }],
    ['authorization.cashback', {}],
    ['authorization.standin', { state: 'DECLINED' }],
    ['authorization.clearing', { state: 'ERROR' }],
    ['authorization.clearing', { state: ' declined ' }],
    ['pindebit', { state: 'PENDING' }],
    ['invented.tomorrow', { state: 'DECLINED' }],
    // Nothing of our own answer needs to be read again.
    ['authorization', { amount: null, currency_code: null, token: null, card_token: null }],
    // Only its clearing moves money.
    ['refund.authorization', {}],
    ['refund.authorization.advice', {}],
    ['refund.authorization.reversal', {}],
    ['balanceinquiry', {}],
    ['gpa.credit', {}],
    ['gpa.debit.networkload', {}],
    ['token.activation-request', {}],
  ])('%s %j is acknowledged', (type, changes) => {
    expect(noticed(type, changes)).toEqual({ does: 'nothing', type });
  });
});

describe('what may have moved money and cannot be booked is named, for a person', () => {
  test.each([
    ['toString', {}, 'type is not known'],
    ['__proto__', {}, 'type is not known'],
    ['directdeposit.credit', {}, 'type is not known'],
    ['original.credit.authorization.clearing', {}, 'type is not known'],
    ['authorization.clearing.chargeback', {}, 'type is a chargeback, which is not booked here'],
    ['authorization.clearing.chargeback.reversal', {}, 'type is a chargeback, which is not booked here'],
    ['authorization.clearing.chargeback.provisional.credit', {}, 'type is a chargeback, which is not booked here'],
    ['pindebit.chargeback', {}, 'type is a chargeback, which is not booked here'],
    ['authorization.clearing', { type: null }, 'type must be a text'],
    ['authorization.clearing', { type: undefined }, 'type is missing'],
    ['authorization.clearing', { state: 'DISPUTED' }, 'state is not known'],
    ['authorization.clearing', { state: 5 }, 'state is not known'],
    ['authorization.reversal', alone, 'preceding_related_transaction_token is missing'],
    ['authorization.reversal.issuerexpiration', alone, 'preceding_related_transaction_token is missing'],
    [
      'authorization.clearing',
      { preceding_related_transaction_token: 5 },
      'preceding_related_transaction_token must be a text',
    ],
    ['authorization.clearing', { amount: '3' }, 'amount must be a number of major units'],
    ['authorization.clearing', { amount: -3 }, 'amount is negative'],
    ['authorization.clearing', { amount: undefined }, 'amount is missing'],
    [
      'authorization.reversal',
      { gpa_order: { jit_funding: { amount: '1' } } },
      'gpa_order.jit_funding.amount must be a number of major units',
    ],
    [
      'authorization',
      { gpa_order: { jit_funding: { token: 5 }, funding: { gateway_log: { timed_out: true } } } },
      'gpa_order.jit_funding.token must be a text',
    ],
  ])('%s %j: %s', (type, changes, problem) => {
    expect(() => noticed(type, changes)).toThrow(`transactions[0].${problem}.`);
  });

  test.each([null, 1, 'text', [], true])('an element that is %j', (element) => {
    expect(() => noticeOf(element, 'transactions[0]')).toThrow('transactions[0] must be an object.');
  });
});

describe('what needs no amount is read without one', () => {
  test.each(['authorization.reversal.issuerexpiration'])('%s', (type) => {
    expect(messageOf(type, { amount: null })).toEqual({ kind: 'expiry', ...ofP });
  });
});

describe('an approval that did not come about', () => {
  const order = (gateway_log: unknown) => ({ gpa_order: { jit_funding: { token: 'J' }, funding: { gateway_log } } });
  const release = { kind: 'reversal', ...common, authorization_key: 'T', amount_minor: null };
  const given = { does: 'void', cardToken: 'card-1', requestKey: 'J' };

  test.each([
    ['authorization', 'DECLINED', { timed_out: true }, release],
    ['authorization', 'PENDING', { timed_out: true }, release],
    ['pindebit', 'DECLINED', { timed_out: true }, release],
    // Approved by us, and refused by something of Marqeta's after all.
    ['authorization', 'DECLINED', { timed_out: false, response: { code: '200' } }, release],
    ['authorization', 'ERROR', { response: { code: '200' } }, release],
    // Its hold stands with what it adds to: only the increment itself is given up.
    ['authorization.incremental', 'DECLINED', { timed_out: true }, null],
  ])('%s, %s, %j gives the request up', (type, state, log, released) => {
    expect(noticed(type, { state, ...order(log) })).toEqual({ ...given, release: released });
  });

  test.each([
    ['DECLINED', { timed_out: false, response: { code: '402' } }],
    ['DECLINED', {}],
    ['PENDING', { response: { code: '200' } }],
    ['PENDING', null],
  ])('%s, %j gives nothing up', (state, log) => {
    expect(noticed('authorization', { state, ...order(log) })).toMatchObject({ does: 'nothing' });
  });

  test.each([
    [{ timed_out: true }, undefined],
    [{ timed_out: false, response: { code: '500' } }, undefined],
    // Marqeta was told to stand in whatever we say: nothing was given up here.
    [{ timed_out: false, response: { code: '402' } }, occurred_at_ms],
    [null, occurred_at_ms],
  ])('where Marqeta stood in for it (%j), its hold stands, after what we gave up', (log, instant) => {
    const changes = { state: 'PENDING', standin_approved_by: 'COMMANDO_AUTO', ...order(log) };
    const message = messageOf('authorization', changes);
    expect(message).toMatchObject({ kind: 'advice', hold_minor: 300 });
    expect((message as CardMessage).occurred_at_ms).toBe(instant);
  });
});
