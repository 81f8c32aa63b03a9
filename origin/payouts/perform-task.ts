// One task with its provider: sent, or asked about; what was said, and what that means. Never throws: what is not known is a
// finding too.

import { inSpan, type OpenSpan } from '../tracing/spans.ts';
import type { Task } from './claim.ts';
import { ofAsk, ofSubmit } from './findings.ts';
import type { Result } from './record-results.ts';
import { submissionOf } from './settlement-row.ts';
import type { Exchange } from './store-changes.ts';

/** For one exchange with a provider, its own timeout included. */
export const exchangeMsMax = 25_000;

/** Null: it was not sent, for its lease may end before the answer comes; whoever has it next asks. */
export async function performTask(task: Task): Promise<Result | null> {
  // Its process may have stood still since the claim.
  if (performance.now() > task.sendBeforeMs) return null;
  const { settlement_id, submissions, trace_parent } = task.row;
  const attributes = {
    'peer.service': task.provider.name,
    'atlas.settlement_id': settlement_id,
    'atlas.submission': submissions,
  };
  const options = { kind: 'client', parent: trace_parent, attributes } as const;
  return await inSpan(`provider ${task.kind}`, options, (span) => exchange(task, span));
}

async function exchange({ row, provider, token, kind }: Task, span: OpenSpan): Promise<Result> {
  const startMs = performance.now();
  const submission = submissionOf(row, provider.name);
  const signal = AbortSignal.timeout(exchangeMsMax);
  const said = async () => {
    if (kind === 'submit') {
      const answer = await provider.submit(submission, signal);
      return { answer, finding: ofSubmit(answer) };
    }
    const answer = await provider.ask(submission, row.provider_reference, signal);
    return { answer, finding: ofAsk(answer, row) };
  };
  const { answer, finding } = await said().catch((error: unknown) => {
    // A mistake of ours, and it proves nothing about the payment.
    const code = error instanceof Error ? error.message : String(error);
    return { answer: { outcome: 'unknown', code } as const, finding: { found: 'unknown' } as const };
  });
  span.say({ 'atlas.outcome': answer.outcome });
  if (answer.outcome === 'unknown' || answer.outcome === 'not_taken') span.fail(answer.code);
  const told: Exchange = {
    settlement_id: row.settlement_id,
    submission: row.submissions,
    provider: provider.name,
    kind,
    outcome: answer.outcome,
    detail: 'provider_reference' in answer ? answer.provider_reference : 'code' in answer ? answer.code : '',
    duration_ms: performance.now() - startMs,
  };
  return { settlement_id: row.settlement_id, token, finding, exchanges: [told] };
}
