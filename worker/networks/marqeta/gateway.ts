// Marqeta's gateway JIT funding: an actionable request in, `jit_funding` back with 200 (approved) or 402 (declined).
// The answer is worked out from the request and the stored decision alone, so a repeat gets the same bytes.

import { attribute, flagOf, riskScoreOf, type Unread, wordOf } from '../../../contracts/attributes.ts';
import type {
  AuthorizationRequest,
  channels,
  entryModes,
  requestKinds,
} from '../../../contracts/authorization-request.ts';
import type { Decided } from '../../../contracts/decision.ts';
import type { DeclineReason } from '../../../contracts/decline-reasons.ts';
import { limits } from '../../../contracts/limits.ts';
import { decimalTextFromMinor } from '../../../contracts/money.ts';
import type { Refusal } from '../../../contracts/problem.ts';
import { refusalOf } from '../../body.ts';
import { threeDSecureOf } from './three-d-secure.ts';
import {
  echoOf,
  fieldsOf,
  type GatewayMessage,
  instantOf,
  known,
  linkOf,
  merchantCurrencyIn,
  merchantOf,
  minorOf,
} from './wire.ts';

type Channel = (typeof channels)[number];
type EntryMode = (typeof entryModes)[number];

/**
 * Every method that needs a decision ([U]: Marqeta lists them nowhere whole). Of single messages (auth_plus_capture, pindebit) the
 * money is held until their webhook says that it moved.
 */
const kinds: ReadonlyMap<string, (typeof requestKinds)[number]> = new Map(
  Object.entries({
    'pgfs.authorization': 'authorization',
    'pgfs.authorization.incremental': 'incremental',
    'pgfs.authorization.cashback': 'authorization',
    'pgfs.authorization.quasi.cash': 'authorization',
    'pgfs.authorization.account_verification': 'account_verification',
    'pgfs.auth_plus_capture': 'authorization',
    'pgfs.atm.withdrawal': 'authorization',
    'pgfs.balanceinquiry': 'balance_inquiry',
    'pgfs.pindebit': 'authorization',
    'pgfs.pindebit.authorization': 'authorization',
    'pgfs.pindebit.cashback': 'authorization',
    'pgfs.pindebit.quasi.cash': 'authorization',
    'pgfs.pindebit.atm.withdrawal': 'authorization',
    'pgfs.pindebit.balanceinquiry': 'balance_inquiry',
  } as const),
);

const paymentChannels: ReadonlyMap<string, Channel> = new Map(
  Object.entries({
    OTHER: 'other',
    ATM: 'atm',
    ECOMMERCE: 'ecommerce',
    EU_MOTO_NON_SECURE: 'moto',
    MAIL: 'moto',
    MOTO: 'moto',
    PHONE: 'moto',
  } as const),
);

const panEntryModes: ReadonlyMap<string, EntryMode> = new Map(
  Object.entries({
    CARD_ON_FILE: 'card_on_file',
    CHIP: 'chip',
    CHIP_CONTACTLESS: 'contactless',
    CHIP_FALLBACK: 'magnetic_stripe',
    MAG_STRIPE: 'magnetic_stripe',
    MAG_STRIPE_CONTACTLESS: 'contactless',
    MANUAL: 'manual',
    BAR_CODE: 'other',
    MICR: 'other',
    OCR: 'other',
    OTHER: 'other',
    UNKNOWN: 'other',
  } as const),
);

/**
 * The request in our words. Refused by the name of its field where amount, currency or a key cannot be read; of all else what
 * cannot be read is unknown, and counted in `unread`.
 */
export function requestOf(message: GatewayMessage, unread: Unread = new Set()): AuthorizationRequest {
  const { jit_funding } = message.gpa_order;
  const kind = kinds.get(jit_funding.method);
  if (kind === undefined)
    throw refusalOf('gpa_order.jit_funding.method', `must be one of ${[...kinds.keys()].join(', ')}`);
  const pos = fieldsOf(message.pos ?? message.poi, 'pos', unread);
  const flag = (name: string) => attribute(flagOf, pos[name], name, unread);
  const card_present = flag('card_presence');
  const entryMode = attribute(oneOf(panEntryModes), pos['pan_entry_mode'], 'entry_mode', unread);
  // An increment belongs to what it adds to; later messages may name it by the increment's own token.
  const added = kind === 'incremental' ? linkOf(message, '') : null;
  return {
    request_key: jit_funding.token,
    authorization_key: added ?? message.token,
    kind,
    amount_minor: minorOf(jit_funding.amount, message.currency_code, 'gpa_order.jit_funding.amount'),
    currency: message.currency_code,
    merchant: merchantOf(message.card_acceptor, unread),
    channel: channelOf(
      message,
      { isRecurring: flag('is_recurring') === true, isPresent: card_present === true },
      unread,
    ),
    entry_mode: entryMode ?? 'other',
    card_present,
    partial_approval_capable: flag('partial_approval_capable') ?? false,
    ...known({
      alias_key: added === null ? undefined : message.token,
      occurred_at_ms: instantOf(unread, message.created_time, message.user_transaction_time),
      merchant_currency: merchantCurrencyIn(message, unread),
      three_d_secure: threeDSecureOf(message.cardholder_authentication_data, unread),
      risk_score: riskScoreIn(message, unread),
    }),
  };
}

function riskScoreIn({ fraud }: GatewayMessage, unread: Unread): number | undefined {
  const { network } = fieldsOf(fraud, 'risk_score', unread);
  const { transaction_risk_score } = fieldsOf(network, 'risk_score', unread);
  return attribute(riskScoreOf, transaction_risk_score, 'risk_score', unread) ?? undefined;
}

function channelOf(
  { gpa_order, transaction_metadata }: GatewayMessage,
  { isRecurring, isPresent }: { isRecurring: boolean; isPresent: boolean },
  unread: Unread,
): Channel {
  if (gpa_order.jit_funding.method.endsWith('atm.withdrawal')) return 'atm';
  if (isRecurring) return 'recurring';
  const { payment_channel } = fieldsOf(transaction_metadata, 'channel', unread);
  const named = attribute(oneOf(paymentChannels), payment_channel, 'channel', unread) ?? 'other';
  return named === 'other' && isPresent ? 'pos' : named;
}

/** What one of Marqeta's words is here; a word that it does not list is unknown. */
function oneOf<T>(words: ReadonlyMap<string, T>): (text: string) => T | null {
  return (text) => words.get(wordOf(text) ?? '') ?? null;
}

/** HTTP status and body of the answer. */
export function answerTo(message: GatewayMessage, { authorization_id, decision }: Decided) {
  const { amount, method, ...told } = message.gpa_order.jit_funding;
  const approved = decision.outcome === 'approved';
  const currency = message.currency_code;
  const jit_funding = {
    token: told.token,
    method,
    ...usersOf(told),
    // [U] Below what was asked for: approved in part, which is only done where the request says that the terminal can.
    amount: approved ? major(decision.approved_minor, currency) : echoOf(amount),
    // Marqeta keeps tags with the transaction: our id of the authorization, for whoever looks from there to here.
    tags: `authorization_id=${authorization_id}`,
    ...(decision.reason === null ? {} : { decline_reason: marqetaReason(decision.reason) }),
    ...(approved && kinds.get(method) === 'balance_inquiry' && decision.available_minor !== null
      ? { balances: { [currency]: balance(decision.available_minor, currency) } }
      : {}),
  };
  return { status: approved ? (200 as const) : (402 as const), body: { jit_funding } };
}

/** The users that a request names, told back as they came, as far as Marqeta can have meant them. */
function usersOf({ user_token, acting_user_token }: { user_token?: unknown; acting_user_token?: unknown }) {
  return known({ user_token: tokenOf(user_token), acting_user_token: tokenOf(acting_user_token) });
}

function tokenOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= limits.networkKeyLengthMax ? value : undefined;
}

/** The failure policy `decline`: refused in Marqeta's words, though no card has decided anything. */
export function unavailableAnswer(message: GatewayMessage) {
  return { jit_funding: { ...askedAgain(message), decline_reason: 'TRANSACTION_NOT_PERMITTED' } };
}

/**
 * A request of which amount, currency or a key cannot be read is declined: nothing is approved that cannot be held. Marqeta gets
 * what can be read of its own `jit_funding` back.
 */
export function unreadableAnswer(body: unknown, { details }: Refusal) {
  const nobody: Unread = new Set();
  const order = fieldsOf(fieldsOf(body, '', nobody)['gpa_order'], '', nobody);
  const { token, method, user_token, amount } = fieldsOf(order['jit_funding'], '', nobody);
  const isOfAmount = details.some(({ field }) => field.endsWith('amount'));
  return {
    jit_funding: {
      ...known({
        token: tokenOf(token),
        method: tokenOf(method),
        user_token: tokenOf(user_token),
        amount: echoOf(amount),
      }),
      decline_reason: isOfAmount ? 'INVALID_AMOUNT' : 'TRANSACTION_NOT_PERMITTED',
    },
  };
}

/** The failure policy `stand_in`: approved by the edge; the card learns of it when it is back, so there is no id of ours yet. */
export function stoodInAnswer(message: GatewayMessage) {
  return { jit_funding: askedAgain(message) };
}

function askedAgain({ gpa_order }: GatewayMessage) {
  const { token, method, user_token, amount } = gpa_order.jit_funding;
  return { token, method, ...usersOf({ user_token }), amount: echoOf(amount) };
}

function balance(availableMinor: number, currency_code: string) {
  const amount = major(availableMinor, currency_code);
  return { currency_code, ledger_balance: amount, available_balance: amount, credit_balance: 0, pending_credits: 0 };
}

/** Major units as a JSON number: at most 13 significant digits, which a double prints back exactly. */
function major(amountMinor: number, currency: string): number {
  return Number(decimalTextFromMinor(amountMinor, currency));
}

/** From our reasons to Marqeta's `decline_reason`s: poorer, so several of ours share one. */
function marqetaReason(reason: DeclineReason): string {
  switch (reason) {
    case 'card_unknown':
      return 'INVALID_CARD';
    case 'card_not_active':
    case 'card_already_used':
      return 'CARD_NOT_ACTIVE';
    case 'card_closed':
      return 'CLOSED_ACCOUNT';
    case 'card_expired':
      return 'EXPIRED_CARD';
    case 'amount_invalid':
      return 'INVALID_AMOUNT';
    case 'merchant_not_allowed':
    case 'category_not_allowed':
      return 'INVALID_MERCHANT';
    case 'currency_not_allowed':
    case 'channel_not_allowed':
    case 'country_not_allowed':
    case 'time_not_allowed':
    case 'request_voided':
      return 'TRANSACTION_NOT_PERMITTED';
    case 'authentication_required':
      return 'SOFT_DECLINE_AUTHENTICATION_REQUIRED';
    case 'risk_too_high':
      return 'SUSPECTED_FRAUD';
    case 'exceeds_amount_max':
    case 'exceeds_amount_in_window':
      return 'AMOUNT_LIMIT_EXCEEDED';
    case 'exceeds_count_in_window':
      return 'TRANSACTION_COUNT_LIMIT_EXCEEDED';
    case 'insufficient_funds':
      return 'INSUFFICIENT_FUNDS';
  }
}
