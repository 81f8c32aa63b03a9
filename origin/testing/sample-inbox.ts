// A bank's inbox for tests: payments that were sent, files that come in, and what comes of them. Not used by the service.

import type { RaisedItem } from '../open-items/raise.ts';
import type { ProviderWord, Submission } from '../providers/provider.ts';
import { createMemoryStore } from './memory-store.ts';
import { filesOf, idOf, sample, sampleProvider } from './sample-files.ts';

const never = new AbortController().signal;

/** Payments of 123.45 EUR each, in one file, unless `changes` say otherwise. */
export async function sampleInbox(count = 2, changes: Partial<Submission> = {}) {
  const store = createMemoryStore();
  const bank = sampleProvider(store);
  const submissions = Array.from({ length: count }, () => sample(changes));
  await Promise.all(submissions.map((submission) => bank.submit(submission, never)));
  const message = /<MsgId>([^<]+)</.exec(filesOf(store)[0] ?? '')?.[1] ?? '';
  const words: ProviderWord[] = [];
  const items: RaisedItem[] = [];
  let files = 0;
  return {
    ...{ store, bank, submissions, message, words, items },
    ids: submissions.map(idOf),
    /** Puts a file into the inbox and reads it; what came of it alone. */
    async receive(content: string | Uint8Array, given?: string) {
      files += 1;
      const name = given ?? `file ${String(files).padStart(4, '0')}.xml`;
      await store.putIfAbsent(`inbox/${name}`, content);
      const [wordsBefore, itemsBefore] = [words.length, items.length];
      const report = await bank.readInbox((taken, file) => {
        words.push(...taken);
        items.push(...file.items);
        return Promise.resolve();
      });
      return { ...report, words: words.slice(wordsBefore), items: items.slice(itemsBefore) };
    },
    ask: async (index = 0) => await bank.ask(submissions[index] ?? sample(), null, never),
  };
}
