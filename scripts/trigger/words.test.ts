// Every event that can be triggered is in the help, and is a message that the edge reads as what its name says.

import { describe, expect, test } from 'vitest';
import { requestOf } from '../../worker/networks/marqeta/gateway.ts';
import { noticeOf } from '../../worker/networks/marqeta/webhook.ts';
import { gatewaySchema, parseMarqeta } from '../../worker/networks/marqeta/wire.ts';
import { gatewayMessage, webhookMessage } from '../marqeta-messages.ts';
import { help, methods, readWords, webhookTypes } from './words.ts';

describe('words', () => {
  test.each([...Object.keys(methods), ...Object.keys(webhookTypes)])('%s is an event, and the help has it', (event) => {
    expect(readWords([event])).toMatchObject({ event, card: 'plain', currency: 'USD', partial: false });
    expect(help).toMatch(new RegExp(`^  ${event} `, 'm'));
  });

  test('provider-down and provider-up name a provider, and are in the help', () => {
    expect(readWords(['provider-down', 'simulated'])).toEqual({
      event: 'provider-down',
      provider: 'simulated',
      json: false,
    });
    expect(readWords(['provider-up', 'simulated', '--json'])).toMatchObject({ event: 'provider-up', json: true });
    expect(() => readWords(['provider-down'])).toThrow('say which provider');
    expect(() => readWords(['provider-down', 'simulated', 'now'])).toThrow('now is one word too many');
    for (const event of ['provider-down', 'provider-up']) expect(help).toMatch(new RegExp(`^  ${event} `, 'm'));
  });

  test('origin-down stands alone, and is in the help', () => {
    expect(readWords(['origin-down', '--json'])).toEqual({ event: 'origin-down', json: true });
    expect(() => readWords(['origin-down', 'now'])).toThrow('now is one word too many');
    expect(help).toMatch(/^ {2}origin-down /m);
  });

  test.each([[[]], [['--help']], [['clearing', '--help']]])('%j wants help', (args) => {
    expect(readWords(args)).toBeNull();
  });

  test.each([
    [['toString'], 'toString is not an event; the events are authorization,'],
    [['clearing', 'again'], 'again is one word too many'],
    [['clearing', '--amount', '1,50'], '--amount 1,50 is not an amount'],
  ])('%j is refused with its reason', (args, said) => {
    expect(() => readWords(args)).toThrow(said);
  });
});

describe('messages', () => {
  test('--merchant is the shop of what is asked and of what is told', () => {
    const words = readWords(['clearing', '--merchant', '000000000012345']);
    if (words === null || !('merchant' in words)) throw new Error('a clearing is a message');
    const merchantId = words.merchant;
    const common = { cardToken: 'card-1', amount: '3.00', merchantId };
    const { card_acceptor } = parseMarqeta(gatewayMessage(common)) as { card_acceptor: unknown };
    const told = parseMarqeta(webhookMessage({ ...common, type: 'authorization.clearing' }));
    expect(card_acceptor).toMatchObject({ mid: '000000000012345' });
    expect(told).toMatchObject({ transactions: [{ card_acceptor: { mid: '000000000012345' } }] });
  });

  test.each([
    ['authorization', 'authorization'],
    ['incremental', 'incremental'],
    ['pindebit', 'authorization'],
    ['account-verification', 'account_verification'],
    ['balance-inquiry', 'balance_inquiry'],
  ] as const)('%s is asked as %s', (event, kind) => {
    const text = gatewayMessage({ cardToken: 'card-1', amount: '0', method: methods[event], precedingToken: 'first' });
    expect(requestOf(gatewaySchema.parse(parseMarqeta(text)))).toMatchObject({ kind });
  });

  test.each([
    ['clearing', 'first', { kind: 'clearing', authorization_key: 'first', amount_minor: 300, final: true }],
    ['force-post', undefined, { kind: 'clearing', authorization_key: null }],
    ['reversal', 'first', { kind: 'reversal', amount_minor: 300 }],
    ['advice', 'first', { kind: 'advice', authorization_key: 'first', hold_minor: 300, decided_by: 'network' }],
    ['expiry', 'first', { kind: 'expiry', authorization_key: 'first' }],
    ['standin', undefined, { kind: 'advice', authorization_key: 'token', hold_minor: 300 }],
    ['refund', 'first', { kind: 'refund', authorization_key: 'first' }],
  ] as const)('%s is told of %s as %j', (event, precedingToken, message) => {
    const type = webhookTypes[event];
    const linked = precedingToken === undefined ? {} : { precedingToken };
    const text = webhookMessage({ type, cardToken: 'card-1', token: 'token', amount: '3.00', ...linked });
    const { transactions } = parseMarqeta(text) as { transactions: [unknown] };
    expect(noticeOf(transactions[0], 'transactions[0]')).toMatchObject({ does: 'receive', message });
  });
});
