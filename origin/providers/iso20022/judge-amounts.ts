// Which amount of a bank's entry is the payment's. `InstdAmt` is what we instructed, and decides where it is; what was booked beyond
// it is the bank's fee. Example: sent 123.45 EUR; InstdAmt 123.45, booked 126.45 → paid, fee 3.00. Returns a problem as a text that
// reads on from the payment's id, and `silent` where the transaction has no amount at all.

import { amountText } from './amount-text.ts';
import type { Booking, Entry, Money } from './bank-file.ts';
import { isSame, sumIn } from './read-amounts.ts';
import { amountSent, type Paid, type Returned, type Sent } from './verdict.ts';

interface Question {
  readonly entry: Entry;
  readonly booking: Booking;
  readonly payment: Sent;
  /** The entry is this transaction alone. */
  readonly isOnly: boolean;
}

export function judgePayment({
  entry,
  booking,
  payment,
  isOnly,
  isByText,
}: Question & { readonly isByText: boolean }): Paid | 'silent' | string {
  const { booked, instructed, others, charges } = booking.amounts;
  const sent = amountSent(payment);
  if (booked === null && instructed === null && others.length === 0) return 'silent';
  if (booked === 'unreadable') return 'is in a transaction whose amount cannot be read';
  const problem = `is of ${amountText(sent)}, and was booked as ${amountText(booked)}`;
  if (instructed !== null && !isSame(instructed, sent)) return `${problem} for an instructed ${amountText(instructed)}`;
  const included = sumIn(charges.included, sent.currency);
  const isExplained = isSame(booked, { ...sent, minor: sent.minor + included });
  if (instructed === null && !isExplained && ![booked, ...others].some((view) => isSame(view, sent))) return problem;
  if (booked !== null && booked.currency === sent.currency && booked.minor < sent.minor) return problem;
  const moved = isOnly && entry.amount !== null ? entry.amount : booked;
  const fee = feeOf({ sent, moved: moved === 'unreadable' ? null : moved, named: charges.named });
  // A text for people is weak evidence: only an amount that is exact, or whose rest is named, goes with it.
  if (isByText && fee !== null && !fee.isNamed) return `${problem}; only a text names it`;
  return { verdict: 'paid', payment, fee };
}

function feeOf(of: {
  readonly sent: Money;
  readonly moved: Money | null;
  readonly named: readonly Money[];
}): Paid['fee'] {
  const { sent, moved, named } = of;
  if (moved?.currency !== sent.currency || moved.minor <= sent.minor) {
    const [first] = named;
    if (first === undefined) return null;
    const minor = sumIn(named, first.currency);
    return minor > 0n ? { minor, currency: first.currency, isNamed: true } : null;
  }
  const minor = moved.minor - sent.minor;
  return { minor, currency: sent.currency, isNamed: sumIn(named, sent.currency) === minor };
}

/** What came back is what was booked; `InstdAmt` of a return is what had been paid. */
export function judgeReturn({
  entry,
  booking,
  payment,
  isOnly,
  code,
}: Question & { readonly code: string }): Returned | 'silent' | string {
  const { booked, instructed, others } = booking.amounts;
  const sent = amountSent(payment);
  if (booked === null && instructed === null && others.length === 0) return 'silent';
  if (booked === 'unreadable') return 'is in a return whose amount cannot be read';
  const came = isOnly && entry.amount !== null && entry.amount !== 'unreadable' ? entry.amount : booked;
  const isOfWhole = [booked, instructed, ...others].some((view) => isSame(view, sent));
  const returned = (amount: Money, short: string | null): Returned => ({
    ...{ verdict: 'returned', payment, amount, code, short },
  });
  if (came === null || came.currency !== sent.currency) {
    // After an exchange: what it was worth in our currency is told beside it, or nobody knows.
    if (isOfWhole) return returned(sent, null);
    return `is of ${amountText(sent)}, and came back as ${amountText(came)}`;
  }
  if (came.minor >= sent.minor)
    return isOfWhole ? returned(sent, null) : `is of ${amountText(sent)}, and more came back: ${amountText(came)}`;
  if (came.minor === 0n) return 'is in a return of nothing';
  if (!isOfWhole) return returned(came, null);
  const missing = { minor: sent.minor - came.minor, currency: sent.currency };
  return returned(came, `${amountText(missing)} of it did not come, as the bank kept it`);
}
