// Marqeta's transaction webhooks in our words. What moves no money (a declined or repeated notice) is acknowledged and left.
// Types that are in Marqeta's own lists but in no example that we know are marked [U].

import type { CardMessage } from '../../../contracts/card-message.ts';
import { inShape } from '../../body.ts';
import {
  anyTransactionSchema,
  instantOf,
  known,
  merchantOf,
  minorOf,
  type Transaction,
  transactionSchema,
} from './wire.ts';

/** What one notification asks of a card; `nothing`: no money moves here. */
export type Notice =
  | { does: 'receive'; cardToken: string; message: CardMessage }
  /** Our approval did not come about. `release`: its whole hold, for one that the card did not give itself (stand-in). */
  | { does: 'void'; cardToken: string; requestKey: string; release: CardMessage | null }
  | { does: 'nothing'; why: 'ignored' | 'chargeback'; type: string };

type Meaning = (transaction: Transaction, at: string) => CardMessage | null;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>(
  Object.entries({
    authorization: standInOf,
    'authorization.incremental': standInOf,
    'authorization.standin': adviceOf,
    'authorization.advice': adviceOf,
    'authorization.reversal': reversalOf,
    'authorization.reversal.issuerexpiration': expiryOf,
    'authorization.clearing': clearingOf,
    pindebit: singleMessageOf,
    'pindebit.atm.withdrawal': singleMessageOf,
    refund: refundOf,
    'refund.authorization.clearing': refundOf,
    // [U]
    'authorization.cashback': standInOf,
    'authorization.quasi.cash': standInOf,
    'authorization.atm.withdrawal': standInOf,
    'authorization.clearing.cashback': clearingOf,
    'authorization.clearing.quasi.cash': clearingOf,
    'authorization.clearing.atm.withdrawal': clearingOf,
    'pindebit.cashback': singleMessageOf,
    'pindebit.quasi.cash': singleMessageOf,
    'pindebit.authorization': standInOf,
    'pindebit.authorization.clearing': clearingOf,
    'pindebit.authorization.reversal': reversalOf,
    'pindebit.authorization.reversal.issuerexpiration': expiryOf,
    'pindebit.refund': refundOf,
    // The money has moved already; its way back is a refund.
    'pindebit.reversal': refundOf,
  }),
);

/** `at`: where the transaction stands in the body, for the field names of a refusal. */
export function noticeOf(element: unknown, at: string): Notice {
  const { type } = inShape(anyTransactionSchema, element, at);
  const meaning = meanings.get(type);
  // Of what is not read nothing but its type is asked: it may name no card, or no amount.
  if (meaning === undefined)
    return { does: 'nothing', why: type.includes('chargeback') ? 'chargeback' : 'ignored', type };
  const transaction = inShape(transactionSchema, element, at);
  const cardToken = transaction.card_token;
  const message = isRefused(transaction) ? null : meaning(transaction, at);
  if (message !== null) return { does: 'receive', cardToken, message };
  const requestKey = failedRequestOf(transaction);
  if (requestKey === null) return { does: 'nothing', why: 'ignored', type };
  return { does: 'void', cardToken, requestKey, release: releaseOf(transaction) };
}

function isRefused({ state }: Transaction): boolean {
  return state === 'DECLINED' || state === 'ERROR';
}

/** The request that we answered too late for Marqeta, or approved in vain: something else of Marqeta's spoke against it. */
function failedRequestOf(transaction: Transaction): string | null {
  const { jit_funding, funding } = transaction.gpa_order ?? {};
  const { timed_out, response } = funding?.gateway_log ?? {};
  const failed = timed_out === true || (isRefused(transaction) && response?.code === '200');
  return failed ? (jit_funding?.token ?? null) : null;
}

/** Null where the hold is not this transaction's alone: an increment's stands with what it adds to. */
function releaseOf({ type, token, currency_code, created_time }: Transaction): CardMessage | null {
  if (type === 'authorization.incremental') return null;
  return {
    kind: 'reversal',
    message_key: token,
    ...known({ occurred_at_ms: instantOf(created_time) }),
    currency: currency_code,
    authorization_key: token,
    amount_minor: null,
  };
}

/** What every message says. `alias`: the network may name what it belongs to by this transaction from now on. */
function commonOf({ token, currency_code, created_time }: Transaction, { alias }: { alias: boolean }) {
  return {
    message_key: token,
    ...known({ alias_key: alias ? token : undefined, occurred_at_ms: instantOf(created_time) }),
    currency: currency_code,
  };
}

function amountOf(transaction: Transaction, at: string): number {
  return minorOf(transaction.amount, transaction.currency_code, `${at}.amount`);
}

/** Who decided without us; null where nobody did. */
function standInBy({ type, subnetwork, standin_approved_by, standin_by }: Transaction): 'network' | 'processor' | null {
  if (standin_approved_by != null || subnetwork === 'MANAGED_JIT') return 'processor';
  return standin_by != null || type === 'authorization.standin' ? 'network' : null;
}

/**
 * The parts of an advice. Where Marqeta stood in because our answer failed, we have given the request up after the instant that
 * Marqeta stamps on it; so that the hold outlasts that, its instant stays unsaid, which is the present.
 */
function advisedOf(transaction: Transaction, alias: boolean) {
  const { timed_out, response } = transaction.gpa_order?.funding?.gateway_log ?? {};
  const failed = timed_out === true || (response?.code != null && !/^(200|402)$/.test(response.code));
  const { occurred_at_ms, ...common } = commonOf(transaction, { alias });
  return { ...common, ...(failed || occurred_at_ms === undefined ? {} : { occurred_at_ms }) };
}

/** A request that we have answered is known; one that was decided in our place is not. */
function standInOf(transaction: Transaction, at: string): CardMessage | null {
  const decided_by = standInBy(transaction);
  if (decided_by === null) return null;
  const { token, card_acceptor } = transaction;
  return {
    kind: 'advice',
    ...advisedOf(transaction, false),
    // [U] An increment that was decided in our place says what was added, not the new total: it gets a hold of its own, which
    // is never less than what the network holds.
    authorization_key: token,
    hold_minor: amountOf(transaction, at),
    decided_by,
    merchant: merchantOf(card_acceptor),
  };
}

/** The top amount is the new total; that of `jit_funding` is what was released. */
function adviceOf(transaction: Transaction, at: string): CardMessage {
  const { token, preceding_related_transaction_token: linked, card_acceptor } = transaction;
  return {
    kind: 'advice',
    ...advisedOf(transaction, linked != null),
    authorization_key: linked ?? token,
    hold_minor: amountOf(transaction, at),
    decided_by: standInBy(transaction) ?? 'network',
    merchant: merchantOf(card_acceptor),
  };
}

/** [U] Which amount is the reversed one is said nowhere; `jit_funding` has what is released in an advice, of the same method. */
function reversalOf(transaction: Transaction, at: string): CardMessage | null {
  const { preceding_related_transaction_token: linked, gpa_order, currency_code } = transaction;
  if (linked == null) return null;
  const released = gpa_order?.jit_funding?.amount ?? null;
  return {
    kind: 'reversal',
    ...commonOf(transaction, { alias: true }),
    authorization_key: linked,
    amount_minor:
      released === null
        ? amountOf(transaction, at)
        : minorOf(released, currency_code, `${at}.gpa_order.jit_funding.amount`),
  };
}

function expiryOf(transaction: Transaction): CardMessage | null {
  const { preceding_related_transaction_token: linked } = transaction;
  if (linked == null) return null;
  return { kind: 'expiry', ...commonOf(transaction, { alias: true }), authorization_key: linked };
}

function clearingOf(transaction: Transaction, at: string): CardMessage {
  const { token, preceding_related_transaction_token: linked, card_acceptor, gpa_order } = transaction;
  // [U] A single message may come under this type too: then it is the request's own transaction, and no force post.
  const single = linked == null && gpa_order?.jit_funding?.method?.startsWith('pgfs.auth_plus_capture') === true;
  return {
    kind: 'clearing',
    ...commonOf(transaction, { alias: !single }),
    authorization_key: single ? token : (linked ?? null),
    amount_minor: amountOf(transaction, at),
    final: single || isFinal(transaction),
    merchant: merchantOf(card_acceptor),
  };
}

/** Request and clearing in one: the request had this same transaction token. */
function singleMessageOf(transaction: Transaction, at: string): CardMessage | null {
  const { token, state, preceding_related_transaction_token: linked, card_acceptor } = transaction;
  if (state === 'PENDING') return null;
  return {
    kind: 'clearing',
    ...commonOf(transaction, { alias: linked != null }),
    authorization_key: linked ?? token,
    amount_minor: amountOf(transaction, at),
    final: true,
    merchant: merchantOf(card_acceptor),
  };
}

function refundOf(transaction: Transaction, at: string): CardMessage {
  const { preceding_related_transaction_token: linked, card_acceptor } = transaction;
  return {
    kind: 'refund',
    ...commonOf(transaction, { alias: false }),
    authorization_key: linked ?? null,
    amount_minor: amountOf(transaction, at),
    merchant: merchantOf(card_acceptor),
  };
}

/** Marqeta says so, or numbers the clearings; where it does neither, the rest of the hold stays until it expires. */
function isFinal({ is_final_clearing, multi_clearing_sequence_number, multi_clearing_sequence_count }: Transaction) {
  if (is_final_clearing != null) return is_final_clearing;
  return multi_clearing_sequence_number != null && multi_clearing_sequence_number === multi_clearing_sequence_count;
}
