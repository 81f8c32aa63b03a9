// One event booked: what it does to its authorization's row, and the transfers that say so in the ledger. Pure.
// The event carries its figures; nothing is worked out again.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import { postings } from '../../core/postings.ts';
import type { Transfer } from '../ledger/transfers.ts';

export type MoneyEvent = Exclude<CardEvent, { kind: 'profile' }>;

export interface AuthorizationRow {
  readonly authorization_id: string;
  readonly stream_id: number;
  readonly ledger_account_no: number;
  readonly currency: string;
  readonly merchant: Merchant | null;
  /** `approved`: with nothing to hold. `posted`: money moved, nothing is held. `released`: nothing is held, none moved. */
  readonly status: 'approved' | 'declined' | 'held' | 'posted' | 'released';
  readonly reason: string | null;
  readonly requested_minor: bigint;
  readonly held_minor: bigint;
  readonly posted_minor: bigint;
  readonly opened_at_ms: number;
  readonly updated_at_ms: number;
}

/** Where a stream's money in a currency is booked. */
export interface Accounts {
  readonly holder: (currency: string) => number;
  readonly clearing: (currency: string) => number;
}

export interface Booking {
  readonly authorization: AuthorizationRow | null;
  readonly transfers: readonly Transfer[];
}

export function currencyOf(event: MoneyEvent): string | null {
  switch (event.kind) {
    case 'authorization':
      return event.request.currency;
    case 'message':
      return event.message.currency;
    case 'void':
      return null;
  }
}

/** `before`: the row of the event's authorization; null where this event is the first to name it. */
export function bookEvent(
  event: MoneyEvent,
  stream_id: number,
  before: AuthorizationRow | null,
  accounts: Accounts,
): Booking {
  const { authorization_id } = event;
  const currency = currencyOf(event) ?? before?.currency ?? null;
  // A void of a request that never came, or whose request is among the dead letters: nothing was booked, so nothing is undone.
  if (authorization_id === null || currency === null) return { authorization: before, transfers: [] };

  const row = before ?? opened(event, authorization_id, stream_id, currency, accounts);
  // A card without a profile takes money in any currency: booked where it belongs, and not mixed into this row's sums.
  const own = row.currency === currency;

  // Never more released than is held: a hold may be missing where its event is among the dead letters. A clearing then
  // posts what it says all the same, only not out of a reservation.
  const held = own ? row.held_minor : 0n;
  const holdChange = BigInt(event.effect.hold_minor) < -held ? -held : BigInt(event.effect.hold_minor);
  const effect = { hold_minor: Number(holdChange), posted_minor: event.effect.posted_minor };

  const holder = own ? row.ledger_account_no : accounts.holder(currency);
  const clearing = accounts.clearing(currency);
  const transfers = postings(effect).map(
    ({ kind, direction, amount_minor }): Transfer => ({
      debit_account_no: direction === 'spend' ? holder : clearing,
      credit_account_no: direction === 'spend' ? clearing : holder,
      amount_minor: BigInt(amount_minor),
      currency,
      kind,
      event_at_ms: event.at_ms,
      event: { event_id: event.event_id, stream_id, sequence: event.sequence, authorization_id },
    }),
  );
  const money = own
    ? { held_minor: held + holdChange, posted_minor: row.posted_minor + BigInt(effect.posted_minor) }
    : { held_minor: row.held_minor, posted_minor: row.posted_minor };
  const after = { ...row, ...money, ...toldBy(event, row), updated_at_ms: event.at_ms };
  return { authorization: { ...after, status: statusAfter(event, before, after) }, transfers };
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
    status: 'approved',
    reason: null,
    requested_minor: 0n,
    held_minor: 0n,
    posted_minor: 0n,
    opened_at_ms: at_ms,
    updated_at_ms: at_ms,
  };
}

/** What the event says beside money. */
function toldBy(
  event: MoneyEvent,
  row: AuthorizationRow,
): Pick<AuthorizationRow, 'merchant' | 'reason' | 'requested_minor'> {
  const { merchant, reason, requested_minor } = row;
  switch (event.kind) {
    case 'authorization':
      return {
        merchant: event.request.merchant,
        reason: event.decision.reason,
        requested_minor: requested_minor + BigInt(event.request.amount_minor),
      };
    case 'message':
      return {
        merchant: merchant ?? ('merchant' in event.message ? event.message.merchant : null),
        reason,
        requested_minor,
      };
    case 'void':
      return { merchant, reason, requested_minor };
  }
}

function statusAfter(
  event: MoneyEvent,
  before: AuthorizationRow | null,
  after: AuthorizationRow,
): AuthorizationRow['status'] {
  if (after.held_minor > 0n) return 'held';
  if (after.posted_minor !== 0n || before?.status === 'posted') return 'posted';
  if (event.kind === 'authorization')
    return before?.status ?? (event.decision.outcome === 'declined' ? 'declined' : 'approved');
  return before === null || before.status === 'held' ? 'released' : before.status;
}
