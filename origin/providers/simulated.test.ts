// The simulated provider over real HTTP: each fault and what its client makes of it, its confirmations, and that no sequence of
// faults brings it to pay one settlement twice.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import {
  type InquiryFault,
  inquiryFaults,
  type SubmissionFault,
  submissionFaults,
} from '../../scripts/simulated-provider/faults.ts';
import { type SimulatedProviderOptions, startSimulatedProvider } from '../../scripts/simulated-provider/server.ts';
import { until } from '../../scripts/test-waiting.ts';
import type { Provider } from './provider.ts';
import { sampleSubmission } from './sample-submission.ts';
import { createSimulatedProvider } from './simulated.ts';

const secret = `whsec_${Buffer.from('a secret of tests, 24+ bytes').toString('base64')}`;
const apiKey = 'key-of-the-simulated-provider';
const destination = { account: 'acc-1' };
const quick = { latency_ms_min: 0, latency_ms_max: 0, confirm_after_ms: 0 } as const;
const never = new AbortController().signal;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(options: Partial<SimulatedProviderOptions> = {}) {
  const server = await startSimulatedProvider({ apiKey, secret, faults: quick, ...options });
  const provider = createSimulatedProvider({ url: server.url, apiKey, webhookSecrets: [secret] });
  ends.push(
    () => server.close(),
    () => provider.close?.(),
  );
  return { server, provider };
}

/** What was told to a callback URL, verified and read. */
async function startListener(provider: () => Provider) {
  const words: { id: string; outcome: string; at: number }[] = [];
  const answers: number[] = [];
  const listener = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [name, `${value}`]),
    );
    const word = provider().readWebhook(headers, Buffer.concat(chunks).toString());
    if (word !== null) words.push({ id: word.webhook_id, outcome: word.outcome, at: performance.now() });
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  ends.push(() => listener.close());
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/words`, words, answers };
}

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

describe('confirmations', () => {
  async function listened(faults: object) {
    const holder: { provider?: Provider } = {};
    const listener = await startListener(() => holder.provider as Provider);
    const { server, provider } = await started({ callbackUrl: listener.url, faults: { ...quick, ...faults } });
    holder.provider = provider;
    return { server, provider, listener };
  }

  test('an accepted payment is confirmed by a signed word that names it', async () => {
    const { server, provider, listener } = await listened({});
    const submission = sampleSubmission(destination);
    expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'accepted' });
    await until(
      () => listener.words.length,
      (count) => count === 1,
    );
    expect(listener.words[0]).toMatchObject({ id: `whk_${submission.idempotency_key}_paid`, outcome: 'paid' });
    expect(server.books.totals().payments).toBe(1);
  });

  test('one that is rejected in the end is told so', async () => {
    const { provider, listener } = await listened({ rejected_later_rate: 1 });
    await provider.submit(sampleSubmission(destination), never);
    const [word] = await until(
      () => listener.words,
      (words) => words.length === 1,
    );
    expect(word?.outcome).toBe('rejected');
  });

  test('duplicated: twice with one id', async () => {
    const { provider, listener } = await listened({ confirmation_duplicated_rate: 1 });
    await provider.submit(sampleSubmission(destination), never);
    const words = await until(
      () => listener.words,
      ({ length }) => length === 2,
    );
    expect(words[0]?.id).toBe(words[1]?.id);
  });

  test('late: paid in time, told later', async () => {
    const { server, provider, listener } = await listened({ confirmation_late_rate: 1, confirmation_late_ms: 300 });
    await provider.submit(sampleSubmission(destination), never);
    await until(
      () => server.books.totals().payments,
      (count) => count === 1,
    );
    const paidAt = performance.now();
    const [word] = await until(
      () => listener.words,
      ({ length }) => length === 1,
    );
    expect((word?.at ?? 0) - paidAt).toBeGreaterThan(200);
  });

  test('lost: paid, never told, and known when asked', async () => {
    const { server, provider, listener } = await listened({ confirmation_lost_rate: 1 });
    const submission = sampleSubmission(destination);
    await provider.submit(submission, never);
    await until(
      () => server.confirmations.lost,
      (count) => count === 1,
    );
    expect(listener.words).toEqual([]);
    expect(await provider.ask(submission, null, never)).toMatchObject({ outcome: 'paid' });
  });

  test('one that is not answered with 2xx is told again', async () => {
    const { provider, listener } = await listened({});
    listener.answers.push(503);
    await provider.submit(sampleSubmission(destination), never);
    const words = await until(
      () => listener.words,
      ({ length }) => length === 2,
    );
    expect(words[0]?.id).toBe(words[1]?.id);
  });

  test('a word with a wrong signature, an old one, or a changed body is refused; one of something else tells nothing', async () => {
    const { provider } = await started();
    const signed = (at: Date, body: string, by = secret) =>
      new Headers({
        'webhook-id': 'w1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(by).sign('w1', at, body),
      });
    const now = new Date();
    const other = `whsec_${Buffer.from('another secret, also 24+ bytes').toString('base64')}`;
    expect(() => provider.readWebhook(signed(now, '{}', other), '{}')).toThrow(/signature/);
    expect(() => provider.readWebhook(signed(new Date(now.getTime() - 301_000), '{}'), '{}')).toThrow(/signature/);
    expect(() => provider.readWebhook(signed(now, '{}'), '{ }')).toThrow(/signature/);
    expect(() => provider.readWebhook(new Headers(), '{}')).toThrow(/signature/);
    expect(provider.readWebhook(signed(now, '{"type":"balance.low"}'), '{"type":"balance.low"}')).toBeNull();
  });
});

test('as a process of its own: says where it is, sets faults and shows its books over HTTP', async () => {
  const child = spawn(
    process.execPath,
    ['scripts/simulated-provider.ts', '--port', '0', '--json', '--api-key', apiKey],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  ends.push(() => child.kill());
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
  );
  const { url, admin_url } = JSON.parse(line) as { url: string; admin_url: string };
  const put = (faults: object) => fetch(`${admin_url}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  expect((await put({ latency: 1 })).status).toBe(422);
  expect((await put({ ...quick, answers: 'paid', submissions: ['too_many'] })).status).toBe(200);
  const provider = createSimulatedProvider({ url, apiKey, webhookSecrets: [secret] });
  ends.push(() => provider.close?.());
  const submission = sampleSubmission(destination);
  expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'not_taken' });
  expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'paid' });
  const totals = await (await fetch(`${admin_url}/totals`)).json();
  expect(totals).toMatchObject({ payments: 1, settlements: 1, paid_twice: [], paid_minor: { EUR: '12345' } });
  const shown = await fetch(`${admin_url}/payments?settlement_id=${submission.settlement_id}`);
  expect(await shown.json()).toMatchObject({ payments: [{ state: 'paid', order: { amount_minor: '12345' } }] });
});

/** As the engine drives it: sent again only under a new number, and only after it is certain that it was not paid. */
async function drive(provider: Provider): Promise<'paid' | 'rejected' | 'given up'> {
  const settlement_id = newId('stl');
  const patient = () => AbortSignal.timeout(40);
  for (let submission = 1; submission <= 6; submission += 1) {
    const sent = sampleSubmission(destination, { settlement_id, submission });
    let known = await provider.submit(sent, patient());
    for (let asked = 0; known.outcome === 'unknown' || known.outcome === 'accepted'; asked += 1) {
      if (asked === 40) return 'given up';
      const answer = await provider.ask(sent, null, patient());
      if (answer.outcome === 'not_found') known = { outcome: 'not_taken', code: 'not_found' };
      else if (answer.outcome !== 'pending' && answer.outcome !== 'unknown') known = answer;
    }
    if (known.outcome !== 'not_taken') return known.outcome;
  }
  return 'given up';
}

test('whatever faults come in whatever order, no settlement is paid twice, and what is reported paid is paid', async () => {
  const { server, provider } = await started();
  let expectedPaid = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...submissionFaults), { maxLength: 12 }),
      fc.array(fc.constantFrom(...inquiryFaults), { maxLength: 8 }),
      fc.constantFrom('paid' as const, 'accepted' as const),
      async (submissions, inquiries, answers) => {
        await server.setFaults({ ...quick, answers, submissions, inquiries });
        const ended = await Promise.all([drive(provider), drive(provider)]);
        expectedPaid += ended.filter((outcome) => outcome === 'paid').length;
        expect(server.books.totals().paid_twice).toEqual([]);
        expect(server.books.totals().payments).toBeGreaterThanOrEqual(expectedPaid);
      },
    ),
    { numRuns: 60 },
  );
  const { payments, settlements } = server.books.totals();
  expect(payments).toBe(settlements);
});
