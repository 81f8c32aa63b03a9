// The simulated provider over real HTTP: each fault and what its client makes of it, and what a key promises.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type InquiryFault,
  inquiryFaults,
  type SubmissionFault,
  submissionFaults,
} from '../../scripts/simulated-provider/faults.ts';
import type { SimulatedProviderOptions } from '../../scripts/simulated-provider/server.ts';
import { endsAfterEach, never, simulated, startSimulated } from '../../scripts/test-providers.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { createSimulatedProvider } from './simulated.ts';

const { secret, apiKey, destination, quick } = simulated;
const ends = endsAfterEach();
const started = (options?: Partial<SimulatedProviderOptions>) => startSimulated(ends, options);

describe('faults', () => {
  const cases: Record<SubmissionFault, { submit: object; ask: object; isPaid: boolean }> = {
    none: { submit: { outcome: 'paid' }, ask: { outcome: 'paid' }, isPaid: true },
    too_many: {
      submit: { outcome: 'not_taken', code: 'too_many_requests' },
      ask: { outcome: 'not_found' },
      isPaid: false,
    },
    error_before: { submit: { outcome: 'unknown', code: 'status_500' }, ask: { outcome: 'not_found' }, isPaid: false },
    error_after: { submit: { outcome: 'unknown', code: 'status_500' }, ask: { outcome: 'paid' }, isPaid: true },
    reset_before: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'not_found' }, isPaid: false },
    reset_after: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'paid' }, isPaid: true },
    hang_before: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'not_found' }, isPaid: false },
    hang_after: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'paid' }, isPaid: true },
    rejected: {
      submit: { outcome: 'rejected', code: 'provider_account_refused' },
      ask: { outcome: 'rejected', code: 'provider_account_refused' },
      isPaid: false,
    },
    forgotten: { submit: { outcome: 'accepted' }, ask: { outcome: 'not_found' }, isPaid: false },
  };

  test('every fault has its case', () => {
    expect(Object.keys(cases).sort()).toEqual([...submissionFaults].sort());
  });

  test.each(submissionFaults)('%s: what its client makes of it, and what is true', async (fault) => {
    const { server, provider } = await started({ faults: { ...quick, answers: 'paid', submissions: [fault] } });
    const submission = sampleSubmission(destination);
    const signal = fault.startsWith('hang') ? AbortSignal.timeout(150) : never;
    const { submit, ask, isPaid } = cases[fault];
    expect(await provider.submit(submission, signal)).toMatchObject(submit);
    expect(await provider.ask(submission, null, never)).toMatchObject(ask);
    expect(server.books.totals().payments).toBe(isPaid ? 1 : 0);
  });

  const inquiryCases: Record<InquiryFault, string> = {
    none: 'paid',
    too_many: 'status_429',
    error: 'status_500',
    reset: 'no_answer',
    hang: 'no_answer',
  };
  test.each(inquiryFaults)('a question that meets %s tells nothing wrong', async (fault) => {
    const { provider } = await started({ faults: { ...quick, answers: 'paid', inquiries: [fault] } });
    const submission = sampleSubmission(destination);
    await provider.submit(submission, never);
    const answer = await provider.ask(submission, null, fault === 'hang' ? AbortSignal.timeout(150) : never);
    expect(answer.outcome === 'unknown' ? answer.code : answer.outcome).toBe(inquiryCases[fault]);
  });

  test('down: nothing was taken, for certain; and it comes back', async () => {
    const { server, provider } = await started();
    await server.setFaults({ ...quick, down: true });
    const submission = sampleSubmission(destination);
    expect(await provider.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'no_connection' });
    expect(await provider.ask(submission, null, never)).toEqual({ outcome: 'unknown', code: 'no_answer' });
    await server.setFaults(quick);
    expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'accepted' });
  });

  test('rates draw faults by their share, and the same seed draws the same', async () => {
    const outcomes = async () => {
      const { provider } = await started({ seed: 7, faults: { ...quick, too_many_rate: 0.3, rejected_rate: 0.2 } });
      const seen: string[] = [];
      for (let i = 0; i < 100; i += 1) seen.push((await provider.submit(sampleSubmission(destination), never)).outcome);
      return seen;
    };
    const [first, second] = [await outcomes(), await outcomes()];
    expect(first).toEqual(second);
    expect(first.filter((outcome) => outcome === 'not_taken').length).toBeGreaterThan(15);
    expect(first.filter((outcome) => outcome === 'rejected').length).toBeGreaterThan(8);
  });
});

describe('keys', () => {
  test('the same submission again is answered as the first, and pays once', async () => {
    const { server, provider } = await started({ faults: { ...quick, answers: 'paid' } });
    const submission = sampleSubmission(destination);
    const first = await provider.submit(submission, never);
    expect(await provider.submit(submission, never)).toEqual(first);
    expect(server.books.totals()).toMatchObject({ payments: 1, repeats: 1, paid_minor: { EUR: '12345' } });
  });

  test('another order under a used key is refused, and is unknown to us: no one may pay it elsewhere', async () => {
    const { server, provider } = await started({ faults: { ...quick, answers: 'paid' } });
    const submission = sampleSubmission(destination);
    await provider.submit(submission, never);
    expect(await provider.submit({ ...submission, amount_minor: 1n }, never)).toEqual({
      outcome: 'unknown',
      code: 'idempotency_key_reused',
    });
    expect(server.books.totals().paid_minor).toEqual({ EUR: '12345' });
  });

  test('a key that was asked about before it came is closed', async () => {
    const { server, provider } = await started();
    const submission = sampleSubmission(destination);
    expect(await provider.ask(submission, null, never)).toEqual({ outcome: 'not_found' });
    expect(await provider.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'key_closed' });
    expect(server.books.totals()).toMatchObject({ payments: 0, pending: 0, closed_keys: 1 });
  });

  test('a provider that is killed keeps its books by its journal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulated-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const journalFile = join(folder, 'journal');
    const first = await started({ journalFile, faults: { ...quick, answers: 'paid' } });
    const submission = sampleSubmission(destination);
    const asked = sampleSubmission(destination);
    const answer = await first.provider.submit(submission, never);
    await first.provider.ask(asked, null, never);
    // A second one opens the journal without the first having closed it, as after a kill.
    const { server, provider } = await started({ journalFile });
    expect(await provider.submit(submission, never)).toEqual(answer);
    expect(await provider.submit(asked, never)).toMatchObject({ outcome: 'not_taken' });
    expect(server.books.totals()).toMatchObject({ payments: 1, closed_keys: 1 });
  });

  test('what it says it pays is compared with what it was told to pay', async () => {
    const liar = createServer((_, response) =>
      response.end(JSON.stringify({ state: 'paid', provider_reference: 'x', amount_minor: '1', currency: 'EUR' })),
    );
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
    const provider = createSimulatedProvider({ url, apiKey, webhookSecrets: [secret] });
    ends.push(
      () => liar.close(),
      () => provider.close?.(),
    );
    const submission = sampleSubmission(destination);
    expect(await provider.submit(submission, never)).toEqual({ outcome: 'unknown', code: 'answer_differs' });
    expect(await provider.ask(submission, null, never)).toEqual({ outcome: 'unknown', code: 'answer_differs' });
  });

  test('wrong credentials are not taken; a closed account is rejected', async () => {
    const { server, provider } = await started();
    const stranger = createSimulatedProvider({ url: server.url, apiKey: 'wrong', webhookSecrets: [secret] });
    ends.push(() => stranger.close?.());
    const submission = sampleSubmission(destination);
    expect(await stranger.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'credentials_refused' });
    expect(await provider.submit(sampleSubmission({ account: 'closed-1' }), never)).toEqual({
      outcome: 'rejected',
      code: 'provider_account_closed',
    });
  });
});
