// Submissions for tests, each with its own key as the engine makes it. Not used by the service.

import { newId } from '../../contracts/ids.ts';
import type { Submission } from '../providers/provider.ts';

export function sampleSubmission(destination: unknown, changes: Partial<Submission> = {}): Submission {
  const settlement_id = changes.settlement_id ?? newId('stl');
  const submission = changes.submission ?? 1;
  return {
    settlement_id,
    merchant_id: 'mrch_00000000000000000000000001',
    submission,
    idempotency_key: `${settlement_id}-${submission}`,
    amount_minor: 12_345n,
    currency: 'EUR',
    destination,
    reference: 'invoice 7',
    ...changes,
  };
}
