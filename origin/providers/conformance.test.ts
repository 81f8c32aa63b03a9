// What every provider owes the engine, asked of each of them behind its guard: the interface's promises, one by one.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../contracts/problem.ts';
import { statement } from '../../scripts/iso20022/bank-files.ts';
import { startSimulatedProvider } from '../../scripts/simulated-provider/server.ts';
import { createMemoryStore } from '../testing/memory-store.ts';
import { merchantAccount, ourAccounts } from '../testing/sample-bank.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { startStandInStripe } from '../testing/stand-in-stripe.ts';
import { type GuardedProvider, guarded } from './guarded.ts';
import { createIso20022Provider } from './iso20022/iso20022.ts';
import { endToEndId } from './iso20022/payment-files.ts';
import type { Provider, ProviderWord, Submission } from './provider.ts';
import { createProviderMetrics } from './provider-metrics.ts';
import { createSimulatedProvider } from './simulated.ts';
import { createStripeProvider } from './stripe.ts';

const never = new AbortController().signal;
const secret = `whsec_${Buffer.from('a secret of tests, 24+ bytes').toString('base64')}`;

const isWord = (read: ReturnType<Provider['readWebhook']>): read is ProviderWord =>
  read !== null && read.outcome !== 'unread';

interface Bench {
  readonly provider: Provider;
  readonly destination: unknown;
  readonly badDestinations: readonly unknown[];
  /** How often it has the settlement to be paid, by its own books. */
  timesTaken(settlement: Submission): number;
  /** Loses the answer to the next submission after it was taken; null where there is no network to lose it. */
  readonly loseNextAnswer: (() => unknown) | null;
  /** Pays what it took, and says what it would say of it by itself. */
  confirm(submission: Submission, reference: string): Promise<readonly ProviderWord[]>;
  end(): unknown;
}

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  async simulated() {
    const quick = { latency_ms_min: 0, latency_ms_max: 0, confirm_after_ms: 3_600_000 };
    const server = await startSimulatedProvider({ apiKey: 'key', secret, faults: quick });
    const provider = createSimulatedProvider({ url: server.url, apiKey: 'key', webhookSecrets: [secret] });
    return {
      provider,
      destination: { account: 'acc-1' },
      badDestinations: [null, 'acc-1', {}, { account: '' }, { account: 'a/b' }, { account: 'a', iban: 'x' }],
      timesTaken: ({ settlement_id }) =>
        [...server.books.entries()].filter(({ order }) => order.settlement_id === settlement_id).length,
      loseNextAnswer: () => server.setFaults({ ...quick, submissions: ['reset_after'] }),
      confirm({ settlement_id, submission, idempotency_key }, provider_reference) {
        server.books.finish(idempotency_key, { state: 'paid' });
        const at = new Date();
        const data = { settlement_id, submission, provider_reference, code: null };
        const body = JSON.stringify({ type: 'payment.paid', timestamp: at.toISOString(), data });
        const headers = new Headers({
          'webhook-id': `w_${idempotency_key}`,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(`w_${idempotency_key}`, at, body),
        });
        return Promise.resolve([provider.readWebhook(headers, body)].filter(isWord));
      },
      end: () => server.close(),
    };
  },
  async stripe() {
    const stripe = await startStandInStripe();
    const provider = createStripeProvider({
      apiKey: 'sk_test_1',
      webhookSecrets: ['whsec_1'],
      url: stripe.url,
      quietMs: 0,
    });
    const ofSettlement = (id: string) => stripe.moved.filter(({ metadata }) => metadata['settlement_id'] === id);
    return {
      provider,
      destination: { external_account: 'ba_1Bank' },
      badDestinations: [null, 'acct_1A', {}, { account: 'ba_1' }, { account: 'acct_1', iban: 'x' }],
      timesTaken: ({ settlement_id }) => ofSettlement(settlement_id).length,
      loseNextAnswer: () => stripe.faults.push('reset_after'),
      confirm({ settlement_id }) {
        const words = ofSettlement(settlement_id).map((payout) => {
          payout.status = 'paid';
          const { headers, body } = stripe.event('payout.paid', payout, 'whsec_1');
          return provider.readWebhook(headers, body);
        });
        return Promise.resolve(words.filter(isWord));
      },
      end: () => stripe.close(),
    };
  },
  iso20022() {
    const store = createMemoryStore();
    const provider = createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0 });
    return Promise.resolve({
      provider,
      destination: merchantAccount,
      badDestinations: [
        null,
        'DE89370400440532013000',
        {},
        { name: 'x', iban: 'DE00' },
        { ...merchantAccount, pan: '1' },
      ],
      timesTaken: ({ idempotency_key }) =>
        [...store.objects]
          .filter(([key]) => key.startsWith('outbox/'))
          .filter(([, xml]) => xml.includes(`<EndToEndId>${endToEndId(idempotency_key)}<`)).length,
      loseNextAnswer: null,
      async confirm(submission) {
        const words: ProviderWord[] = [];
        await store.putIfAbsent(
          `inbox/${submission.settlement_id}`,
          statement([{ id: endToEndId(submission.idempotency_key) }]),
        );
        await provider.readInbox((taken) => {
          words.push(...taken);
          return Promise.resolve();
        });
        return words;
      },
      end: () => undefined,
    });
  },
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(Object.keys(benches))('%s', (name) => {
  async function bench(): Promise<Bench & { guard: GuardedProvider; submission: Submission }> {
    const opened = await benches[name]?.();
    if (opened === undefined) throw new Error(`no bench for ${name}`);
    const metrics = createProviderMetrics(new Registry());
    const guard = guarded(opened.provider, { metrics, log: pino({ level: 'silent' }) });
    ends.push(
      () => opened.end(),
      () => guard.close?.(),
    );
    return { ...opened, guard, submission: sampleSubmission(opened.destination) };
  }

  test('has the name that merchants’ destinations are filed under', async () => {
    expect((await bench()).guard.name).toBe(name);
  });

  test('takes a submission once, whatever number of times it is sent, and answers alike', async () => {
    const { guard, submission, timesTaken } = await bench();
    const first = await guard.submit(submission, never);
    expect(['accepted', 'paid']).toContain(first.outcome);
    const together = await Promise.all([1, 2, 3].map(() => guard.submit(submission, never)));
    expect(together).toEqual([first, first, first]);
    expect(timesTaken(submission)).toBe(1);
  });

  test('asked about what it took, it knows; with its reference and without', async () => {
    const { guard, submission } = await bench();
    const sent = await guard.submit(submission, never);
    const reference = 'provider_reference' in sent ? sent.provider_reference : null;
    for (const known of [reference, null])
      expect(await guard.ask(submission, known, never)).toEqual({ outcome: 'pending', provider_reference: reference });
  });

  test('asked about what it never got, it says so in the end, and never takes it for itself', async () => {
    const { guard, submission, timesTaken } = await bench();
    let answer = await guard.ask(submission, null, never);
    for (let times = 0; answer.outcome === 'unknown' && times < 5; times += 1)
      answer = await guard.ask(submission, null, never);
    expect(answer).toEqual({ outcome: 'not_found' });
    expect(timesTaken(submission)).toBe(0);
  });

  test('an answer that was lost is unknown, and asking tells', async () => {
    const { guard, submission, loseNextAnswer, timesTaken } = await bench();
    if (loseNextAnswer === null) return;
    await loseNextAnswer();
    expect(await guard.submit(submission, never)).toMatchObject({ outcome: 'unknown' });
    expect(await guard.ask(submission, null, never)).toMatchObject({ outcome: 'pending' });
    expect(timesTaken(submission)).toBe(1);
  });

  test('its own word names the settlement and the submission, and asked it says the same', async () => {
    const { guard, submission, confirm } = await bench();
    const sent = await guard.submit(submission, never);
    const provider_reference = 'provider_reference' in sent ? sent.provider_reference : '';
    const { settlement_id, submission: number } = submission;
    // Some say more: an amount, an instant.
    expect(await confirm(submission, provider_reference)).toEqual([
      expect.objectContaining({
        ...{ webhook_id: expect.any(String), settlement_id, submission: number },
        ...{ outcome: 'paid', provider_reference, code: null },
      }),
    ]);
    expect(await guard.ask(submission, provider_reference, never)).toEqual({ outcome: 'paid', provider_reference });
  });

  test('its list has what it took since an instant, whose it is and how it stands, in pages; nothing of before', async () => {
    const { guard, submission, confirm } = await bench();
    const others = Array.from({ length: 60 }, () => sampleSubmission(submission.destination));
    const sent = await guard.submit(submission, never);
    for (const other of others) await guard.submit(other, never);
    const listed = async (since: Date) => (await guard.listSince(since, never)).payments;
    const aMinute = 60_000;
    expect(await listed(new Date(Date.now() + aMinute))).toEqual([]);
    const own = (payments: Awaited<ReturnType<typeof listed>>) =>
      payments.filter(({ settlement_id }) => settlement_id === submission.settlement_id);
    const before = await listed(new Date(Date.now() - aMinute));
    expect(before).toHaveLength(61);
    const provider_reference = 'provider_reference' in sent ? sent.provider_reference : '';
    const { settlement_id, merchant_id, submission: number } = submission;
    const about = {
      settlement_id,
      merchant_id,
      submission: number,
      provider_reference,
      amount_minor: '12345',
      currency: 'EUR',
    };
    expect(own(before)).toMatchObject([{ ...about, state: 'pending' }]);
    await confirm(submission, provider_reference);
    expect(own(await listed(new Date(Date.now() - aMinute)))).toMatchObject([{ ...about, state: 'paid' }]);
  });

  test('a destination it cannot pay to is refused in words, and rejected where it is sent all the same', async () => {
    const { guard, destination, badDestinations, timesTaken } = await bench();
    expect(guard.problemOfDestination(destination)).toBeNull();
    for (const bad of badDestinations) {
      expect(guard.problemOfDestination(bad)).toMatch(/\w/);
      const submission = sampleSubmission(bad);
      expect(await guard.submit(submission, never)).toEqual({ outcome: 'rejected', code: 'destination_refused' });
      expect(timesTaken(submission)).toBe(0);
    }
  });

  test('a webhook that is not signed is a refusal, whatever it says', async () => {
    const { guard } = await bench();
    for (const body of ['', '{}', '{"type":"payment.paid"}', '<xml/>', '\u0000'])
      expect(() => guard.readWebhook(new Headers(), body)).toThrow(Refusal);
  });

  test('called with a signal that is over, it sends nothing', async () => {
    const { guard, submission, timesTaken } = await bench();
    expect(await guard.submit(submission, AbortSignal.abort())).toEqual({ outcome: 'not_taken', code: 'cancelled' });
    expect(timesTaken(submission)).toBe(0);
  });

  test('every code is a stable name', async () => {
    const { guard, badDestinations, submission } = await bench();
    const answers = [
      await guard.submit(sampleSubmission(badDestinations[0]), never),
      await guard.submit({ ...submission, amount_minor: 2n ** 60n }, never),
      await guard.ask({ ...submission, settlement_id: 'stl_x', idempotency_key: 'stl_x-1' }, null, never),
    ];
    for (const answer of answers) if ('code' in answer) expect(answer.code).toMatch(/^[a-z][a-z0-9_]{0,63}$/);
  });
});
