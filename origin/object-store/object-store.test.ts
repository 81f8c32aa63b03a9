// A directory as object storage, and a payment carried through it.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProviderWord, Submission } from '../provider.ts';
import { sampleSubmission } from '../sample-submission.ts';
import { createIso20022Provider, type Iso20022Options } from './iso20022.ts';
import { createDirectoryStore, type ObjectStore } from './object-store.ts';
import { endToEndId } from './payment-files.ts';
import { merchantAccount, ourAccounts, statement } from './sample-bank.ts';

const never = new AbortController().signal;
const sample = (changes: Partial<Submission> = {}) => sampleSubmission(merchantAccount, changes);

function provider(store: ObjectStore, changes: Partial<Iso20022Options> = {}) {
  return createIso20022Provider({ store, initiator: 'Atlas', debtors: ourAccounts, gatherMs: 0, ...changes });
}

const idOf = ({ idempotency_key }: Submission) => endToEndId(idempotency_key);

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
