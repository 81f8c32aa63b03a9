// What was booked on our account, as words for the engine and items for people. The judgement is pure (judge-entry.ts); here it meets
// what object storage knows: what we sent, and what the bank has booked of it before.

import type { RaisedItem } from '../../open-items/raise.ts';
import { providerCode } from '../exchange.ts';
import type { ProviderWord } from '../provider.ts';
import { amountText } from './amount-text.ts';
import type { BankMessage, Entry, Money } from './bank-file.ts';
import { digestOf, itemOf, type Place, sightingText, type Trouble } from './bank-items.ts';
import { inLotsApart } from './in-lots.ts';
import { judgeEntry } from './judge-entry.ts';
import type { KeptWords } from './kept-words.ts';
import type { KnownPayments } from './known-payments.ts';
import { isSameBooking, type Sighting } from './same-booking.ts';
import { amountSent, type Paid, type Returned, type Unclear, type Verdict } from './verdict.ts';

export interface Believed {
  /** Ids of ours that are told of, in a word or in an item. */
  readonly about: readonly string[];
  readonly words: readonly ProviderWord[];
  readonly items: readonly RaisedItem[];
}

/** What one verdict comes to. */
type Told = Omit<Believed, 'about'>;

export interface Believing {
  readonly known: KnownPayments;
  readonly kept: KeptWords;
  /** A digest of the file, and where it comes from and goes to. */
  readonly digest: string;
  readonly place: Omit<Place, 'element'>;
}

export async function believeEntry(entry: Entry, index: number, by: Believing): Promise<Believed> {
  if (entry.status === 'not_yet') return { about: [], words: [], items: [] };
  await by.known.look(entry.bookings.map(({ ids }) => ids));
  const verdicts = judgeEntry(entry, by.known);
  const found = await inLotsApart(
    verdicts,
    (verdict) => (verdict.verdict === 'unclear' ? [] : [verdict.payment.id]),
    (verdict): Promise<Told> => {
      const sighting = sightingOf(entry, verdict, { ...by, index });
      const place = { ...by.place, element: entry.element };
      const on = { ...by, place, sighting };
      if (verdict.verdict === 'paid') return paid({ ...on, verdict });
      if (verdict.verdict === 'returned') return returned({ ...on, verdict });
      return Promise.resolve({ words: [], items: [itemOf(unclear(verdict, sighting, entry), place)] });
    },
  );
  const about = verdicts.flatMap((one) => (one.verdict === 'unclear' ? one.about : [one.payment.id]));
  return { about, words: found.flatMap(({ words }) => words), items: found.flatMap(({ items }) => items) };
}

interface On<V> extends Believing {
  readonly place: Place;
  readonly sighting: Sighting;
  readonly verdict: V;
}

async function paid({ kept, place, sighting, verdict }: On<Paid>): Promise<Told> {
  const { payment, fee } = verdict;
  const { id, claim } = payment;
  const first = await kept.firstBooking(id, sighting);
  const trouble = { about: [id], sighting: sightingText(sighting), payment };
  if (!isSameBooking(first, sighting)) {
    const why = 'was booked again by another entry: only the first one counts as its payment';
    return {
      words: [],
      items: [itemOf({ ...trouble, kind: 'booked_twice', why, amount: null, more: { first } }, place)],
    };
  }
  const word: ProviderWord = {
    webhook_id: wordId(place.message, id, 'paid'),
    settlement_id: claim.settlement_id,
    submission: claim.submission,
    outcome: 'paid',
    provider_reference: id,
    code: null,
    ...(fee === null ? {} : { note: `fee ${amountText(fee)}` }),
  };
  // A fee above the payment itself, for which the bank says no reason, may be another's money.
  if (fee === null || fee.isNamed || fee.minor <= amountSent(payment).minor) return { words: [word], items: [] };
  const why = `was paid, and ${amountText(fee)} more was booked with it for no stated reason`;
  return { words: [word], items: [itemOf({ ...trouble, kind: 'bank_entry_unmatched', why, amount: fee }, place)] };
}

async function returned({ kept, place, sighting, verdict }: On<Returned>): Promise<Told> {
  const { payment, amount, code, short } = verdict;
  const { id } = payment;
  const before = await kept.returnsOf(id);
  const same = before.find((one) => one.sighting !== null && isSameBooking(one.sighting, sighting));
  const trouble = { about: [id], sighting: sightingText(sighting), payment, amount };
  const sent = amountSent(payment).minor;
  const came = before.reduce((sum, one) => sum + BigInt(one.amount_minor), 0n);
  if (same === undefined && came + amount.minor > sent) {
    // A status report may have told of it first; the entry that books it is then the same return.
    const told = before.find((one) => one.sighting === null);
    const isToldBefore = told !== undefined && before.length === 1;
    if (isToldBefore && isSameBooking(await kept.firstBookingOfReturn(id, sighting), sighting)) {
      const word = returnWord(payment, told, code, sighting.booked_on);
      if (amount.minor === sent) return { words: [word], items: [] };
      const why = `came back by a status report, and only ${amountText(amount)} of it was booked`;
      return { words: [word], items: [itemOf({ ...trouble, kind: 'return_short', why }, place)] };
    }
    const why = `came back again: ${amountText(amount)}, where all of it had come back`;
    return { words: [], items: [itemOf({ ...trouble, kind: 'booked_twice', why, more: { before } }, place)] };
  }
  const one = same ?? { reference: referenceOf(id, sighting), amount_minor: String(amount.minor), code, sighting };
  if (same === undefined) await kept.putReturn(id, one);
  const words = [returnWord(payment, one, code, sighting.booked_on)];
  const back = same === undefined ? came + amount.minor : came;
  if (back === sent) return { words, items: [] };
  const why = `came back as ${amountText(amount)} of ${amountText(amountSent(payment))}${short === null ? '' : `: ${short}`}`;
  const missing: Money = { minor: sent - back, currency: amount.currency };
  return { words, items: [itemOf({ ...trouble, kind: 'return_short', why, amount: missing }, place)] };
}

/** Under one name, whichever message tells of it: the same return is booked once. */
export function returnWord(
  { claim }: Paid['payment'],
  one: { readonly reference: string; readonly amount_minor: string },
  code: string,
  bookedOn: string | null,
): ProviderWord {
  const { settlement_id, submission, amount_minor, currency } = claim;
  return {
    webhook_id: `returned:${one.reference}`,
    settlement_id,
    submission,
    outcome: 'returned',
    provider_reference: one.reference,
    amount_minor: one.amount_minor === amount_minor ? null : one.amount_minor,
    currency,
    code: providerCode(`returned_${code}`),
    occurred_at_ms: startOf(bookedOn),
  };
}

/** A bank tells the day. */
function startOf(date: string | null): number | null {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(date ?? '') ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}

function unclear({ about, payment, why, amount }: Unclear, sighting: Sighting, entry: Entry): Trouble {
  const { entry_reference, servicer_references: references } = sighting;
  const isNamed = (references.transaction ?? references.entry ?? entry_reference) !== null;
  const text = isNamed ? sightingText(sighting) : digestOf(entry.element);
  return { kind: 'bank_entry_unmatched', about, sighting: text, payment, why, amount };
}

function sightingOf(
  entry: Entry,
  { booking }: Verdict,
  { digest, place, index }: Believing & { readonly index: number },
): Sighting {
  const { amount } = entry;
  return {
    ...{ kind: place.message.kind, file: digest, entry: index, transaction: entry.bookings.indexOf(booking) },
    entry_reference: entry.entry_reference,
    servicer_references: { entry: entry.servicer_reference, transaction: booking.servicer_reference },
    booked_on: entry.booked_on,
    amount_minor: amount === null || amount === 'unreadable' ? '' : String(amount.minor),
  };
}

function referenceOf(id: string, sighting: Sighting): string {
  const { entry, transaction } = sighting.servicer_references;
  const within = transaction === null && sighting.transaction > 0 ? ` ${sighting.transaction}` : '';
  const named = transaction ?? entry ?? sighting.entry_reference;
  const place = `${sighting.file} ${sighting.entry}`;
  return `${id} ${(named ?? place).replaceAll(/[^\x21-\x7e]/g, '.').slice(0, 60)}${within}`;
}

export function wordId({ kind, message_id }: BankMessage | Place['message'], id: string, outcome: string): string {
  return `${kind}:${message_id}:${id}:${outcome}`;
}
