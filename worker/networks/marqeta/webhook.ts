// Marqeta's transaction webhooks in our words. What moves no money here is acknowledged and left; what may have moved money and
// cannot be booked is thrown as a refusal that names its field: the caller keeps it for a person.
// Types that are in Marqeta's own lists but in no example that we know are marked [U].

import { attribute, type Unread, wordOf } from '../../../contracts/attributes.ts';
import type { Merchant } from '../../../contracts/authorization-request.ts';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { type Fields, isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { fieldAgain, standsTwice } from '../../../contracts/lost-by-json.ts';
import { networkKeySchema } from '../../../contracts/network.ts';
import { inShape, refusalOf } from '../../body.ts';
import type { Notice } from '../network.ts';
import { adviceOf, clearingOf, expiryOf, refundOf, reversalOf, singleMessageOf, standInOf } from './messages.ts';
import { gatewayLogOf, jitFundingOf, type Reading, standInBy } from './reading.ts';
import { instantOf, known, linkOf, merchantOrNull, parseMarqeta, transactionSchema } from './wire.ts';

type Meaning = (transaction: Reading) => CardMessage | null;

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

/**
 * Types that move no money of a card: inquiries, authorizations of refunds (their clearing moves it), tokens of wallets, and
 * Marqeta's own accounts, which mirror what the gateway has decided. Every other type that has no meaning above is kept.
 */
const movesNothing =
  /^(?:(?:pindebit\.)?balanceinquiry|authorization\.account_verification|refund\.authorization(?:\.advice|\.reversal)?|original\.credit\.authorization(?:\.reversal)?|(?:token|gpa|msa|programreserve)\..+)$/;

const states: ReadonlySet<string> = new Set(['PENDING', 'CLEARED', 'COMPLETION', 'DECLINED', 'ERROR']);

/**
 * `at`: where the transaction stands in the body. Throws a refusal for what cannot be booked: amount, currency or a key that
 * cannot be read, and types and states that nobody here knows.
 */
export function noticeOf(element: unknown, at: string, unread: Unread = new Set()): Notice {
  if (!isFields(element)) throw refusalOf(at, 'must be an object');
  const again = fieldAgain(element);
  if (again !== null) throw refusalOf(`${at}.${again}`, standsTwice);
  const type = typeOf(element, at);
  const state = attribute(wordOf, element['state'], 'state', unread);
  const isRefused = state === 'DECLINED' || state === 'ERROR';
  const meaning = meanings.get(type);
  if (meaning === undefined) {
    if (isRefused || movesNothing.test(type)) return { does: 'nothing', type };
    throw refusalOf(
      `${at}.type`,
      type.includes('chargeback') ? 'is a chargeback, which is not booked here' : 'is not known',
    );
  }
  if (element['state'] != null && element['state'] !== '' && !states.has(state ?? ''))
    throw refusalOf(`${at}.state`, 'is not known');
  const gateway = gatewayLogOf(element, unread);
  const standIn = standInBy(element, type, unread);
  const isFailed = gateway.timedOut || (isRefused && gateway.responseCode === '200');
  // Our own answer told again: nothing else of it needs to be read.
  if ((isRefused || (meaning === standInOf && standIn === null)) && !isFailed) return { does: 'nothing', type };
  const transaction: Reading = {
    ...inShape(transactionSchema, element, at),
    ...{ type, state, at, unread, standIn, gateway },
    link: linkOf(element, at),
  };
  const cardToken = transaction.card_token;
  const message = isRefused ? null : meaning(transaction);
  if (message !== null) return { does: 'receive', cardToken, message };
  // The request that we answered too late for Marqeta, or approved in vain: something else of Marqeta's spoke against it.
  const requestKey = isFailed ? failedRequestOf(transaction) : null;
  if (requestKey === null) return { does: 'nothing', type };
  return { does: 'void', cardToken, requestKey, release: releaseOf(transaction) };
}

function typeOf({ type }: Fields, at: string): string {
  if (typeof type !== 'string' || !/^[\x20-\x7e]+$/.test(type))
    throw refusalOf(`${at}.type`, type === undefined ? 'is missing' : 'must be a text');
  return type.trim().toLowerCase().slice(0, limits.networkKeyLengthMax);
}

/** The key of the request that failed; null where it names none. */
function failedRequestOf(transaction: Reading): string | null {
  const { token } = jitFundingOf(transaction);
  if (token === undefined || token === null) return null;
  const read = networkKeySchema.safeParse(token);
  if (read.success) return read.data;
  throw refusalOf(`${transaction.at}.gpa_order.jit_funding.token`, read.error.issues[0]?.message ?? '');
}

/** Null where the hold is not this transaction's alone: an increment's stands with what it adds to. */
function releaseOf({ type, token, currency_code, created_time, unread }: Reading): CardMessage | null {
  if (type === 'authorization.incremental') return null;
  return {
    kind: 'reversal',
    message_key: token,
    ...known({ occurred_at_ms: instantOf(unread, created_time) }),
    currency: currency_code,
    authorization_key: token,
    amount_minor: null,
  };
}

/** Null where none can be read. */
export function merchantIn(element: unknown): Merchant | null {
  return isFields(element) ? merchantOrNull(element['card_acceptor'], new Set()) : null;
}

/**
 * A webhook's body; its text where that is no JSON: who signed it may have told of money in it, so a person looks. Nothing at all
 * tells of nothing, and is refused.
 */
export function readWebhook(text: string): unknown {
  try {
    return parseMarqeta(text);
  } catch (error) {
    if (text.trim() === '') throw error;
    return text;
  }
}
