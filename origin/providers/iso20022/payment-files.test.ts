// No submission is ever in two files, wherever a process dies and whoever asks meanwhile.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryStore, type MemoryStore } from '../../testing/memory-store.ts';
import { filesOf, sampleProvider as provider, sample, timesIn } from '../../testing/sample-files.ts';
import type { Submission } from '../provider.ts';

const never = new AbortController().signal;
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
    // Three claims, a commit and its reading, the outbox: fewer calls would mean that nothing was tried.
    expect(call).toBeGreaterThan(6);
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

test('a file of many is one call for each, and three for all of them', async () => {
  const store = createMemoryStore();
  const bank = provider(store, { gatherMs: 5_000, transfersMax: 100 });
  const submissions = Array.from({ length: 100 }, () => sample());
  await Promise.all(submissions.map((submission) => bank.submit(submission, never)));
  expect(filesOf(store)).toHaveLength(1);
  expect(store.calls).toBe(100 + 3);
});
