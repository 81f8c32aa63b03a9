// What the bank's files tell, and what becomes of them.

import { describe, expect, test } from 'vitest';
import { statement, statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { createMemoryStore } from '../../testing/memory-store.ts';
import { filesOf, idOf, sampleProvider as provider, sample } from '../../testing/sample-files.ts';
import type { ProviderWord, Submission } from '../provider.ts';

const never = new AbortController().signal;
describe("the bank's words", () => {
  async function sent(count = 2) {
    const store = createMemoryStore();
    const bank = provider(store);
    const submissions = Array.from({ length: count }, () => sample());
    await Promise.all(submissions.map((submission) => bank.submit(submission, never)));
    const message = /<MsgId>([^<]+)</.exec(filesOf(store)[0] ?? '')?.[1] ?? '';
    const words: ProviderWord[] = [];
    const take = (taken: readonly ProviderWord[]) => {
      words.push(...taken);
      return Promise.resolve();
    };
    const put = (name: string, text: string) => store.putIfAbsent(`inbox/${name}`, text);
    const names = (folder: string) => [...store.objects.keys()].filter((key) => key.startsWith(`${folder}/`));
    const [first, second] = submissions as [Submission, Submission];
    return { store, bank, first, second, message, words, take, put, names };
  }

  test('a status report tells of each transfer; asked, the same; the file is kept and not read again', async () => {
    const { bank, first, second, message, words, take, put, names } = await sent();
    const transfers = [
      { id: idOf(first), status: 'ACSC', amount: '123.45' },
      { id: idOf(second), status: 'RJCT', reason: 'AC04' },
    ];
    await put('a.xml', statusReport({ of: message, payment: { id: `${message}-EUR`, transfers } }));
    expect(await bank.readInbox(take)).toEqual({ processed: ['a.xml'], set_aside: [], problems: [] });
    expect(words).toEqual([
      {
        webhook_id: `pain.002:BANK1:${idOf(first)}:paid`,
        settlement_id: first.settlement_id,
        submission: 1,
        outcome: 'paid',
        provider_reference: idOf(first),
        code: null,
      },
      expect.objectContaining({ settlement_id: second.settlement_id, outcome: 'rejected', code: 'provider_ac04' }),
    ]);
    expect(await bank.ask(first, null, never)).toEqual({ outcome: 'paid', provider_reference: idOf(first) });
    expect(await bank.ask(second, null, never)).toEqual({ outcome: 'rejected', code: 'provider_ac04' });
    expect(names('inbox')).toEqual([]);
    expect(names('processed')).toHaveLength(1);
    expect(await bank.readInbox(take)).toEqual({ processed: [], set_aside: [], problems: [] });
    expect(words).toHaveLength(2);
  });

  test('a rejected file rejects all in it; a rejected payment, those of its currency', async () => {
    const { bank, message, words, take, put } = await sent();
    await put('a.xml', statusReport({ of: message, payment: { id: `${message}-KWD`, status: 'RJCT' } }));
    await bank.readInbox(take);
    expect(words).toEqual([]);
    await put('b.xml', statusReport({ of: message, group: 'RJCT' }));
    await bank.readInbox(take);
    expect(words.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
  });

  test('a statement pays what it booked, passes over what is none of ours, and a return comes after', async () => {
    const { bank, first, words, take, put } = await sent();
    await put('a.xml', statement([{ id: idOf(first) }, { id: 'rent-of-november' }, { id: '../../etc/passwd' }]));
    expect((await bank.readInbox(take)).problems).toEqual([]);
    expect(words.map(({ outcome }) => outcome)).toEqual(['paid']);
    await put('b.xml', statement([{ id: idOf(first), direction: 'CRDT', returned: 'AC04' }], { id: 'STMT2' }));
    await bank.readInbox(take);
    expect(words[1]).toMatchObject({ outcome: 'returned', code: 'provider_returned_ac04', amount_minor: null });
    // It was paid: that it came back is a word of its own.
    expect(await bank.ask(first, null, never)).toMatchObject({ outcome: 'paid' });
  });

  test('what is of another amount, or of nobody, is no word but a problem', async () => {
    const { bank, first, message, words, take, put } = await sent();
    const transfers = [
      { id: idOf(first), status: 'ACSC', amount: '123.46' },
      { id: '../../claims/x', status: 'ACSC' },
    ];
    await put('a.xml', statusReport({ of: message, payment: { id: `${message}-EUR`, transfers } }));
    const { problems } = await bank.readInbox(take);
    expect(problems).toEqual([
      `${idOf(first)} is of 123.45 EUR, and was paid as 123.46 EUR (pain.002, a.xml).`,
      '../../claims/x is paid (ACSC) by the bank, and is no payment that we sent (pain.002, a.xml).',
    ]);
    expect(words).toEqual([]);
    expect(await bank.ask(first, null, never)).toMatchObject({ outcome: 'pending' });
  });

  test.each([
    ['123.451', 'EUR'],
    ['2', 'XAU'],
  ])('one of ours that was booked as %s %s is no word but a problem', async (amount, currency) => {
    const { bank, first, words, take, put } = await sent();
    await put('a.xml', statement([{ id: idOf(first), amount, currency }]));
    expect((await bank.readInbox(take)).problems).toEqual([
      `${idOf(first)} is in a transaction whose amount cannot be read (camt.053, a.xml).`,
    ]);
    expect(words).toEqual([]);
  });

  test('a batch that was booked as one sum pays all of its transfers, or all but those that were rejected', async () => {
    const whole = await sent();
    const payment = `${whole.message}-EUR`;
    await whole.put('a.xml', statement([{ batch: payment, amount: '246.90' }]));
    expect((await whole.bank.readInbox(whole.take)).problems).toEqual([]);
    expect(whole.words.map(({ outcome }) => outcome)).toEqual(['paid', 'paid']);

    const { bank, first, second, message, words, take, put } = await sent();
    const transfers = [{ id: idOf(second), status: 'RJCT', reason: 'AC04' }];
    await put('a.xml', statusReport({ of: message, payment: { id: `${message}-EUR`, transfers } }));
    await put('b.xml', statement([{ batch: `${message}-EUR`, amount: '123.45' }]));
    expect((await bank.readInbox(take)).problems).toEqual([]);
    expect(words.map(({ settlement_id, outcome }) => [settlement_id, outcome])).toEqual([
      [second.settlement_id, 'rejected'],
      [first.settlement_id, 'paid'],
    ]);
  });

  test.each([
    ['123.45', 'EUR'],
    ['246.91', 'EUR'],
    ['246.90', 'CHF'],
    ['246.90', 'XAU'],
  ])('a batch that was booked as %s %s pays nobody: it is a problem', async (amount, currency) => {
    const { bank, message, words, take, put } = await sent();
    await put(
      'a.xml',
      statement([
        { batch: `${message}-EUR`, amount, currency },
        { batch: 'rents', amount: '1.00' },
      ]),
    );
    const { problems } = await bank.readInbox(take);
    expect(problems).toEqual([
      expect.stringMatching(`${message}-EUR was booked as .*, and its payments come to 246.90 EUR`),
    ]);
    expect(words).toEqual([]);
  });

  test('a bad file is set aside with its reason, and the others are read', async () => {
    const { store, bank, message, words, take, put, names } = await sent();
    await put('a.xml', '<!DOCTYPE x><x/>');
    await put('b.xml', statusReport({ of: message, group: 'ACSC' }));
    const { processed, set_aside } = await bank.readInbox(take);
    expect(processed).toEqual(['b.xml']);
    expect(set_aside).toEqual([{ name: 'a.xml', reason: expect.stringMatching(/document type/) }]);
    const [kept = '', reason = ''] = names('set_aside').sort();
    expect(store.objects.get(kept)).toBe('<!DOCTYPE x><x/>');
    expect(store.objects.get(reason)).toMatch(/^a\.xml holds a document type/);
    expect(words).toHaveLength(2);
    expect(names('inbox')).toEqual([]);
  });

  test('words that were not kept are told again, under the same ids', async () => {
    const { bank, message, words, take, put } = await sent();
    await put('a.xml', statusReport({ of: message, group: 'ACSC' }));
    const seen: string[] = [];
    const fails = (taken: readonly ProviderWord[]) => {
      seen.push(...taken.map(({ webhook_id }) => webhook_id));
      return Promise.reject(new Error('the database is away'));
    };
    await expect(bank.readInbox(fails)).rejects.toThrow(/database/);
    await bank.readInbox(take);
    expect(words.map(({ webhook_id }) => webhook_id)).toEqual(seen);
  });

  test('the same file sent again tells nothing again', async () => {
    const { bank, message, words, take, put } = await sent();
    const text = statusReport({ of: message, group: 'ACSC' });
    await put('a.xml', text);
    await bank.readInbox(take);
    await put('a.xml', text);
    await bank.readInbox(take);
    expect(words).toHaveLength(2);
  });
});
