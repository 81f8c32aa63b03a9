// Entries of a statement (camt.053), of a report during the day (camt.052) or of a notification (camt.054): the same parts in each.
// Where the parts stand differs between banks and versions, and every place is looked at.

import type { Booking, Direction, Entry } from './bank-file.ts';
import { namedIds, namesAnything, namesTransfer } from './named-ids.ts';
import { amountOf, amountsIn, chargesIn } from './read-amounts.ts';
import { elementAt, elementsAt, textAt, within, type XmlElement } from './read-xml.ts';
import { returnCodeOf } from './return-marks.ts';

/** Not on the account yet, or not at all: what is booked later comes again as booked. */
const notYet = new Set(['PDNG', 'INFO', 'FUTR']);

export function readEntry(element: XmlElement): Entry {
  const status = textAt(element, 'Sts', 'Cd') ?? textAt(element, 'Sts');
  const details = elementsAt(element, 'NtryDtls').flatMap((group) => elementsAt(group, 'TxDtls'));
  const bookings = bookingsOf(element);
  // A booking is of a transaction, or of all within a group or an entry.
  const ours = new Set(bookings.flatMap((booking) => [...within(booking.element)]));
  return {
    status: status === 'BOOK' ? 'booked' : notYet.has(status ?? '') ? 'not_yet' : 'unclear',
    amount: amountOf(elementAt(element, 'Amt')),
    direction: directionOf(element),
    charges: chargesIn(element),
    booked_on: (textAt(element, 'BookgDt', 'Dt') ?? textAt(element, 'BookgDt', 'DtTm'))?.slice(0, 10) ?? null,
    entry_reference: textAt(element, 'NtryRef'),
    servicer_reference: textAt(element, 'AcctSvcrRef'),
    bookings,
    transactions: details.length,
    others: details
      .filter((detail) => !ours.has(detail) && (directionOf(detail) ?? directionOf(element)) === directionOf(element))
      .map((detail) => amountsIn([detail]).booked ?? amountsIn([detail]).others[0] ?? null),
    element,
  };
}

function bookingsOf(entry: XmlElement): Booking[] {
  const groups = elementsAt(entry, 'NtryDtls');
  const details = groups.flatMap((group) => elementsAt(group, 'TxDtls'));
  const [only] = details;
  // The only transaction, or none: all that the entry has is about it.
  if (details.length <= 1 && groups.length <= 1) {
    const whole = bookingOf(entry, only ?? entry, [entry], [only ?? [], entry, groups].flat());
    return namesAnything(whole.ids) ? [whole] : [];
  }
  const found = groups.flatMap((group) => bookingsOfGroup(entry, group, groups.length === 1));
  if (found.length > 0) return found;
  // Several transactions, and only the entry itself names one of ours.
  const outer = { ...entry, children: entry.children.filter(({ name }) => name !== 'NtryDtls') };
  const about = bookingOf(entry, entry, [outer], [entry]);
  return namesAnything(about.ids) ? [about] : [];
}

function bookingsOfGroup(entry: XmlElement, group: XmlElement, isOnlyGroup: boolean): Booking[] {
  const details = elementsAt(group, 'TxDtls');
  const bookings = details.map((detail) => bookingOf(entry, detail, [detail], [detail]));
  if (bookings.some(({ ids }) => namesTransfer(ids))) return bookings.filter(({ ids }) => namesAnything(ids));
  // A file of ours, or a currency of one, and none of its transfers: booked as one sum.
  const sources = isOnlyGroup ? [group, entry] : [group];
  const batch = bookingOf(entry, group, sources, sources);
  return namesAnything(batch.ids) && !namesTransfer(batch.ids) ? [batch] : [];
}

function bookingOf(
  entry: XmlElement,
  transaction: XmlElement,
  named: readonly XmlElement[],
  amounts: readonly XmlElement[],
): Booking {
  const direction = directionOf(transaction) ?? directionOf(elementAt(transaction, 'Btch')) ?? directionOf(entry);
  const reversals = [transaction, entry].map((element) => textAt(element, 'RvslInd'));
  return {
    ids: namedIds(named),
    direction,
    // XML Schema has two words for true.
    isReversal: reversals.some((text) => text === 'true' || text === '1'),
    return_code: returnCodeOf(transaction, entry, direction === 'credit'),
    amounts: amountsIn(amounts),
    servicer_reference: textAt(transaction, 'Refs', 'AcctSvcrRef'),
    element: transaction,
  };
}

function directionOf(element: XmlElement | null): Direction | null {
  const word = element === null ? null : textAt(element, 'CdtDbtInd');
  return word === 'DBIT' ? 'debit' : word === 'CRDT' ? 'credit' : null;
}
