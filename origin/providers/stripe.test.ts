// Stripe's client against the stand-in: what each of its answers proves, that a key pays once, and what its webhooks tell.

import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { freePort } from '../../scripts/free-port.ts';
import { endsAfterEach, never, stripeSecret as secret, startStripe } from '../../scripts/test-providers.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import type { StripeFault } from '../testing/stand-in-stripe.ts';
import type { Provider } from './provider.ts';
import { createStripeProvider } from './stripe.ts';

const transferTo = { account: 'acct_1Merchant' };
const payoutTo = { external_account: 'ba_1Bank' };

const ends = endsAfterEach();
const started = (quietMs?: number) => startStripe(ends, quietMs);

/** Asked twice: what is not listed is believed from the second time on, where it is waited for nothing. */
async function askTwice(provider: Provider, submission: Parameters<Provider['ask']>[0]) {
  await provider.ask(submission, null, never);
  return await provider.ask(submission, null, never);
}

describe('what each answer proves', () => {
  const cases: Record<StripeFault, { submit: object; ask: object; isMoved: boolean }> = {
    none: { submit: { outcome: 'paid', provider_reference: 'tr_1' }, ask: { outcome: 'paid' }, isMoved: true },
    rate_limit: {
      submit: { outcome: 'not_taken', code: 'too_many_requests' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    lock_timeout: {
      submit: { outcome: 'not_taken', code: 'too_many_requests' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    authentication: {
      submit: { outcome: 'not_taken', code: 'credentials_refused' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    permission: {
      submit: { outcome: 'not_taken', code: 'credentials_refused' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    account_invalid: {
      submit: { outcome: 'rejected', code: 'provider_account_invalid' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    invalid: {
      submit: { outcome: 'rejected', code: 'provider_payouts_not_allowed' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    card_error: {
      submit: { outcome: 'rejected', code: 'provider_card_declined' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    balance: {
      submit: { outcome: 'not_taken', code: 'balance_insufficient' },
      ask: { outcome: 'not_found' },
      isMoved: false,
    },
    in_use: { submit: { outcome: 'unknown', code: 'in_flight' }, ask: { outcome: 'not_found' }, isMoved: false },
    error_before: { submit: { outcome: 'unknown', code: 'status_500' }, ask: { outcome: 'not_found' }, isMoved: false },
    error_after: { submit: { outcome: 'unknown', code: 'status_500' }, ask: { outcome: 'paid' }, isMoved: true },
    unavailable: { submit: { outcome: 'unknown', code: 'status_503' }, ask: { outcome: 'not_found' }, isMoved: false },
    reset_before: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'not_found' }, isMoved: false },
    reset_after: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'paid' }, isMoved: true },
    hang_before: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'not_found' }, isMoved: false },
    hang_after: { submit: { outcome: 'unknown', code: 'no_answer' }, ask: { outcome: 'paid' }, isMoved: true },
    not_json: { submit: { outcome: 'unknown' }, ask: { outcome: 'paid' }, isMoved: true },
  };
  const names = Object.keys(cases) as StripeFault[];

  test.each(names)('%s', async (fault) => {
    const { stripe, provider } = await started();
    stripe.faults.push(fault);
    const submission = sampleSubmission(transferTo);
    const signal = fault.startsWith('hang') ? AbortSignal.timeout(200) : never;
    expect(await provider.submit(submission, signal)).toMatchObject(cases[fault].submit);
    // One request: whatever is tried again is the engine's to try.
    expect(stripe.calls.length).toBeLessThanOrEqual(1);
    expect(await askTwice(provider, submission)).toMatchObject(cases[fault].ask);
    expect(stripe.moved.length).toBe(cases[fault].isMoved ? 1 : 0);
  });

  test.each(names.filter((name) => !['none', 'hang_before', 'hang_after', 'reset_after'].includes(name)))(
    'asked, and met by %s: nothing is known',
    async (fault) => {
      const { stripe, provider } = await started();
      const submission = sampleSubmission(transferTo);
      await provider.submit(submission, never);
      stripe.faults.push(fault === 'error_after' ? 'unavailable' : fault);
      expect(await provider.ask(submission, null, never)).toMatchObject({ outcome: 'unknown' });
    },
  );

  test('nobody listens: not taken, for certain', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const provider = createStripeProvider({ apiKey: 'sk_test_1', webhookSecrets: [secret], url });
    ends.push(() => provider.close?.());
    expect(await provider.submit(sampleSubmission(transferTo), never)).toEqual({
      outcome: 'not_taken',
      code: 'no_connection',
    });
  });
});

describe('payments', () => {
  test('a connected account gets a transfer, with our key, ids and reference on it', async () => {
    const { stripe, provider } = await started();
    const submission = sampleSubmission(transferTo);
    expect(await provider.submit(submission, never)).toEqual({ outcome: 'paid', provider_reference: 'tr_1' });
    expect(stripe.calls).toEqual([`POST /v1/transfers ${submission.idempotency_key}`]);
    const { settlement_id, idempotency_key } = submission;
    expect(stripe.moved[0]).toMatchObject({
      amount: 12_345,
      currency: 'eur',
      destination: 'acct_1Merchant',
      transfer_group: settlement_id,
      metadata: { settlement_id, idempotency_key, submission: '1' },
    });
  });

  test('an external account gets a payout, on the connected account where there is one, and is paid when Stripe says so', async () => {
    const { stripe, provider } = await started();
    const submission = sampleSubmission({ ...payoutTo, ...transferTo });
    expect(await provider.submit(submission, never)).toEqual({ outcome: 'accepted', provider_reference: 'po_1' });
    const [payout] = stripe.moved;
    expect(payout).toMatchObject({ object: 'payout', account: 'acct_1Merchant', destination: 'ba_1Bank' });
    expect(await provider.ask(submission, 'po_1', never)).toEqual({ outcome: 'pending', provider_reference: 'po_1' });
    if (payout !== undefined) payout.status = 'paid';
    expect(await provider.ask(submission, 'po_1', never)).toEqual({ outcome: 'paid', provider_reference: 'po_1' });
    expect(await provider.ask(submission, null, never)).toEqual({ outcome: 'paid', provider_reference: 'po_1' });
    if (payout !== undefined) Object.assign(payout, { status: 'failed', failure_code: 'account_closed' });
    expect(await provider.ask(submission, 'po_1', never)).toEqual({
      outcome: 'rejected',
      code: 'provider_account_closed',
    });
  });

  test('the same submission again is answered as the first, and moves money once', async () => {
    const { stripe, provider } = await started();
    const submission = sampleSubmission(transferTo);
    const first = await provider.submit(submission, never);
    expect(await provider.submit(submission, never)).toEqual(first);
    expect(stripe.moved).toHaveLength(1);
  });

  test('a key that was used for another amount is unknown', async () => {
    const { provider } = await started();
    const submission = sampleSubmission(transferTo);
    await provider.submit(submission, never);
    const other = await provider.submit({ ...submission, amount_minor: 1n }, never);
    expect(other).toEqual({ outcome: 'unknown', code: 'idempotency_key_reused' });
    expect(await provider.ask({ ...submission, amount_minor: 1n }, null, never)).toEqual({
      outcome: 'unknown',
      code: 'answer_differs',
    });
  });

  test('what is not listed is "not found" only after it was quiet for long enough', async () => {
    const { provider } = await started(150);
    const submission = sampleSubmission(payoutTo);
    const sentMs = performance.now();
    let answer = await provider.ask(submission, null, never);
    expect(answer).toEqual({ outcome: 'unknown', code: 'not_seen_yet' });
    while (answer.outcome === 'unknown') answer = await provider.ask(submission, null, never);
    expect(answer).toEqual({ outcome: 'not_found' });
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(150);
  });

  test('a payout is found on a later page, and not looked for without end', async () => {
    const { stripe, provider } = await started();
    stripe.pageSize = 2;
    const first = sampleSubmission(payoutTo);
    await provider.submit(first, never);
    for (let i = 0; i < 4; i += 1) await provider.submit(sampleSubmission(payoutTo), never);
    expect(await provider.ask(first, null, never)).toMatchObject({ outcome: 'pending', provider_reference: 'po_1' });
    for (let i = 0; i < 20; i += 1) await provider.submit(sampleSubmission(payoutTo), never);
    expect(await askTwice(provider, first)).toEqual({ outcome: 'unknown', code: 'too_many_to_search' });
  });

  test.each([
    [{ account: 'acct_1A' }, null],
    [{ external_account: 'ba_1A' }, null],
    [{ account: 'acct_1A', external_account: 'card_1A' }, null],
    [{}, /^needs an account/],
    [{ account: 'ba_1A' }, /connected account/],
    [{ external_account: 'acct_1A' }, /^has external_account, which must be a bank account or card/],
    [{ account: 'acct_1A', iban: 'DE1' }, /^has iban, which is not a field/],
    ['acct_1A', /object/],
    [null, /object/],
  ])('destination %j', async (destination, problem) => {
    const { provider } = await started();
    const found = provider.problemOfDestination(destination);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toMatch(problem);
    if (problem !== null)
      expect(await provider.submit(sampleSubmission(destination), never)).toEqual({
        outcome: 'rejected',
        code: 'destination_refused',
      });
  });
});

test('whatever faults come, one settlement driven as the engine does it is moved once at most', async () => {
  const { stripe, provider } = await started();
  const faults: StripeFault[] = [
    'none',
    'rate_limit',
    'balance',
    'in_use',
    'error_before',
    'error_after',
    'unavailable',
  ];
  const broken: StripeFault[] = ['reset_before', 'reset_after', 'not_json'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...faults, ...broken), { maxLength: 12 }), async (sequence) => {
      stripe.faults.splice(0, Number.POSITIVE_INFINITY, ...sequence);
      const settlement_id = newId('stl');
      let paid = false;
      for (let submission = 1; submission <= 4 && !paid; submission += 1) {
        const sent = sampleSubmission(transferTo, { settlement_id, submission });
        let answer: { outcome: string } = await provider.submit(sent, never);
        for (let asked = 0; answer.outcome === 'unknown' && asked < 20; asked += 1)
          answer = await provider.ask(sent, null, never);
        paid = answer.outcome === 'paid';
        if (answer.outcome === 'unknown') break;
      }
      expect(stripe.moved.filter(({ transfer_group }) => transfer_group === settlement_id).length).toBe(paid ? 1 : 0);
    }),
    { numRuns: 60 },
  );
});

test('the SDK still sends again after a reset where it is left to its own client, which is why ours is not', async () => {
  const { stripe } = await started();
  stripe.faults.push('reset_before', 'none');
  const { hostname, port } = new URL(stripe.url);
  const itself = new Stripe('sk_test_1', { maxNetworkRetries: 0, host: hostname, port, protocol: 'http' });
  await itself.transfers.create({ amount: 1, currency: 'eur', destination: 'acct_1' });
  expect(stripe.moved).toHaveLength(1);
});

test('its lists: transfers, payouts of every account, and what it has told of them since; what others sent is not ours', async () => {
  const { stripe, provider } = await startStripe(ends);
  stripe.pageSize = 2;
  stripe.accounts.push('acct_1A', 'acct_2B', 'acct_3C');
  const sent = [
    sampleSubmission({ account: 'acct_1A' }),
    sampleSubmission({ account: 'acct_3C', external_account: 'ba_1Bank' }),
    sampleSubmission({ external_account: 'ba_1Bank' }),
  ];
  for (const submission of sent) await provider.submit(submission, never);
  const [transfer, payout] = stripe.moved;
  if (transfer === undefined || payout === undefined) throw new Error('nothing was moved');
  stripe.moved.push({ ...transfer, id: 'tr_dashboard', metadata: {} });
  payout.status = 'failed';
  const event = {
    account: 'acct_3C',
    id: 'evt_1',
    created: payout.created,
    type: 'payout.failed',
    data: { object: payout },
  };
  stripe.events.push(event, { ...event, id: 'evt_2', data: { object: { ...payout, metadata: {} } } });
  const { payments, words } = await provider.listSince(new Date(Date.now() - 60_000), never);
  expect(payments.map(({ settlement_id, state, reference }) => [settlement_id, state, reference]).toSorted()).toEqual(
    sent.map(({ settlement_id }, n) => [settlement_id, ['paid', 'rejected', 'pending'][n], 'invoice 7']).toSorted(),
  );
  expect(words).toMatchObject([{ webhook_id: 'evt_1', outcome: 'rejected', settlement_id: sent[1]?.settlement_id }]);
  stripe.faults.push('none', 'none', 'none', 'rate_limit');
  await expect(provider.listSince(new Date(0), never)).rejects.toThrow();
});
