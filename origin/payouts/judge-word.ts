// What a provider's word means to its settlement as it stands. Pure: what is to be written is returned, and written by
// provider-words.ts. Every word ends as a change, a return, a repeat, or in front of a person.

import { returnOf } from '../../core/settlement/returned.ts';
import { advance, type SettlementPolicy } from '../../core/settlement/settlement.ts';
import type { Confirmation, ProviderWord, ReturnOfPayment } from '../providers/provider.ts';
import { type Contradiction, contradiction, unbelievedPayment } from './contradictions.ts';
import { failureCode } from './findings.ts';
import { type NewReturn, newReturn, type StoredReturn } from './returns.ts';
import { isFinal, type SettlementRow } from './settlement-row.ts';
import { storable } from './storable.ts';
import { type Change, unchanged } from './store-changes.ts';

export interface Inbox {
  readonly provider: string;
  readonly webhook_id: string;
  readonly word: ProviderWord;
}

export type WordOutcome =
  | 'applied'
  | 'repeated'
  /** It says nothing new: the refusal of an earlier submission. */
  | 'outdated'
  /** It may speak of an earlier submission: the provider is asked. */
  | 'asked'
  /** A return before its payment is confirmed: looked at again when the settlement is final. */
  | 'early'
  | 'returned'
  | 'unknown_settlement'
  | 'contradicts'
  | 'unclear';

export interface Judged {
  readonly outcome: WordOutcome;
  readonly change: Change | null;
  readonly returned: NewReturn | null;
  readonly contradiction: Contradiction | null;
}

const nothing = { change: null, returned: null, contradiction: null } as const;

/** `row` undefined: the word names a settlement that is not here. `returns`: those that may concern the word. */
export function judge(
  inbox: Inbox,
  row: SettlementRow | undefined,
  { returns, policy }: { readonly returns: readonly StoredReturn[]; readonly policy: SettlementPolicy },
): Judged {
  const { provider, word } = inbox;
  if (row === undefined) {
    const summary = `${provider} says "${word.outcome}" of ${storable(word.settlement_id)}, which is no settlement here.`;
    return against('unknown_settlement', contradiction({ provider, word, row, summary }));
  }
  switch (word.outcome) {
    case 'unclear': {
      const { kind, amount_minor, currency, summary } = word;
      const amount = amountOf(amount_minor, currency ?? row.currency);
      return against('unclear', contradiction({ provider, word, row, summary }, { kind, ...(amount && { amount }) }));
    }
    case 'returned':
      return judgeReturn(provider, word, row, returns);
    case 'rejected':
      return judgeRejection(provider, word, row, { returns, policy });
    case 'paid':
      return judgePayment(provider, word, row, policy);
  }
}

function judgePayment(provider: string, word: Confirmation, row: SettlementRow, policy: SettlementPolicy): Judged {
  const cannotBe = (why: string, change: Change | null = null): Judged => {
    const summary = `${provider} says that it paid ${row.settlement_id}, and ${why}.`;
    return { ...against('contradicts', unbelievedPayment({ provider, word, row, summary })), change };
  };
  if (row.submissions === 0) return cannotBe('it was sent to nobody');
  if (row.provider !== provider) return cannotBe(`it is with ${row.provider}, ${row.state}`);
  if (row.state === 'completed') {
    if (!isOfPayment(word, row)) return cannotBe('another payment of it is booked');
    return isOfAmount(word, row) ? { ...nothing, outcome: 'repeated' } : paidOtherwise(provider, word, row);
  }
  if (row.state === 'failed') {
    // It was sent before the rejection, and came after it.
    if (word.rejection_outlasts === true && isOfPayment(word, row)) return { ...nothing, outcome: 'outdated' };
    return cannotBe(`it has failed (${row.failure_code}) and is owed again`);
  }
  if (row.state === 'processing' && !isOfNewest(word, row)) {
    if (word.submission === undefined) return asked(row);
    // An earlier submission was certain not to be taken, and a later one is under way: it may be paid twice.
    return cannotBe(`submission ${row.submissions} of it is under way`, asked(row).change);
  }
  if (!isOfAmount(word, row))
    return cannotBe(`it says that this was ${word.amount_minor} ${word.currency}`, asked(row).change);
  // Where it waits to be tried again, nobody has been sent it since: this is its end.
  const finding = { found: 'paid', reference: word.provider_reference } as const;
  return applied(provider, row, advance(sent(row), finding, policy, 0));
}

function judgeRejection(
  provider: string,
  word: Confirmation,
  row: SettlementRow,
  { returns, policy }: { readonly returns: readonly StoredReturn[]; readonly policy: SettlementPolicy },
): Judged {
  // What was never with this provider, or is not any more, is not changed by its refusal.
  if (row.provider !== provider || row.submissions === 0) return { ...nothing, outcome: 'outdated' };
  if (row.state === 'failed') return { ...nothing, outcome: 'repeated' };
  if (row.state === 'completed') {
    if (word.submission !== undefined && word.submission !== row.submissions)
      return { ...nothing, outcome: 'outdated' };
    if (!isOfPayment(word, row)) {
      const summary = `${provider} rejects a payment of ${row.settlement_id} (${storable(word.provider_reference)}) that is not the one which is booked.`;
      return against('contradicts', contradiction({ provider, word, row, summary }));
    }
    const status = { outcome: 'returned', amount_minor: null, currency: null, isStatus: true } as const;
    return bookReturn(provider, { ...word, ...status }, row, returns);
  }
  if (row.state === 'processing' && !isOfNewest(word, row)) return asked(row);
  if (row.state !== 'processing') return { ...nothing, outcome: 'outdated' };
  const finding = { found: 'rejected', code: failureCode(word.code ?? 'rejected') } as const;
  return applied(provider, row, advance(sent(row), finding, policy, 0));
}

/** The payment that is booked, with another amount: nothing more was paid, so nothing is withheld. */
function paidOtherwise(provider: string, word: Confirmation, row: SettlementRow): Judged {
  const [said, booked] = [
    `${word.amount_minor ?? row.amount_minor} ${word.currency ?? row.currency}`,
    `${row.amount_minor} ${row.currency}`,
  ];
  const summary = `${provider} says that it paid ${said} of ${row.settlement_id}, and ${booked} are booked.`;
  const amount = amountOf(word.amount_minor ?? null, word.currency ?? row.currency);
  return against('contradicts', contradiction({ provider, word, row, summary }, amount && { amount }));
}

function judgeReturn(
  provider: string,
  word: ReturnOfPayment,
  row: SettlementRow,
  returns: readonly StoredReturn[],
): Judged {
  const cannotBe = (why: string) => unbookable(provider, word, row, why);
  if (row.submissions === 0) return cannotBe('it was sent to nobody');
  if (row.provider !== provider) return cannotBe(`it is with ${row.provider}, ${row.state}`);
  if (row.state === 'failed') return cannotBe(`it has failed (${row.failure_code}): nothing was paid`);
  // Paid and returned in one statement, the return first: kept until the payment is confirmed, which is asked about now.
  if (!isFinal(row)) return { ...asked(row), outcome: 'early' };
  if (word.submission !== undefined && word.submission !== row.submissions)
    return cannotBe(`submission ${row.submissions} of it was paid, not ${word.submission}`);
  return bookReturn(provider, word, row, returns);
}

function bookReturn(provider: string, word: Returning, row: SettlementRow, returns: readonly StoredReturn[]): Judged {
  const reference = storable(word.provider_reference);
  const cannotBe = (why: string) => unbookable(provider, word, row, why);
  const known = returns.find((one) => one.provider === provider && one.provider_reference === reference);
  if (known !== undefined && known.settlement_id !== row.settlement_id)
    return cannotBe(`the same return (${reference}) is booked for ${known.settlement_id}`);
  if (known !== undefined) {
    // A status and a booking of one return may share a reference; two bookings of different amounts do not say the same.
    const stated = statedBy(word, row);
    if (stated === null || known.stated_minor === null || stated === known.stated_minor)
      return { ...nothing, outcome: 'repeated' };
    return cannotBe(`the same return (${reference}) is booked with ${known.stated_minor} ${row.currency}`);
  }
  if (word.currency !== null && word.currency !== row.currency) return cannotBe(`it was paid in ${row.currency}`);
  const stated_minor = statedBy(word, row);
  if (stated_minor === 0n) return cannotBe('no amount can be read');
  const own = returns.filter(({ settlement_id }) => settlement_id === row.settlement_id);
  const found = returnOf(row.amount_minor, own, stated_minor);
  if (found.outcome === 'nothing_left') return { ...nothing, outcome: 'repeated' };
  if (found.outcome === 'exceeds') return cannotBe(`${found.excess_minor} more than was paid would have come back`);
  const returned = newReturn({
    ...{ settlement: row, provider, provider_reference: reference, stated_minor, amount_minor: found.amount_minor },
    reason_code: failureCode(word.code ?? 'returned'),
    occurred_at_ms: plausible(word.occurred_at_ms ?? null),
    evidence: word,
    doer: { actor: `provider:${provider}`, correlation_id: row.settlement_id },
  });
  return { ...nothing, outcome: 'returned', returned };
}

/** When a return happened decides nothing: an instant that no payment has (year 275000, a date before Christ) is unknown. */
function plausible(occurredAtMs: number | null): number | null {
  return occurredAtMs !== null && occurredAtMs >= instantMinMs && occurredAtMs < instantEndMs ? occurredAtMs : null;
}
const [instantMinMs, instantEndMs] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)] as const;

/**
 * Null for a status, which tells of no booking: "failed" means that all of it is back, whatever was told before. A return without an
 * amount is a booking of all of it: a second one, under another reference, is money that we did not send. 0: unreadable.
 */
function statedBy({ amount_minor, isStatus }: Returning, row: SettlementRow): bigint | null {
  if (isStatus === true) return null;
  return amount_minor === null ? row.amount_minor : (amountOf(amount_minor, row.currency)?.minor ?? 0n);
}
type Returning = ReturnOfPayment & { readonly isStatus?: true };

function unbookable(provider: string, word: ReturnOfPayment, row: SettlementRow, why: string): Judged {
  const summary = `${provider} says that money of ${row.settlement_id} came back, and ${why}.`;
  const amount = amountOf(word.amount_minor, word.currency ?? row.currency);
  return against('contradicts', contradiction({ provider, word, row, summary }, amount && { amount }));
}

function against(outcome: WordOutcome, found: Contradiction): Judged {
  return { ...nothing, outcome, contradiction: found };
}

function applied(provider: string, row: SettlementRow, after: Change['after']): Judged {
  return { ...nothing, outcome: 'applied', change: { before: row, after, actor: `provider:${provider}`, lease: null } };
}

/** The provider's own word is as good as an answer to what was sent. */
function sent(row: SettlementRow) {
  return { ...row, state: 'processing', outcome_unknown: true } as const;
}

function asked(row: SettlementRow): Judged {
  // In somebody's hands, or sent and not yet answered: they will hear it themselves.
  const isWaiting = row.state === 'processing' && row.step === 'confirm' && row.lease_owner === null;
  return { ...nothing, outcome: 'asked', change: isWaiting ? unchanged(row, { due_in_ms: 0, lease: null }) : null };
}

/** It speaks of the submission that is under way. */
function isOfNewest({ submission, provider_reference }: Confirmation, row: SettlementRow): boolean {
  if (submission !== undefined) return submission === row.submissions;
  return row.provider_reference === null
    ? row.submissions === 1
    : storable(provider_reference) === row.provider_reference;
}

/** It speaks of the payment by which the settlement ended. */
function isOfPayment({ submission, provider_reference }: Confirmation, row: SettlementRow): boolean {
  if (submission !== undefined && submission !== row.submissions) return false;
  return row.provider_reference === null || storable(provider_reference) === row.provider_reference;
}

/** Where it tells how much it paid, that is what it was sent. */
function isOfAmount({ amount_minor = null, currency = null }: Confirmation, row: SettlementRow): boolean {
  return (
    (amount_minor === null || amount_minor === String(row.amount_minor)) &&
    (currency === null || currency === row.currency)
  );
}

const digits = /^\d{1,18}$/;

function amountOf(text: string | null, currency: string): { minor: bigint; currency: string } | undefined {
  return text !== null && digits.test(text) && /^[A-Z]{3}$/.test(currency)
    ? { minor: BigInt(text), currency }
    : undefined;
}
