// The settlement's state machine, pure: what a step found out, and what the settlement becomes by it. The database enforces the
// transitions again (its migration); what is sent, written and waited for is the engine's.

import type { SettlementState, SettlementStep } from '../contracts/settlement.ts';

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
  /** No provider can be used now. */
  | { readonly found: 'no_provider' }
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
  readonly failure: { readonly code: string; readonly kind: 'soft' | 'hard' } | null;
  /** Why, for the audit trail. */
  readonly reason: string;
}

/** `random`: from 0 up to but not including 1. */
export function advance(
  before: SettlementProgress,
  finding: Finding,
  policy: SettlementPolicy,
  random: number,
): SettlementChange {
  if (before.state !== 'processing') throw new Error(`a settlement that is ${before.state} finds out nothing`);
  const stays = { posting: null, dead_letter: false, failure: null } as const;
  switch (finding.found) {
    case 'reserved': {
      const posting = before.step === 'reserve' ? 'pending' : null;
      const submissions = before.submissions + 1;
      const { provider } = finding;
      const progress = {
        ...before,
        step: 'submit',
        provider,
        provider_reference: null,
        submissions,
        outcome_unknown: true,
        polls: 0,
      } as const;
      return { ...stays, progress, posting, due_in_ms: policy.pollAfterMs, reason: `goes to ${provider}` };
    }
    case 'accepted': {
      const progress = {
        ...before,
        step: 'confirm',
        provider_reference: finding.reference,
        outcome_unknown: true,
        polls: 0,
      } as const;
      return { ...stays, progress, due_in_ms: policy.pollAfterMs, reason: `taken by ${before.provider}` };
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
    case 'pending': {
      const polls = before.polls + 1;
      const progress = { ...before, step: 'confirm', polls, outcome_unknown: true } as const;
      const reason = finding.found === 'pending' ? 'on its way' : 'its outcome is not known yet';
      return { ...stays, progress, due_in_ms: policy.pollAfterMs, dead_letter: false, reason };
    }
    case 'rejected':
      return failed(before, finding.code, 'rejected by the provider');
    case 'not_owed':
      return failed(before, 'amount_not_owed', 'more than the ledger owes');
    case 'not_taken':
      return again(before, finding.code, policy, random);
    case 'no_provider':
      return again(before, 'no_provider', policy, random);
  }
}

/** Compensated: what was reserved is given back in the commit that ends it. */
function failed(before: SettlementProgress, code: string, reason: string): SettlementChange {
  return {
    progress: { ...before, state: 'failed', step: 'finalise', outcome_unknown: false },
    posting: before.step === 'reserve' ? null : 'void',
    due_in_ms: null,
    dead_letter: false,
    failure: { code, kind: 'hard' },
    reason,
  };
}

/** Full jitter: anywhere up to the doubled wait, so that what failed together does not come back together. */
function again(before: SettlementProgress, code: string, policy: SettlementPolicy, random: number): SettlementChange {
  const attempts = before.attempts + 1;
  const step = before.step === 'reserve' ? 'reserve' : 'submit';
  const progress = { ...before, state: 'retry_pending', step, attempts, outcome_unknown: false } as const;
  const exhausted = attempts >= policy.attemptsMax;
  const longest = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** (attempts - 1));
  return {
    progress,
    posting: null,
    due_in_ms: exhausted ? null : Math.ceil(random * longest),
    dead_letter: exhausted,
    failure: { code, kind: 'soft' },
    reason: exhausted ? `set aside after ${attempts} tries` : `tried again: ${code}`,
  };
}
