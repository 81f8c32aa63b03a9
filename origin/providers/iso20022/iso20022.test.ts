// Bank files from submission to the bank's word: batches, ids that stay, and above all that no submission is ever in two files,
// wherever a process dies and whoever asks meanwhile.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProviderWord, Submission } from '../provider.ts';
import { sampleSubmission } from '../sample-submission.ts';
import { createIso20022Provider, type Iso20022Options } from './iso20022.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import { createDirectoryStore, type ObjectStore } from './object-store.ts';
import { endToEndId } from './payment-files.ts';
import { merchantAccount, ourAccounts, statement, statusReport } from './sample-bank.ts';

const never = new AbortController().signal;
const sample = (changes: Partial<Submission> = {}) => sampleSubmission(merchantAccount, changes);

function provider(store: ObjectStore, changes: Partial<Iso20022Options> = {}) {
  return createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0, ...changes });
}

const idOf = ({ idempotency_key }: Submission) => endToEndId(idempotency_key);

function filesOf({ objects }: MemoryStore): string[] {
  return [...objects].filter(([key]) => key.startsWith('outbox/')).map(([, xml]) => xml);
}

/** In how many files, and how often in all, it is to be paid. */
function timesIn(store: MemoryStore, submission: Submission): number {
  return (
    filesOf(store)
      .join('')
      .split(`<EndToEndId>${idOf(submission)}</EndToEndId>`).length - 1
  );
}

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

describe('whoever dies where', () => {
  /** What a process does before it dies at one of its calls, and what the next one finds. */
  async function afterDeathAt(call: number): Promise<{ store: MemoryStore; submissions: Submission[]; died: boolean }> {
    const store = createMemoryStore();
    const submissions = [sample(), sample(), sample()];
    store.callsLeft = call;
    const bank = provider(store);
    const answers = await Promise.all(submissions.map((submission) => bank.submit(submission, never)));
    return { store: store.another(), submissions, died: answers.some(({ outcome }) => outcome === 'unknown') };
  }

  test('at every call: asked, each is sent for good or never; sent again, it is in one file', async () => {
    let call = 0;
    for (let died = true; died; call += 1) {
      const found = await afterDeathAt(call);
      died = found.died;
      const [first, ...others] = found.submissions;
      if (first === undefined) throw new Error('no submission');
      const bank = provider(found.store);
      const asked = await bank.ask(first, null, never);
      expect(timesIn(found.store, first)).toBe(asked.outcome === 'pending' ? 1 : 0);
      const again = await Promise.all([first, ...others].map((submission) => bank.submit(submission, never)));
      // Given up once, it stays so; the others are wherever their file is.
      expect(again[0]?.outcome).toBe(asked.outcome === 'pending' ? 'accepted' : 'not_taken');
      found.submissions.forEach((submission, index) => {
        expect(timesIn(found.store, submission)).toBe(again[index]?.outcome === 'accepted' ? 1 : 0);
      });
      expect(await bank.ask(first, null, never)).toEqual(asked);
    }
    // Claims, a commit, the outbox: fewer calls would mean that nothing was tried.
    expect(call).toBeGreaterThan(8);
  });

  test('at every call, and sent again without a question: each in one file, once', async () => {
    for (let call = 0, died = true; died; call += 1) {
      const found = await afterDeathAt(call);
      died = found.died;
      const bank = provider(found.store);
      const again = await Promise.all(found.submissions.map((submission) => bank.submit(submission, never)));
      expect(again.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
      for (const submission of found.submissions) expect(timesIn(found.store, submission)).toBe(1);
    }
  });

  test('several processes at once, some of which die: no submission is in two files, and no "not found" is ever paid', async () => {
    const action = fc.record({
      process: fc.integer({ min: 0, max: 2 }),
      which: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
      what: fc.constantFrom('submit', 'ask'),
      callsLeft: fc.option(fc.integer({ min: 0, max: 25 }), { nil: Number.POSITIVE_INFINITY }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async (rounds) => {
        const shared = createMemoryStore();
        const submissions = Array.from({ length: 5 }, () => sample());
        const notFound = new Set<Submission>();
        for (const round of rounds) {
          await Promise.all(
            round.flatMap(({ which, what, callsLeft }) => {
              const store = shared.another();
              store.callsLeft = callsLeft;
              const bank = provider(store);
              return which.map(async (index) => {
                const submission = submissions[index] as Submission;
                const answer = await (what === 'submit'
                  ? bank.submit(submission, never)
                  : bank.ask(submission, null, never));
                if (answer.outcome === 'not_found' || answer.outcome === 'not_taken') notFound.add(submission);
              });
            }),
          );
        }
        const bank = provider(shared);
        for (const submission of submissions) {
          const known = await bank.ask(submission, null, never);
          expect(timesIn(shared, submission)).toBe(known.outcome === 'pending' ? 1 : 0);
          if (notFound.has(submission)) expect(known.outcome).toBe('not_found');
        }
      }),
      { numRuns: 100 },
    );
  });
});

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
    expect(words[1]).toMatchObject({ outcome: 'rejected', code: 'provider_returned_ac04' });
    expect(await bank.ask(first, null, never)).toMatchObject({ outcome: 'rejected' });
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
      `a.xml: ${idOf(first)} is of another amount than was sent`,
      'a.xml: ../../claims/x is none of ours',
    ]);
    expect(words).toEqual([]);
    expect(await bank.ask(first, null, never)).toMatchObject({ outcome: 'pending' });
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

describe('a directory as object storage', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  function directory() {
    const folder = mkdtempSync(join(tmpdir(), 'bank-files-'));
    folders.push(folder);
    return { folder, store: createDirectoryStore(folder) };
  }

  test('the first of many to write an object wins, whole, and nothing else is left', async () => {
    const { folder, store } = directory();
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
    const won = await Promise.all(texts.map((text) => store.putIfAbsent('commits/one', text)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(Buffer.from((await store.read('commits/one')) ?? []).toString()).toBe(texts[won.indexOf(true)]);
    expect(readdirSync(join(folder, 'commits'))).toEqual(['one']);
  });

  test('lists in order without what is being written, and removes', async () => {
    const { store } = directory();
    expect(await store.list('inbox')).toEqual([]);
    for (const name of ['b.xml', 'a.xml']) await store.putIfAbsent(`inbox/${name}`, 'x');
    expect(await store.list('inbox')).toEqual(['inbox/a.xml', 'inbox/b.xml']);
    await store.remove('inbox/a.xml');
    await store.remove('inbox/a.xml');
    expect(await store.list('inbox')).toEqual(['inbox/b.xml']);
    expect(await store.read('inbox/a.xml')).toBeNull();
  });

  test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '.hidden', 'a/\u0000', 'a\\b', ''])(
    '%j is no key',
    async (key) => {
      await expect(directory().store.read(key)).rejects.toThrow(/no key/);
    },
  );

  test('carries a payment from its submission to its statement', async () => {
    const { folder, store } = directory();
    const bank = provider(store);
    const submission = sample();
    expect(await bank.submit(submission, never)).toMatchObject({ outcome: 'accepted' });
    expect(readdirSync(join(folder, 'outbox'))).toHaveLength(1);
    await store.putIfAbsent('inbox/statement.xml', statement([{ id: idOf(submission) }]));
    const words: ProviderWord[] = [];
    await bank.readInbox((taken) => {
      words.push(...taken);
      return Promise.resolve();
    });
    expect(words).toMatchObject([{ settlement_id: submission.settlement_id, outcome: 'paid' }]);
  });
});
