// Submissions into bank files: batches, ids that stay, and what is rejected, cancelled or closed.

import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { filesOf, idOf, sampleProvider as provider, sample, timesIn } from '../../testing/sample-files.ts';
import { endToEndId } from './payment-files.ts';

const never = new AbortController().signal;
describe('payment files', () => {
  test('submissions that come together are one file, and each is accepted under an id that banks carry', async () => {
    const store = createMemoryStore();
    const submissions = [sample(), sample(), sample({ currency: 'KWD' })];
    const bank = provider(store);
    const answers = await Promise.all(submissions.map((submission) => bank.submit(submission, never)));
    expect(answers).toEqual(
      submissions.map((submission) => ({ outcome: 'accepted', provider_reference: idOf(submission) })),
    );
    expect(filesOf(store)).toHaveLength(1);
    for (const submission of submissions) {
      expect(idOf(submission)).toMatch(/^[A-Za-z0-9-]{1,35}$/);
      expect(timesIn(store, submission)).toBe(1);
      expect(await bank.ask(submission, null, never)).toMatchObject({ outcome: 'pending' });
    }
  });

  test('ids stay: the same key the same, another submission another, and a strange key still fits', () => {
    const submission = sample();
    expect(idOf(submission)).toBe(submission.idempotency_key.replace('_', ''));
    expect(endToEndId(`${submission.idempotency_key}-and-much-longer-than-a-bank-takes`)).toMatch(/^ATK[0-9A-F]{28}$/);
    expect(endToEndId('stl_ü-1')).not.toBe(endToEndId('stl_ö-1'));
  });

  test.each([
    ['', 'must have 1 to 70 characters'],
    ['  ', 'must have 1 to 70 characters'],
    ['a'.repeat(71), 'must have 1 to 70 characters'],
    ['漢字', 'has characters that banks do not carry'],
  ])('the name %j is not one to start with: a bank would refuse every file', (initiator, problem) => {
    expect(() => provider(createMemoryStore(), { initiator })).toThrow(`the initiator's name ${problem}`);
  });

  test('a full batch is written at once, and closing writes what waits', async () => {
    const store = createMemoryStore();
    const bank = provider(store, { gatherMs: 3_600_000, transfersMax: 2 });
    await Promise.all([bank.submit(sample(), never), bank.submit(sample(), never)]);
    expect(filesOf(store)).toHaveLength(1);
    const waiting = bank.submit(sample(), never);
    await bank.close?.();
    expect(await waiting).toMatchObject({ outcome: 'accepted' });
    expect(filesOf(store)).toHaveLength(2);
  });

  test('the same submission again, and twice in one batch, is in one file once', async () => {
    const store = createMemoryStore();
    const submission = sample();
    const bank = provider(store);
    const twice = await Promise.all([bank.submit(submission, never), bank.submit(submission, never)]);
    expect(twice[0]).toEqual(twice[1]);
    expect(await bank.submit(submission, never)).toEqual(twice[0]);
    // Together with a new one it makes another file, without it.
    await Promise.all([bank.submit(submission, never), bank.submit(sample(), never)]);
    expect(timesIn(store, submission)).toBe(1);
    expect(filesOf(store)).toHaveLength(2);
  });

  test('asked about before it came, it is closed', async () => {
    const store = createMemoryStore();
    const submission = sample();
    const bank = provider(store);
    expect(await bank.ask(submission, null, never)).toEqual({ outcome: 'not_found' });
    expect(await bank.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'key_closed' });
    expect(filesOf(store)).toEqual([]);
  });

  test('cancelled while it waits, it is in no file', async () => {
    const store = createMemoryStore();
    const bank = provider(store, { gatherMs: 3_600_000 });
    const caller = new AbortController();
    const waiting = bank.submit(sample(), caller.signal);
    caller.abort();
    expect(await waiting).toEqual({ outcome: 'not_taken', code: 'cancelled' });
    await bank.close?.();
    expect(filesOf(store)).toEqual([]);
  });

  test.each([
    [{ currency: 'USD' }, 'provider_currency_not_offered'],
    [{ amount_minor: 100_000_000_000n }, 'provider_amount_not_offered'],
    [{ destination: { name: 'x', iban: 'DE00' } }, 'destination_refused'],
    [{ destination: { account: 'x' } }, 'destination_refused'],
  ] as const)('%o is rejected: %s', async (changes, code) => {
    expect(await provider(createMemoryStore()).submit(sample(changes), never)).toEqual({ outcome: 'rejected', code });
  });

  test('an account of ours that is wrong stops the start', () => {
    const debtors = { EUR: { name: 'Atlas', iban: 'DE00370400440532013000' } };
    expect(() => provider(createMemoryStore(), { debtors })).toThrow(/pays EUR.*check digits/);
  });
});
