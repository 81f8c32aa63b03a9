// The simulated provider's own word, over real HTTP: signed, duplicated, late, lost, and told again.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { SimulatedProviderOptions } from '../../scripts/simulated-provider/server.ts';
import { endsAfterEach, never, simulated, startSimulated } from '../../scripts/test-providers.ts';
import { until } from '../../scripts/test-waiting.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import type { Provider } from './provider.ts';

const { secret, destination, quick } = simulated;
const ends = endsAfterEach();
const started = (options?: Partial<SimulatedProviderOptions>) => startSimulated(ends, options);

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
    if (word !== null && word.outcome !== 'unread')
      words.push({ id: word.webhook_id, outcome: word.outcome, at: performance.now() });
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  ends.push(() => listener.close());
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/words`, words, answers };
}

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

  test('P1: what was paid comes back, as a word of its own or as a rejection after it', async () => {
    const { server, provider, listener } = await listened({});
    const submission = sampleSubmission(destination);
    await provider.submit(submission, never);
    await until(
      () => listener.words.length,
      (count) => count === 1,
    );
    const { settlement_id } = submission;
    expect(server.takeBack({ settlement_id, amount_minor: '345' })?.returns).toHaveLength(1);
    expect(server.takeBack({ settlement_id, as: 'rejected' })?.returns[1]?.amount_minor).toBe('12000');
    expect(server.takeBack({ settlement_id })).toBeNull();
    const words = await until(
      () => listener.words,
      ({ length }) => length === 3,
    );
    expect(words.map(({ outcome }) => outcome).toSorted()).toEqual(['paid', 'rejected', 'returned']);
    // It was paid, and says so when it is asked.
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
    const signed = (at: Date, body: string, by = secret, id = 'w1') =>
      new Headers({
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(by).sign(id, at, body),
      });
    const now = new Date();
    const other = `whsec_${Buffer.from('another secret, also 24+ bytes').toString('base64')}`;
    expect(() => provider.readWebhook(signed(now, '{}', other), '{}')).toThrow(/signature/);
    expect(() => provider.readWebhook(signed(new Date(now.getTime() - 301_000), '{}'), '{}')).toThrow(/signature/);
    expect(() => provider.readWebhook(signed(now, '{}'), '{ }')).toThrow(/signature/);
    expect(() => provider.readWebhook(new Headers(), '{}')).toThrow(/signature/);
    for (const id of ['w.1', `w1.${Math.floor(now.getTime() / 1_000)}`, 'w 1'])
      expect(() => provider.readWebhook(signed(now, '{}', secret, id), '{}')).toThrow(/signature/);
    const read = (body: string) => provider.readWebhook(signed(now, body), body);
    expect(read('{"type":"balance.low"}')).toBeNull();
    // Of a payment, and not to be read, or of a kind that is not known: for a person.
    expect(read('{"type":"payment.paid","data":{}}')).toMatchObject({ outcome: 'unclear', settlement_id: 'none' });
    const odd = { type: 'payment.frozen', data: { settlement_id: 'stl_1', provider_reference: 'r1' } };
    expect(read(JSON.stringify(odd))).toMatchObject({ outcome: 'unclear', settlement_id: 'stl_1' });
  });
});
