// Marqeta's gateway JIT funding: an actionable request in, `jit_funding` back with 200 (approved) or 402 (declined).
// The answer is worked out from the request and the stored decision alone, so a repeat gets the same bytes.

import type {
  AuthorizationRequest,
  channels,
  entryModes,
  requestKinds,
} from '../../../contracts/authorization-request.ts';
import type { Decided, DeclineReason } from '../../../contracts/decision.ts';
import { limits } from '../../../contracts/limits.ts';
import { decimalTextFromMinor } from '../../../contracts/money.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { threeDSecureOf } from './three-d-secure.ts';
import { echoOf, type GatewayMessage, instantOf, known, merchantCurrencyOf, merchantOf, minorOf } from './wire.ts';

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
  } as const),
);

export function requestOf(message: GatewayMessage): AuthorizationRequest {
  const { jit_funding } = message.gpa_order;
  const kind = kinds.get(jit_funding.method);
  if (kind === undefined) {
    const problem = `must be one of ${[...kinds.keys()].join(', ')}`;
    const field = 'gpa_order.jit_funding.method';
    throw new Refusal(422, 'field_invalid', `${field} ${problem}.`, [{ field, problem }]);
  }
  const pos = message.pos ?? message.poi;
  // An increment belongs to what it adds to; later messages may name it by the increment's own token.
  const added = kind === 'incremental' ? message.preceding_related_transaction_token : null;
  return {
    request_key: jit_funding.token,
    authorization_key: added ?? message.token,
    kind,
    amount_minor: minorOf(jit_funding.amount, message.currency_code, 'gpa_order.jit_funding.amount'),
    currency: message.currency_code,
    merchant: merchantOf(message.card_acceptor),
    channel: channelOf(message, pos),
    entry_mode: panEntryModes.get(pos?.pan_entry_mode ?? '') ?? 'other',
    card_present: pos?.card_presence ?? null,
    partial_approval_capable: pos?.partial_approval_capable ?? false,
    ...known({
      alias_key: added == null ? undefined : message.token,
      occurred_at_ms: instantOf(message.created_time, message.user_transaction_time),
      merchant_currency: merchantCurrencyOf(message),
      three_d_secure: threeDSecureOf(message.cardholder_authentication_data),
      risk_score: riskScoreOf(message),
    }),
  };
}

/** A score beyond the scale counts as its end: the riskiest stays the riskiest. */
function riskScoreOf({ fraud }: GatewayMessage): number | undefined {
  const score = fraud?.network?.transaction_risk_score;
  return score == null ? undefined : Math.min(Math.max(Math.round(score), 0), limits.riskScoreMax);
}

function channelOf(message: GatewayMessage, pos: GatewayMessage['pos']): Channel {
  if (message.gpa_order.jit_funding.method.endsWith('atm.withdrawal')) return 'atm';
  if (pos?.is_recurring === true) return 'recurring';
  const named = paymentChannels.get(message.transaction_metadata?.payment_channel ?? '');
  if (named !== undefined) return named;
  return pos?.card_presence === true ? 'pos' : 'other';
}

/** HTTP status and body of the answer. */
export function answerTo(message: GatewayMessage, { authorization_id, decision }: Decided) {
  const { token, method, user_token, acting_user_token, amount } = message.gpa_order.jit_funding;
  const approved = decision.outcome === 'approved';
  const currency = message.currency_code;
  const jit_funding = {
    token,
    method,
    user_token,
    ...(acting_user_token == null ? {} : { acting_user_token }),
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

/** The failure policy `decline`: refused in Marqeta's words, though no card has decided anything. */
export function unavailableAnswer(message: GatewayMessage) {
  const { token, method, user_token, amount } = message.gpa_order.jit_funding;
  const decline_reason = 'TRANSACTION_NOT_PERMITTED';
  return { jit_funding: { token, method, user_token, amount: echoOf(amount), decline_reason } };
}

/** The failure policy `stand_in`: approved by the edge; the card learns of it when it is back, so there is no id of ours yet. */
export function stoodInAnswer(message: GatewayMessage) {
  const { token, method, user_token, amount } = message.gpa_order.jit_funding;
  return { jit_funding: { token, method, user_token, amount: echoOf(amount) } };
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
