// Bank files for tests: submissions to our sample merchant, and where they went. Not used by the service.

import type { ObjectStore } from '../object-store/object-store.ts';
import { createIso20022Provider, type Iso20022Options, type Iso20022Provider } from '../providers/iso20022/iso20022.ts';
import { endToEndId } from '../providers/iso20022/payment-files.ts';
import type { Submission } from '../providers/provider.ts';
import type { MemoryStore } from './memory-store.ts';
import { merchantAccount, ourAccounts } from './sample-bank.ts';
import { sampleSubmission } from './sample-submission.ts';

export function sample(changes: Partial<Submission> = {}): Submission {
  return sampleSubmission(merchantAccount, changes);
}

export function sampleProvider(store: ObjectStore, changes: Partial<Iso20022Options> = {}): Iso20022Provider {
  return createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0, ...changes });
}

export function idOf({ idempotency_key }: Submission): string {
  return endToEndId(idempotency_key);
}

export function filesOf({ objects }: MemoryStore): string[] {
  return [...objects].filter(([key]) => key.startsWith('outbox/')).map(([, xml]) => xml);
}

/** How often in all it is to be paid. */
export function timesIn(store: MemoryStore, submission: Submission): number {
  return (
    filesOf(store)
      .join('')
      .split(`<EndToEndId>${idOf(submission)}</EndToEndId>`).length - 1
  );
}
