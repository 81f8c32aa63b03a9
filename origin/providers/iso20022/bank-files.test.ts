// A payment carried to the bank and its report back, through a directory and through a bucket on a real S3 server.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statement, statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { type SampleStores, storeKinds } from '../../../scripts/test-stores.ts';
import { idOf, sample, sampleProvider } from '../../testing/sample-files.ts';
import type { ProviderWord } from '../provider.ts';
import { messageId } from './payment-files.ts';

const never = new AbortController().signal;
const text = (content: Uint8Array | null) => Buffer.from(content ?? []).toString();

for (const { kind, isHere, start } of storeKinds)
  describe.runIf(isHere)(`bank files in ${kind}`, () => {
    const holder: { stores?: SampleStores } = {};
    const stores = () => holder.stores as SampleStores;
    beforeAll(async () => {
      holder.stores = await start();
    });
    afterAll(() => holder.stores?.close());

    test('carry a payment from its submission to its statement', async () => {
      const place = stores().place();
      const atlas = sampleProvider(stores().open(place));
      const submission = sample();
      expect(await atlas.submit(submission, never)).toMatchObject({ outcome: 'accepted' });

      // The bank's side: another client of the same place, which knows the folders and nothing else.
      const bank = stores().open(place);
      const [file = ''] = await bank.list('outbox');
      const xml = text(await bank.read(file));
      expect(xml).toContain(`<EndToEndId>${idOf(submission)}</EndToEndId>`);
      await bank.putIfAbsent('inbox/statement 1.xml', statement([{ id: idOf(submission) }]));

      const words: ProviderWord[] = [];
      const take = (taken: readonly ProviderWord[]) => Promise.resolve(void words.push(...taken));
      expect(await atlas.readInbox(take)).toMatchObject({ processed: [expect.stringContaining('statement 1.xml')] });
      expect(words).toMatchObject([{ settlement_id: submission.settlement_id, outcome: 'paid' }]);
      expect(await bank.list('inbox')).toEqual([]);
      expect(await bank.list('processed')).toHaveLength(1);
      expect(await atlas.ask(submission, null, never)).toMatchObject({ outcome: 'paid' });
    });

    test('carry the refusal of a whole file back to each of its payments', async () => {
      const place = stores().place();
      const atlas = sampleProvider(stores().open(place), { gatherMs: 20 });
      const submissions = [sample(), sample()];
      await Promise.all(submissions.map((submission) => atlas.submit(submission, never)));
      const refused = statusReport({ of: messageId(submissions.map(idOf)), group: 'RJCT' });
      await stores().open(place).putIfAbsent('inbox/refused.xml', refused);
      const words: ProviderWord[] = [];
      await atlas.readInbox((taken) => Promise.resolve(void words.push(...taken)));
      expect(words.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
    });

    test('two processes that are sent the same payment at once put it into one file', async () => {
      const place = stores().place();
      const submission = sample();
      const providers = Array.from({ length: 4 }, () => sampleProvider(stores().open(place)));
      await Promise.all(providers.map((provider) => provider.submit(submission, never)));
      const files = await stores().open(place).list('outbox');
      const texts = await Promise.all(files.map(async (file) => text(await stores().open(place).read(file))));
      expect(texts.join('').split(`<EndToEndId>${idOf(submission)}</EndToEndId>`)).toHaveLength(2);
    });
  });
