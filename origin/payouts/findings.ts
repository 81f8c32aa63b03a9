// What a provider's answer means to a settlement. Pure, and careful: only what is certain counts as not taken.

import { failureCodes } from '../../contracts/settlement.ts';
import type { Finding, SettlementProgress } from '../../core/settlement/settlement.ts';
import type { AskAnswer, SubmitAnswer } from '../providers/provider.ts';

export function ofSubmit(answer: SubmitAnswer): Finding {
  switch (answer.outcome) {
    case 'accepted':
      return { found: 'accepted', reference: answer.provider_reference };
    case 'paid':
      return { found: 'paid', reference: answer.provider_reference };
    case 'rejected':
      return { found: 'rejected', code: failureCode(answer.code) };
    case 'not_taken':
      return { found: 'not_taken', code: failureCode(answer.code) };
    case 'unknown':
      return { found: 'unknown' };
  }
}

/** `provider_reference`: what it called it when it took it; null where it never said that it did. `polls`: questions before. */
export function ofAsk(
  answer: AskAnswer,
  { provider_reference, polls }: Pick<SettlementProgress, 'provider_reference' | 'polls'>,
): Finding {
  switch (answer.outcome) {
    case 'paid':
      return { found: 'paid', reference: answer.provider_reference };
    case 'pending':
      // Its first sign of life: as good as the acceptance that was missed.
      return provider_reference === null
        ? { found: 'accepted', reference: answer.provider_reference }
        : { found: 'pending' };
    case 'rejected':
      return { found: 'rejected', code: failureCode(answer.code) };
    case 'not_found':
      // It took it once and knows nothing of it now: believed when it says so again.
      return provider_reference === null || polls > 0
        ? { found: 'not_taken', code: 'provider_not_found' }
        : { found: 'unknown' };
    case 'unknown':
      return { found: 'unknown' };
  }
}

/** Our own names as they are; providers' own told from them by a prefix, and never more than a name. */
export function failureCode(code: string): string {
  if (failureCodes.some((known) => known === code)) return code;
  const name = code
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .slice(0, 60);
  return name.startsWith('provider_') ? name : `provider_${name}`;
}
