// The settlement's state machine, pure: what a step found out, and what the settlement becomes by it. The database enforces the
// transitions again (its migration); what is sent, written and waited for is the engine's.

import type { SettlementState, SettlementStep } from '../../contracts/settlement.ts';

export const settlementTransitions: Readonly<Record<SettlementState, readonly SettlementState[]>> = {
  queued: ['processing', 'failed'],
  processing: ['completed', 'failed', 'retry_pending'],
  retry_pending: ['processing', 'failed'],
  completed: [],
  failed: [],
};

/** As much of a settlement as decides what comes next. */
export interface SettlementProgress {
  readonly state: SettlementState;
  readonly step: SettlementStep;
  readonly provider: string | null;
  readonly provider_reference: string | null;
  /** Submissions so far, to any provider. */
  readonly submissions: number;
  /** It may have been paid: it is asked about, and never sent elsewhere. */
  readonly outcome_unknown: boolean;
  /** Times the provider was asked since it took the settlement. */
  readonly polls: number;
  /** Soft failures so far. */
  readonly attempts: number;
}

/** What a step found out. */
export type Finding =
  /** The amount is reserved in the ledger, and goes to this provider: written before a byte is sent. */
  | { readonly found: 'reserved'; readonly provider: string }
  | { readonly found: 'not_owed' }
  /** Before it is sent, for good: no provider can pay to where its merchant wants it, or none pays this amount. */
  | {
      readonly found: 'unpayable';
      readonly code: 'destination_missing' | 'destination_refused' | 'amount_not_payable';
    }
  /** The provider has it, and will say. */
  | { readonly found: 'accepted'; readonly reference: string }
  | { readonly found: 'paid'; readonly reference: string }
  /** For good: another try would end alike. */
  | { readonly found: 'rejected'; readonly code: string }
  /** It is certain that it was not taken: another try may go elsewhere. */
  | { readonly found: 'not_taken'; readonly code: string }
  /** No answer, or one that does not tell. */
  | { readonly found: 'unknown' }
  /** Asked, and it is still on its way. */
  | { readonly found: 'pending' };

export interface SettlementPolicy {
  /** Soft failures after which it is set aside for a person. */
  readonly attemptsMax: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /**
   * From an answer that does not tell to the first question; doubled up to `pollAfterMs`. Longer than a request may be on its
   * way: a provider that is asked sooner may not know yet what it is about to take.
   */
  readonly askAfterMs: number;
  /** How long a provider's own word is waited for before it is asked, and between questions. */
  readonly pollAfterMs: number;
  /** Questions that may stay without a clear answer before a person is told; it is asked on all the same. */
  readonly pollsMax: number;
}

export interface SettlementChange {
  readonly progress: SettlementProgress;
  /** What the ledger does in the same commit. */
  readonly posting: 'pending' | 'post' | 'void' | null;
  /** From now; null for what is final, or waits for a person. */
  readonly due_in_ms: number | null;
  readonly dead_letter: boolean;
  /** Asked more often than it should take: a person is told. */
  readonly overdue: boolean;
  readonly failure: { readonly code: string; readonly kind: 'soft' | 'hard' } | null;
  /** Why, for the audit trail. */
  readonly reason: string;
}

/** What each step can find out; anything else is a mistake of the caller, and stops it. */
const findable: Readonly<Record<SettlementStep, readonly Finding['found'][]>> = {
  reserve: ['unpayable', 'reserved', 'not_owed'],
  submit: ['unpayable', 'reserved', 'accepted', 'paid', 'rejected', 'not_taken', 'unknown', 'pending'],
  confirm: ['accepted', 'paid', 'rejected', 'not_taken', 'unknown', 'pending'],
  post: [],
  finalise: [],
};

/** What is found out of a settlement that no provider has; the rest, of one that a provider may have. */
const beforeSending: readonly Finding['found'][] = ['reserved', 'not_owed', 'unpayable'];

/** Throws for what cannot be found out where it stands. `random`: from 0 up to but not including 1. */
export function advance(
  before: SettlementProgress,
  finding: Finding,
  policy: SettlementPolicy,
  random: number,
): SettlementChange {
  if (before.state !== 'processing' || !findable[before.step].includes(finding.found))
    throw new Error(`a settlement that is ${before.state} at ${before.step} cannot find out ${finding.found}`);
  const sent = before.step !== 'reserve' && before.outcome_unknown;
  if (sent === beforeSending.includes(finding.found))
    throw new Error(`a settlement ${sent ? 'that may be paid' : 'that was not sent'} cannot find out ${finding.found}`);

  const stays = { posting: null, dead_letter: false, overdue: false, failure: null } as const;
  switch (finding.found) {
    case 'reserved':
      return { ...stays, ...reserved(before, finding.provider, policy) };
    case 'accepted': {
      const taken = {
        step: 'confirm',
        provider_reference: finding.reference,
        outcome_unknown: true,
        polls: 0,
      } as const;
      const reason = `taken by ${before.provider}`;
      return { ...stays, progress: { ...before, ...taken }, due_in_ms: policy.pollAfterMs, reason };
    }
    case 'paid': {
      const progress = {
        ...before,
        state: 'completed',
        step: 'finalise',
        provider_reference: finding.reference,
        outcome_unknown: false,
      } as const;
      return { ...stays, progress, posting: 'post', due_in_ms: null, reason: `paid by ${before.provider}` };
    }
    case 'unknown':
    case 'pending':
      return { ...stays, ...unclear(before, finding.found, policy) };
    case 'rejected':
      return { ...stays, ...failed(before, finding.code, `rejected by ${before.provider}`) };
    case 'not_owed':
      return { ...stays, ...failed(before, 'amount_not_owed', 'more than the ledger owes') };
    case 'not_taken':
      return { ...stays, ...again(before, finding.code, policy, random) };
    case 'unpayable':
      return { ...stays, ...failed(before, finding.code, 'no provider can pay it') };
  }
}

type Outcome = Pick<SettlementChange, 'progress' | 'due_in_ms' | 'reason'> & Partial<SettlementChange>;

function reserved(before: SettlementProgress, provider: string, { pollAfterMs }: SettlementPolicy): Outcome {
  const progress = {
    ...before,
    step: 'submit',
    provider,
    provider_reference: null,
    submissions: before.submissions + 1,
    outcome_unknown: true,
    polls: 0,
  } as const;
  const posting = before.step === 'reserve' ? 'pending' : null;
  return { progress, posting, due_in_ms: pollAfterMs, reason: `goes to ${provider}` };
}

/** What is on its way takes its time; what is unknown is asked about sooner, and then less and less often. */
function unclear(before: SettlementProgress, found: 'unknown' | 'pending', policy: SettlementPolicy): Outcome {
  const polls = before.polls + 1;
  const doubled = Math.min(policy.pollAfterMs, policy.askAfterMs * 2 ** Math.min(before.polls, 30));
  return {
    progress: { ...before, step: 'confirm', polls, outcome_unknown: true },
    due_in_ms: found === 'pending' ? policy.pollAfterMs : doubled,
    overdue: polls > policy.pollsMax,
    reason: found === 'pending' ? 'on its way' : 'its outcome is not known yet',
  };
}

/** Compensated: what was reserved is given back in the commit that ends it. */
function failed(before: SettlementProgress, code: string, reason: string): Outcome {
  return {
    progress: { ...before, state: 'failed', step: 'finalise', outcome_unknown: false },
    posting: before.step === 'reserve' ? null : 'void',
    due_in_ms: null,
    failure: { code, kind: 'hard' },
    reason,
  };
}

/** Full jitter: anywhere up to the doubled wait, so that what failed together does not come back together. */
function again(before: SettlementProgress, code: string, policy: SettlementPolicy, random: number): Outcome {
  const attempts = before.attempts + 1;
  const progress = { ...before, state: 'retry_pending', step: 'submit', attempts, outcome_unknown: false } as const;
  const exhausted = attempts >= policy.attemptsMax;
  const longest = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** Math.min(attempts - 1, 30));
  return {
    progress,
    due_in_ms: exhausted ? null : Math.ceil(random * longest),
    dead_letter: exhausted,
    failure: { code, kind: 'soft' },
    reason: exhausted ? `set aside after ${attempts} tries` : `tried again: ${code}`,
  };
}
