// What a payment in a provider's own list means to its settlement here, after the database was set back. Pure. A settlement that waits
// to be sent may have been sent in the lost time, and then it must not go anywhere again.

import type { ListedPayment } from '../providers/provider.ts';
import type { SettlementRow } from './settlement-row.ts';

export interface ListedAt extends ListedPayment {
  readonly provider: string;
}

/** What is to be done about one settlement. */
export type Verdict =
  | { readonly found: 'known' }
  /** It is with this provider: to be noted, and asked about. */
  | { readonly found: 'sent'; readonly payment: ListedAt }
  /** The settlement is not here: it was asked for in the lost time. */
  | { readonly found: 'lost'; readonly payment: ListedAt }
  /** Its provider as of now has to answer first: then it can be told which came last. */
  | { readonly found: 'must_wait' }
  /** For a person, who is told why; as much is not payable meanwhile. */
  | { readonly found: 'contradicts'; readonly payment: ListedAt; readonly why: string };

/** `payments`: all that any provider lists of this settlement, at least one. Several verdicts where it may be paid twice. */
export function judgeListed(row: SettlementRow | undefined, payments: readonly ListedAt[]): Verdict[] {
  const newestFirst = [...payments].sort((one, other) => other.submission - one.submission);
  // What was rejected moved no money; of a settlement that is not here, nobody has to know it.
  const moving = newestFirst.filter(({ state }) => state !== 'rejected');
  if (row === undefined) {
    const [payment, ...more] = moving;
    if (payment === undefined) return [{ found: 'known' }];
    return [{ found: 'lost', payment }, ...more.map((other) => against(other, 'another payment of it is listed'))];
  }
  const [newest] = newestFirst;
  if (newest === undefined) return [{ found: 'known' }];
  if (isWaiting(row) && isOfLostTime(row, newest)) {
    const others = moving.filter((payment) => payment !== newest);
    return [sent(row, newest), ...others.map((other) => against(other, 'another payment of it is listed'))];
  }
  if (row.state === 'processing' && newest.submission > row.submissions) return [{ found: 'must_wait' }];
  const odd = moving.filter((payment) => !isKnown(row, payment));
  return odd.length === 0 ? [{ found: 'known' }] : odd.map((payment) => against(payment, standing(row)));
}

/** Nothing of it is under way, as far as is known here. */
function isWaiting({ state }: SettlementRow): boolean {
  return state === 'queued' || state === 'retry_pending';
}

/** Also a submission that is believed here not to have been taken, and that its provider has all the same. */
function isOfLostTime(row: SettlementRow, { submission, state }: ListedAt): boolean {
  return submission > row.submissions || (submission === row.submissions && state !== 'rejected');
}

function sent(row: SettlementRow, payment: ListedAt): Verdict {
  const { amount_minor, currency } = payment;
  if (amount_minor !== String(row.amount_minor) || currency !== row.currency)
    return against(payment, `it is of ${row.amount_minor} ${row.currency} here`);
  return { found: 'sent', payment };
}

function isKnown(row: SettlementRow, { provider, submission }: ListedAt): boolean {
  return row.provider === provider && row.submissions === submission && row.state !== 'failed';
}

function standing({ provider, state, submissions, failure_code }: SettlementRow): string {
  if (state === 'failed') return `it has failed here (${failure_code})`;
  return `here it is submission ${submissions} with ${provider}, ${state}`;
}

function against(payment: ListedAt, why: string): Verdict {
  return { found: 'contradicts', payment, why };
}
