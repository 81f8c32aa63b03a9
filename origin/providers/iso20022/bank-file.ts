// A bank's file as plain facts, whatever its version: what a status report says of our payments, and what was booked on our account.
// What is believed of it is decided elsewhere (believe-status.ts, judge-entry.ts), with the payment that was sent beside it.

import type { NamedIds } from './named-ids.ts';
import type { OwnId } from './own-ids.ts';
import type { XmlElement } from './read-xml.ts';

export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}
/** `unreadable`: it is there, and is no amount in a currency of ISO 4217, such as `1.001 EUR` or `2 XAU`. It equals nothing. */
export type Amount = Money | 'unreadable';

export type MessageKind = 'pain.002' | 'camt.052' | 'camt.053' | 'camt.054';

/** One message; a file may carry several in an envelope. */
export interface BankMessage {
  readonly kind: MessageKind;
  /** The bank's id of it, or a digest of the file where it has none that could be one. */
  readonly message_id: string;
  readonly statuses: readonly PaymentStatus[];
  readonly entries: readonly Entry[];
  /** All transfers of ours that it names for good: what is not booked yet, or has no final status, is left out. */
  readonly named: readonly OwnId[];
}

/** What a pain.002 says of a transfer, of a currency of a file, or of a whole file. */
export interface PaymentStatus {
  readonly about: 'transfer' | 'payment' | 'message';
  readonly ids: NamedIds;
  /** What the bank called it, ours or not; null where it named nothing. */
  readonly named: string | null;
  /** `unclear`: a status that ISO 20022 does not have. Those that are not final yet are not here. */
  readonly outcome: 'paid' | 'rejected' | 'unclear';
  /** The bank's reason, else its status. */
  readonly code: string;
  /** Null: the bank does not repeat it. */
  readonly amount: Amount | null;
  readonly element: XmlElement;
}

/** An entry of a statement, report or notification. */
export interface Entry {
  readonly status: 'booked' | 'not_yet' | 'unclear';
  readonly amount: Amount | null;
  readonly direction: Direction | null;
  readonly charges: Charges;
  readonly booked_on: string | null;
  /** NtryRef: of the bank's choice, and with many banks only a running number within one file. */
  readonly entry_reference: string | null;
  /** AcctSvcrRef: the bank's own id of the entry. */
  readonly servicer_reference: string | null;
  /** Its transactions that name something of ours; the number of all of them is beside it. */
  readonly bookings: readonly Booking[];
  readonly transactions: number;
  /** What the transactions come to that name nothing of ours, where each of them says so. */
  readonly others: readonly (Amount | null)[];
  readonly element: XmlElement;
}

export type Direction = 'debit' | 'credit';

/** One transaction of an entry, or an entry that lists none; or a batch of ours that was booked as one sum. */
export interface Booking {
  readonly ids: NamedIds;
  readonly direction: Direction | null;
  readonly isReversal: boolean;
  /** Why a bank sends money back, as it says; null where nothing marks a return. */
  readonly return_code: string | null;
  readonly amounts: Amounts;
  readonly servicer_reference: string | null;
  readonly element: XmlElement;
}

export interface Amounts {
  /** What moved on our account: of the transaction, or of an entry that is this transaction alone. Null: it does not say. */
  readonly booked: Amount | null;
  /** What the payer had instructed (`InstdAmt`). */
  readonly instructed: Amount | null;
  /** Other views of the same transaction: `TxAmt`, `CntrValAmt`, a batch's `TtlAmt`. */
  readonly others: readonly Amount[];
  readonly charges: Charges;
}

export interface Charges {
  /** All that is named, less what is given back. */
  readonly named: readonly Money[];
  /** Those of them that may be within the booked amount: not marked as taken beside it (`ChrgInclInd` false). */
  readonly included: readonly Money[];
}
