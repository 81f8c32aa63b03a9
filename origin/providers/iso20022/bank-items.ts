// What of a bank's file goes in front of a person: files, entries that agree with no payment, bookings and returns told twice.
// The same trouble told again (the report of the day, then the statement) is the same item, by its key.

import { createHash } from 'node:crypto';
import type { RaisedItem } from '../../open-items/raise.ts';
import { amountText } from './amount-text.ts';
import type { BankMessage, Money } from './bank-file.ts';
import { evidenceOf, masked } from './evidence.ts';
import type { Claim } from './payment-files.ts';
import type { XmlElement } from './read-xml.ts';
import type { Sighting } from './same-booking.ts';
import { amountSent, type Sent } from './verdict.ts';

const providerName = 'iso20022';

/** Where in the bank's files something was found. */
export interface Place {
  /** As it came in. */
  readonly file: string;
  /** Where it is kept, in object storage. */
  readonly kept: string;
  readonly message: Pick<BankMessage, 'kind' | 'message_id'>;
  readonly element: XmlElement | null;
}

export interface Trouble {
  readonly kind: 'bank_entry_unmatched' | 'booked_twice' | 'provider_contradiction' | 'return_short';
  /** Ids of ours as the bank's files have them. */
  readonly about: readonly string[];
  /** What tells this sighting from another of the same payment: a reference of the bank's. */
  readonly sighting: string;
  /** Reads on from the id. */
  readonly why: string;
  readonly payment: Sent | null;
  readonly amount: Money | null;
  readonly more?: object;
}

export function itemOf({ kind, about, sighting, why, payment, amount, more = {} }: Trouble, place: Place): RaisedItem {
  const names = about.slice(0, 5).join(', ') || 'It';
  const sent = payment === null ? null : amountSent(payment);
  const concerned = amount ?? sent;
  return {
    kind,
    key: `${about.join(' ')} ${sighting}`,
    summary: `${names} ${why} (${place.message.kind}, ${place.file.slice(0, 120)}).`,
    ...(concerned === null ? {} : { amount: concerned }),
    settlement_id: payment?.claim.settlement_id ?? settlementOf(about),
    provider: providerName,
    evidence: {
      file: place.file,
      kept: place.kept,
      message: place.message,
      ...(sent === null ? {} : { sent: amountText(sent) }),
      ...more,
      ...(place.element === null ? {} : { entry: evidenceOf(place.element) }),
    },
  };
}

/** Its name is also what `closeAsGone` needs once it is read. */
export function setAsideItem(of: {
  readonly name: string;
  readonly kept: string;
  readonly reason: string;
  readonly content: Uint8Array;
}): RaisedItem {
  const { name, kept, reason, content } = of;
  // Whatever its encoding: the signs that XML is made of, for a person to see what it is.
  const head = Buffer.from(content.subarray(0, 1_000))
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e\n]/g, '.');
  return {
    kind: 'bank_file_set_aside',
    key: kept,
    summary: `The bank file ${name.slice(0, 160)} ${reason}.`,
    provider: providerName,
    evidence: { file: name, kept: `set_aside/${kept}`, reason, bytes: content.length, head: masked(head) },
    // Read again, and set aside again: it is open again.
    reopens: true,
  };
}

/** Of an entry: what the bank calls it, else what it says, so that it is known again in the next file. */
export function sightingText(sighting: Sighting): string {
  const { servicer_references: references, entry_reference, booked_on, amount_minor } = sighting;
  const named = references.transaction ?? references.entry;
  if (named !== null) return named;
  if (entry_reference !== null && !/^\d{1,6}$/.test(entry_reference)) return entry_reference;
  return `${booked_on ?? 'undated'} ${amount_minor}`;
}

export function digestOf(element: XmlElement): string {
  return createHash('sha256')
    .update(JSON.stringify(evidenceOf(element)))
    .digest('hex')
    .slice(0, 16);
}

function settlementOf(about: readonly string[]): Claim['settlement_id'] | null {
  const [, random] = /^stl_?([0-9a-z]{26})/.exec(about[0] ?? '') ?? [];
  return random === undefined || about.length > 1 ? null : `stl_${random}`;
}
