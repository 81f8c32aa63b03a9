// One event booked: what it does to its authorization's row, and the transfers that say so in the ledger. Pure.
// The event carries its figures; nothing is worked out again.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { CardEvent, Effect } from '../../contracts/card-event.ts';
import { postings } from '../../core/ledger/postings.ts';
import type { Transfer } from '../ledger/transfers.ts';
import { approvedAfter, nothingStands, postedOf } from './approved.ts';
import type { ToJudge } from './note-to-judge.ts';
import { shopId } from './shop-id.ts';

export type MoneyEvent = Exclude<CardEvent, { kind: 'profile' }>;

export interface AuthorizationRow {
  readonly authorization_id: string;
  readonly stream_id: number;
  readonly ledger_account_no: number;
  readonly currency: string;
  readonly merchant: Merchant | null;
  /** The shop's id as accrual compares it with merchants' ids. */
  readonly network_merchant_id: string | null;
  /** `approved`: with nothing to hold. `posted`: money moved, nothing is held. `released`: nothing is held, none moved. */
  readonly status: 'approved' | 'declined' | 'held' | 'posted' | 'released';
  readonly reason: string | null;
  readonly requested_minor: bigint;
  readonly held_minor: bigint;
  readonly posted_minor: bigint;
  /** How much of what is held the card itself approved (approved.ts); null: stored by a release of before. */
  readonly approved_minor: bigint | null;
  /** What the authorizations that joined this one had posted. */
  readonly joined_posted_minor: bigint;
  readonly opened_at_ms: number;
  readonly updated_at_ms: number;
  /** The authorization that this one turned out to be: what comes later belongs to it. */
  readonly joined_into: string | null;
}

/** Where a stream's money in a currency is booked. */
export interface Accounts {
  readonly holder: (currency: string) => number;
  readonly clearing: (currency: string) => number;
}

export interface Booking {
  /** The rows that the event changed. */
  readonly authorizations: readonly AuthorizationRow[];
  readonly transfers: readonly Transfer[];
  /** Of clearings: what the card did not approve. */
  readonly unapproved: readonly ToJudge[];
  /** Of refunds: what their purchase had not cleared. */
  readonly unmatched: readonly ToJudge[];
}

/** The authorizations whose rows an event reads: its own, and the one that it joins to it. */
export function authorizationIdsOf(event: MoneyEvent): string[] {
  const { joined } = 'joined' in event ? event : {};
  return [event.authorization_id, joined?.authorization_id].flatMap((id) => id ?? []);
}

export function currencyOf(event: MoneyEvent): string | null {
  switch (event.kind) {
    case 'authorization':
      return event.request.currency;
    case 'message':
      return event.message.currency;
    case 'void':
    case 'expiry':
      return null;
  }
}

/**
 * The currency of an event's figures; null where nothing tells. A declined request moves no money of its own, so its currency says
 * nothing of them: what moves is the hold of an authorization that it joins to another. Example: a request of 7.00 USD is declined,
 * and names two authorizations of 100.00 and 50.00 EUR: the 50.00 that go from one to the other are EUR.
 */
function currencyOfEffect(
  event: MoneyEvent,
  before: AuthorizationRow | null,
  rows: ReadonlyMap<string, AuthorizationRow>,
): string | null {
  if (event.kind !== 'authorization' || event.decision.outcome === 'approved')
    return currencyOf(event) ?? before?.currency ?? null;
  const joined = rows.get(event.joined?.authorization_id ?? '');
  const holding = before === null || isMoneyless(before) ? joined : before;
  return holding?.currency ?? before?.currency ?? currencyOf(event);
}

/** `rows`: those of `authorizationIdsOf`; one that is not there is an authorization that no event has named before. */
export function bookEvent(
  event: MoneyEvent,
  stream_id: number,
  rows: ReadonlyMap<string, AuthorizationRow>,
  accounts: Accounts,
): Booking {
  const own = bookOwn(event, stream_id, rows, accounts);
  const joined = bookJoined(event, stream_id, rows, accounts);
  return {
    authorizations: [...own.authorizations, ...joined.authorizations],
    transfers: [...own.transfers, ...joined.transfers],
    unapproved: own.unapproved,
    unmatched: own.unmatched,
  };
}

const nothing: Booking = { authorizations: [], transfers: [], unapproved: [], unmatched: [] };

/** What the event did to its own authorization. */
function bookOwn(
  event: MoneyEvent,
  stream_id: number,
  rows: ReadonlyMap<string, AuthorizationRow>,
  accounts: Accounts,
): Booking {
  const { authorization_id } = event;
  const before = rows.get(authorization_id ?? '') ?? null;
  const currency = currencyOfEffect(event, before, rows);
  // A void or an expiry of what never came, or is among the dead letters: nothing was booked, so nothing is undone.
  if (authorization_id === null || currency === null) return nothing;

  const row =
    before === null
      ? opened(event, authorization_id, stream_id, currency, accounts)
      : inCurrency(before, event, currency, accounts);
  // A card without a profile takes money in any currency: booked where it belongs, and not mixed into this row's sums.
  const own = row.currency === currency;

  // Never more released than is held: a hold may be missing where its event is among the dead letters. A clearing then
  // posts what it says all the same, only not out of a reservation.
  const held = own ? row.held_minor : 0n;
  const holdChange = atLeast(BigInt(event.effect.hold_minor), -held);
  const effect = { hold_minor: Number(holdChange), posted_minor: event.effect.posted_minor };
  const holder = own ? row.ledger_account_no : accounts.holder(currency);
  const place = { holder, clearing: accounts.clearing(currency), currency };
  const transfers = transfersOf(effect, event, { stream_id, authorization_id }, place);
  const joined = rows.get(('joined' in event ? event.joined?.authorization_id : undefined) ?? '');
  const { approved_minor, unapproved_minor, unmatched_minor } = approvedAfter({
    event,
    before: own ? row : nothingStands,
    joined: joined?.currency === currency ? joined : nothingStands,
    held_minor: held + holdChange,
    posted_minor: BigInt(effect.posted_minor),
  });
  const money = own
    ? { held_minor: held + holdChange, posted_minor: row.posted_minor + BigInt(effect.posted_minor), approved_minor }
    : { held_minor: row.held_minor, posted_minor: row.posted_minor, approved_minor: row.approved_minor };
  const joined_posted_minor = row.joined_posted_minor + (joined?.currency === row.currency ? postedOf(joined) : 0n);
  const after = { ...row, ...money, joined_posted_minor, ...toldBy(event, row), updated_at_ms: event.at_ms };
  const of = { stream_id, sequence: event.sequence, authorization_id, holder_no: holder, clearing_no: place.clearing };
  return {
    authorizations: [{ ...after, status: statusAfter(event, before, after) }],
    transfers,
    unapproved: unapproved_minor === 0n ? [] : [{ ...of, amount_minor: unapproved_minor }],
    unmatched:
      unmatched_minor === 0n ? [] : [{ ...of, amount_minor: unmatched_minor, card_withholds: isWithheldByCard(event) }],
  };
}

function isWithheldByCard(event: MoneyEvent): boolean {
  return event.kind === 'message' && (event.withheld_minor ?? 0) > 0;
}

/** The authorization that went into the event's own: what it held is given back under its own id. What it posted stays. */
function bookJoined(
  event: MoneyEvent,
  stream_id: number,
  rows: ReadonlyMap<string, AuthorizationRow>,
  accounts: Accounts,
): Booking {
  const { joined } = 'joined' in event ? event : {};
  const row = rows.get(joined?.authorization_id ?? '');
  if (joined === undefined || row === undefined) return nothing;
  const { authorization_id, currency } = row;
  const holdChange = atLeast(-BigInt(joined.released_minor), -row.held_minor);
  const place = { holder: row.ledger_account_no, clearing: accounts.clearing(currency), currency };
  const effect = { hold_minor: Number(holdChange), posted_minor: 0 };
  const after = {
    ...row,
    held_minor: row.held_minor + holdChange,
    approved_minor: 0n,
    updated_at_ms: event.at_ms,
    joined_into: event.authorization_id,
  };
  return {
    authorizations: [{ ...after, status: statusAfter(event, row, after) }],
    transfers: transfersOf(effect, event, { stream_id, authorization_id }, place),
    unapproved: [],
    unmatched: [],
  };
}

function transfersOf(
  effect: Effect,
  { event_id, sequence, at_ms }: MoneyEvent,
  of: { readonly stream_id: number; readonly authorization_id: string },
  { holder, clearing, currency }: { readonly holder: number; readonly clearing: number; readonly currency: string },
): Transfer[] {
  return postings(effect).map(({ kind, direction, amount_minor }) => ({
    debit_account_no: direction === 'spend' ? holder : clearing,
    credit_account_no: direction === 'spend' ? clearing : holder,
    amount_minor: BigInt(amount_minor),
    currency,
    kind,
    event_at_ms: at_ms,
    event: { event_id, sequence, ...of },
  }));
}

function isMoneyless({ held_minor, posted_minor }: AuthorizationRow): boolean {
  return held_minor === 0n && posted_minor === 0n;
}

function atLeast(value: bigint, least: bigint): bigint {
  return value < least ? least : value;
}

function opened(
  { at_ms }: MoneyEvent,
  authorization_id: string,
  stream_id: number,
  currency: string,
  accounts: Accounts,
): AuthorizationRow {
  return {
    authorization_id,
    stream_id,
    ledger_account_no: accounts.holder(currency),
    currency,
    merchant: null,
    network_merchant_id: null,
    status: 'approved',
    reason: null,
    requested_minor: 0n,
    held_minor: 0n,
    posted_minor: 0n,
    approved_minor: 0n,
    joined_posted_minor: 0n,
    opened_at_ms: at_ms,
    updated_at_ms: at_ms,
    joined_into: null,
  };
}

/**
 * A row without money takes the currency and the account of what comes. Examples: a request in another currency was declined, and then
 * forced through; a request was declined because nobody knew the card, which has an account by now.
 */
function inCurrency(
  row: AuthorizationRow,
  { effect }: MoneyEvent,
  currency: string,
  accounts: Accounts,
): AuthorizationRow {
  const moves = effect.hold_minor !== 0 || effect.posted_minor !== 0;
  if (!moves || !isMoneyless(row)) return row;
  const joined_posted_minor = row.currency === currency ? row.joined_posted_minor : 0n;
  return { ...row, currency, ledger_account_no: accounts.holder(currency), joined_posted_minor };
}

/** What the event says beside money. */
function toldBy(
  event: MoneyEvent,
  row: AuthorizationRow,
): Pick<AuthorizationRow, 'merchant' | 'network_merchant_id' | 'reason' | 'requested_minor'> {
  const { merchant, network_merchant_id, reason, requested_minor } = row;
  switch (event.kind) {
    case 'authorization':
      return {
        merchant: event.request.merchant,
        network_merchant_id: shopId(event.request.merchant.id) ?? network_merchant_id,
        reason: event.decision.reason,
        requested_minor: requested_minor + BigInt(event.request.amount_minor),
      };
    case 'message':
      return {
        merchant: merchant ?? ('merchant' in event.message ? event.message.merchant : null),
        // An authorization that named no shop takes the one that its clearing names.
        network_merchant_id:
          network_merchant_id ?? ('merchant' in event.message ? shopId(event.message.merchant?.id ?? null) : null),
        reason,
        requested_minor,
      };
    case 'void':
    case 'expiry':
      return { merchant, network_merchant_id, reason, requested_minor };
  }
}

function statusAfter(
  event: MoneyEvent,
  before: AuthorizationRow | null,
  after: AuthorizationRow,
): AuthorizationRow['status'] {
  if (after.held_minor > 0n) return 'held';
  if (after.posted_minor !== 0n || before?.status === 'posted') return 'posted';
  if (before !== null) return before.status === 'held' ? 'released' : before.status;
  if (event.kind !== 'authorization') return 'released';
  return event.decision.outcome === 'declined' ? 'declined' : 'approved';
}
