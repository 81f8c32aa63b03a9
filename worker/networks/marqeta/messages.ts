// What each meaning of a transaction is in our words. Throws a refusal that names the field where amount or a key cannot be read.

import { attribute, countOf, flagOf, wordOf } from '../../../contracts/attributes.ts';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { refusalOf } from '../../body.ts';
import { jitFundingOf, type Reading } from './reading.ts';
import { instantOf, known, merchantOrNull, minorOf } from './wire.ts';

/** What every message says. `alias`: the network may name what it belongs to by this transaction from now on. */
function commonOf({ token, currency_code, created_time, unread }: Reading, { alias }: { alias: boolean }) {
  return {
    message_key: token,
    ...known({ alias_key: alias ? token : undefined, occurred_at_ms: instantOf(unread, created_time) }),
    currency: currency_code,
  };
}

function amountOf({ amount, currency_code, at }: Reading): number {
  return minorOf(amount, currency_code, `${at}.amount`);
}

/**
 * The parts of an advice. Where Marqeta stood in because our answer failed, we have given the request up after the instant that
 * Marqeta stamps on it; so that the hold outlasts that, its instant stays unsaid, which is the present.
 */
function advisedOf(transaction: Reading, alias: boolean) {
  const { timedOut, responseCode } = transaction.gateway;
  const failed = timedOut || (responseCode !== null && !/^(200|402)$/.test(responseCode));
  const { occurred_at_ms, ...common } = commonOf(transaction, { alias });
  return { ...common, ...(failed || occurred_at_ms === undefined ? {} : { occurred_at_ms }) };
}

/** A request that we have answered is known; one that was decided in our place is not. */
export function standInOf(transaction: Reading): CardMessage | null {
  const { token, card_acceptor, standIn: decided_by, unread } = transaction;
  if (decided_by === null) return null;
  return {
    kind: 'advice',
    ...advisedOf(transaction, false),
    // [U] An increment that was decided in our place says what was added, not the new total: it gets a hold of its own, which
    // is never less than what the network holds.
    authorization_key: token,
    hold_minor: amountOf(transaction),
    decided_by,
    merchant: merchantOrNull(card_acceptor, unread),
  };
}

/** The top amount is the new total; that of `jit_funding` is what was released. */
export function adviceOf(transaction: Reading): CardMessage {
  const { token, link, card_acceptor, standIn, unread } = transaction;
  return {
    kind: 'advice',
    ...advisedOf(transaction, link !== null),
    authorization_key: link ?? token,
    hold_minor: amountOf(transaction),
    decided_by: standIn ?? 'network',
    merchant: merchantOrNull(card_acceptor, unread),
  };
}

/** [U] Which amount is the reversed one is said nowhere; `jit_funding` has what is released in an advice, of the same method. */
export function reversalOf(transaction: Reading): CardMessage {
  const { currency_code, at } = transaction;
  const released = jitFundingOf(transaction)['amount'] ?? null;
  return {
    kind: 'reversal',
    ...commonOf(transaction, { alias: true }),
    authorization_key: releasedOf(transaction),
    amount_minor:
      released === null
        ? amountOf(transaction)
        : minorOf(released, currency_code, `${at}.gpa_order.jit_funding.amount`),
  };
}

export function expiryOf(transaction: Reading): CardMessage {
  return { kind: 'expiry', ...commonOf(transaction, { alias: true }), authorization_key: releasedOf(transaction) };
}

/** The authorization that is released: somewhere a hold is gone, so one that is not named is for a person to find. */
function releasedOf({ link, at }: Reading): string {
  if (link !== null) return link;
  throw refusalOf(`${at}.preceding_related_transaction_token`, 'is missing');
}

export function clearingOf(transaction: Reading): CardMessage {
  const { token, link, card_acceptor, unread } = transaction;
  // [U] A single message may come under this type too: then it is the request's own transaction, and no force post.
  const method = attribute(wordOf, jitFundingOf(transaction)['method'], 'jit_funding', unread);
  const single = link === null && method?.startsWith('PGFS.AUTH_PLUS_CAPTURE') === true;
  return {
    kind: 'clearing',
    ...commonOf(transaction, { alias: !single }),
    authorization_key: single ? token : link,
    amount_minor: amountOf(transaction),
    final: single || isFinal(transaction),
    merchant: merchantOrNull(card_acceptor, unread),
  };
}

/** Request and clearing in one: the request had this same transaction token. */
export function singleMessageOf(transaction: Reading): CardMessage | null {
  const { token, state, link, card_acceptor, unread } = transaction;
  if (state === 'PENDING') return null;
  return {
    kind: 'clearing',
    ...commonOf(transaction, { alias: link !== null }),
    authorization_key: link ?? token,
    amount_minor: amountOf(transaction),
    final: true,
    merchant: merchantOrNull(card_acceptor, unread),
  };
}

export function refundOf(transaction: Reading): CardMessage {
  const { link, card_acceptor, unread } = transaction;
  return {
    kind: 'refund',
    ...commonOf(transaction, { alias: false }),
    authorization_key: link,
    amount_minor: amountOf(transaction),
    merchant: merchantOrNull(card_acceptor, unread),
  };
}

/** Marqeta says so, or numbers the clearings; where it does neither, the rest of the hold stays until it expires. */
function isFinal({
  is_final_clearing,
  multi_clearing_sequence_number,
  multi_clearing_sequence_count,
  unread,
}: Reading): boolean {
  const said = attribute(flagOf, is_final_clearing, 'final', unread);
  if (said !== null) return said;
  const number = attribute(countOf, multi_clearing_sequence_number, 'final', unread);
  const count = attribute(countOf, multi_clearing_sequence_count, 'final', unread);
  return number !== null && number === count;
}
