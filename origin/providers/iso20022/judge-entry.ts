// What a booked entry proves of our payments, with what we sent beside it. Pure. Every id of ours that a booked entry names ends as a
// payment, as a return, or as something that a person must look at; never as nothing.

import { amountText } from './amount-text.ts';
import type { Amount, Booking, Direction, Entry, Money } from './bank-file.ts';
import { judgePayment, judgeReturn } from './judge-amounts.ts';
import type { NamedIds } from './named-ids.ts';
import { isSame, sumIn } from './read-amounts.ts';
import { amountSent, type Known, type Paid, type Returned, type Sent, type Unclear, type Verdict } from './verdict.ts';

/** A transaction of a batch that has no amount of its own: its entry's sum must tell. */
interface Silent {
  readonly verdict: 'silent';
  readonly payment: Sent;
  readonly direction: Direction;
  readonly booking: Booking;
}

export function judgeEntry(entry: Entry, known: Known): readonly Verdict[] {
  if (entry.status === 'not_yet') return [];
  const drafts = entry.bookings.flatMap((booking) =>
    judgeBooking(entry, booking, known).map((draft) => ({ ...draft, booking })),
  );
  return withEntrysSum(entry, drafts);
}

type Draft = Verdict | Silent;
type Judged = Paid | Returned | Unclear | Omit<Silent, 'booking'>;

function judgeBooking(entry: Entry, booking: Booking, known: Known): Judged[] {
  const subject = subjectOf(booking.ids, known);
  const { booked } = booking.amounts;
  const unclear = (why: string, payment: Sent | null = null): Judged[] => {
    const about = [...booking.ids.references, ...booking.ids.mentions].map(({ id }) => id);
    return [{ verdict: 'unclear', about, payment, why, amount: booked === 'unreadable' ? null : booked }];
  };
  if (subject === null) return [];
  if ('why' in subject) return unclear(subject.why);
  const { payments, isBatch, isByText } = subject;
  const [first] = payments;
  const payment = isBatch ? null : (first ?? null);
  if (entry.status === 'unclear') return unclear('is in an entry whose status is none of ISO 20022', payment);
  if (!isBatch && entry.transactions > 1 && booking.element === entry.element)
    return unclear('is named by an entry of several transactions, and by none of them', payment);
  const { direction, isReversal, return_code } = booking;
  if (direction === null) return unclear('is in an entry that is neither a debit nor a credit', payment);
  if (direction === 'debit' && isReversal) return unclear('is in a debit that undoes an earlier booking', payment);
  if (direction === 'debit' && return_code !== null)
    return unclear('is in a debit that is marked as a return', payment);
  const code = isReversal && return_code === null ? 'by_the_bank' : return_code;
  if (direction === 'credit' && code === null)
    return unclear('is in a credit that nothing marks as its return', payment);
  if (isBatch) return judgeBatch(entry, booking, payments, code) ?? unclear(batchProblem(booking, payments));
  if (payment === null) return unclear('has no member');
  const isOnly = entry.transactions <= 1;
  const judged =
    direction === 'debit'
      ? judgePayment({ entry, booking, payment, isOnly, isByText })
      : judgeReturn({ entry, booking, payment, isOnly, code: code ?? 'by_the_bank' });
  if (judged === 'silent') return [{ verdict: 'silent', payment, direction }];
  return typeof judged === 'string' ? unclear(judged, payment) : [judged];
}

type Subject =
  | { readonly payments: readonly Sent[]; readonly isBatch: boolean; readonly isByText: boolean }
  | { readonly why: string };

/** Fields for references before texts; one transfer before the file it was in. Null: a text that only looks like an id of ours. */
function subjectOf({ references, mentions }: NamedIds, known: Known): Subject | null {
  const transfers = references.filter(({ what }) => what === 'transfer');
  const [transfer] = transfers;
  if (transfers.length > 1) return { why: 'is in one entry with another payment of ours under the same references' };
  if (transfer !== undefined) {
    const sent = known.transfer(transfer.id);
    return sent === null
      ? { why: 'is no payment that we sent' }
      : { payments: [sent], isBatch: false, isByText: false };
  }
  if (references.some(({ what }) => what === 'settlement'))
    return { why: 'is a settlement, and the bank does not say which of its payments' };
  const batch = references.find(({ what }) => what === 'payment') ?? references.find(({ what }) => what === 'message');
  if (batch !== undefined) return batchOf(batch.id, known);
  const found = mentions.filter(({ what, id }) => what === 'transfer' && known.transfer(id) !== null);
  const [mentioned] = found;
  if (found.length > 1) return { why: 'is in a text that names several payments of ours' };
  const sent = mentioned === undefined ? null : known.transfer(mentioned.id);
  if (sent !== null)
    return mentioned?.isToken
      ? { payments: [sent], isBatch: false, isByText: true }
      : { why: 'is in a text only as a part of a longer word' };
  const file = mentions.find(({ what, id }) => what !== 'transfer' && known.members(id).length > 0);
  if (file !== undefined) return batchOf(file.id, known);
  return mentions.some(({ isToken, isWrapped }) => isToken && !isWrapped)
    ? { why: 'is no payment that we sent' }
    : null;
}

function batchOf(id: string, known: Known): Subject {
  const payments = known.members(id);
  return payments.length === 0 ? { why: 'is no file that we sent' } : { payments, isBatch: true, isByText: false };
}

/**
 * Booked as one sum: that of all of them, or of all but the rejected. The sum of all counts even where some are rejected: they come
 * back after it. Null where it is neither, and nobody can say which of them it was.
 */
function judgeBatch(entry: Entry, { amounts }: Booking, all: readonly Sent[], code: string | null): Judged[] | null {
  const { booked, instructed, others, charges } = amounts;
  const rest = all.filter(({ isRejected }) => !isRejected);
  for (const payments of [all, rest]) {
    const sum = sumOf(payments);
    if (sum === null || booked === 'unreadable' || isBelow(entry.amount, sum)) continue;
    const included = sumIn([...charges.included], sum.currency);
    const views: readonly (Amount | null)[] = [booked, instructed, ...others];
    const isWhole = views.some((view) => isSame(view, sum)) || isSame(booked, { ...sum, minor: sum.minor + included });
    if (!isWhole) continue;
    if (code === null) return payments.map((payment) => ({ verdict: 'paid', payment, fee: null }));
    return payments.map((payment) => ({
      ...({ verdict: 'returned', payment, code, short: null } as const),
      amount: amountSent(payment),
    }));
  }
  return null;
}

function batchProblem({ amounts }: Booking, payments: readonly Sent[]): string {
  const sum = sumOf(payments);
  return `was booked as ${amountText(amounts.booked)}, and its payments come to ${amountText(sum)}`;
}

/**
 * An entry's own amount is what moved. Payments that come to more than it were not all made, whatever their own figures say; and
 * those without figures are believed only where the sum is exact: 146.90 booked for two payments of 123.45 is none of them.
 */
function withEntrysSum(entry: Entry, drafts: readonly Draft[]): Verdict[] {
  const ours = new Map(
    drafts.flatMap((draft) =>
      'payment' in draft && draft.payment !== null ? [[draft.payment.id, draft] as const] : [],
    ),
  );
  const silent = drafts.filter((draft) => draft.verdict === 'silent');
  const total = totalOf(entry, [...ours.values()]);
  const isExact = total !== null && isSame(entry.amount, { ...total.money, minor: total.money.minor + total.charges });
  const isPlain = total !== null && isSame(entry.amount, total.money);
  const areSilentPaid = total?.isWhole === true && (isExact || isPlain);
  const isTooMuch = total !== null && entry.amount !== 'unreadable' && isBelow(entry.amount, total.money);
  return drafts.map((draft): Verdict => {
    const { booking } = draft;
    if (draft.verdict === 'unclear') return draft;
    const { payment } = draft;
    const why = (problem: string): Verdict => ({
      ...({ verdict: 'unclear', about: [payment.id], payment, booking, amount: null } as const),
      why: `is in an entry of ${amountText(entry.amount)} ${problem}`,
    });
    if (entry.amount === null || entry.amount === 'unreadable') return why('that has no amount to be read');
    if (isTooMuch) return why(`whose transactions come to ${amountText(total?.money ?? null)}`);
    if (draft.verdict !== 'silent') return draft;
    if (silent.length > 0 && !areSilentPaid)
      return why(`without amounts of its own, and the transactions come to ${amountText(total?.money ?? null)}`);
    if (draft.direction === 'debit') return { verdict: 'paid', payment, fee: null, booking };
    const code = booking.return_code ?? 'by_the_bank';
    return { verdict: 'returned', payment, amount: amountSent(payment), code, short: null, booking };
  });
}

interface Total {
  readonly money: Money;
  readonly charges: bigint;
  /** False where a transaction that is not ours says nothing of its amount. */
  readonly isWhole: boolean;
}

/** In the entry's currency and direction; null where one of ours is in another currency, as after an exchange. */
function totalOf(entry: Entry, ours: readonly Draft[]): Total | null {
  const { amount } = entry;
  if (amount === null || amount === 'unreadable') return null;
  const { currency } = amount;
  let minor = 0n;
  for (const draft of ours) {
    if (draft.verdict === 'unclear' || draft.payment === null) continue;
    const moved = draft.verdict === 'returned' ? draft.amount : amountSent(draft.payment);
    if (moved.currency !== currency) return null;
    minor += draft.booking.direction === entry.direction ? moved.minor : -moved.minor;
  }
  const others = entry.others.filter((other): other is Money => other !== null && other !== 'unreadable');
  const isWhole = others.length === entry.others.length && others.every((other) => other.currency === currency);
  // What others come to counts against ours only in a debit: credits are often booked after their fees.
  if (entry.direction === 'debit' || isWhole) minor += sumIn(others, currency);
  return { money: { minor, currency }, charges: sumIn(entry.charges.included, currency), isWhole };
}

function sumOf(payments: readonly Sent[]): Money | null {
  const [first] = payments;
  if (first === undefined || payments.some(({ claim }) => claim.currency !== first.claim.currency)) return null;
  return { minor: sumIn(payments.map(amountSent), first.claim.currency), currency: first.claim.currency };
}

function isBelow(amount: Amount | null, other: Money): boolean {
  return amount !== null && amount !== 'unreadable' && amount.currency === other.currency && amount.minor < other.minor;
}
