// What a ledger account's balance says, in the words of the API.

export interface BalanceRow {
  readonly debits_pending: bigint;
  readonly credits_pending: bigint;
  readonly debits_posted: bigint;
  readonly credits_posted: bigint;
}

export function balancesOf({ debits_pending, credits_pending, debits_posted, credits_posted }: BalanceRow) {
  return {
    debits_pending_minor: debits_pending,
    credits_pending_minor: credits_pending,
    debits_posted_minor: debits_posted,
    credits_posted_minor: credits_posted,
  };
}
