// What every object storage does, of a directory and of a bucket on a real S3 server, through one table.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buckets, directories, type SampleStores, storeKinds } from '../../scripts/test-stores.ts';
import type { ObjectStore } from './object-store.ts';
import { openObjectStore } from './open-object-store.ts';

const oddNames = [
  'two words.xml',
  'a+b',
  '100%25.xml',
  'q?x=1&y=#2',
  'Müller & Söhne.xml',
  '支払い',
  '🏦',
  "it's (1)*!~.xml",
];

const text = (content: Uint8Array | null) => (content === null ? null : Buffer.from(content).toString());

for (const { kind, isHere, start } of storeKinds)
  describe.runIf(isHere)(`${kind} as object storage`, () => {
    const holder: { stores?: SampleStores } = {};
    const stores = () => holder.stores as SampleStores;
    const store = (): ObjectStore => stores().open(stores().place());
    beforeAll(async () => {
      holder.stores = await start();
    });
    afterAll(() => holder.stores?.close());

    test('the first of many to write an object wins, whole, and it stays as it is', async () => {
      const one = store();
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
      const won = await Promise.all(texts.map((content) => one.putIfAbsent('commits/one', content)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(text(await one.read('commits/one'))).toBe(texts[won.indexOf(true)]);
      expect(await one.putIfAbsent('commits/one', 'late')).toBe(false);
      expect(text(await one.read('commits/one'))).toBe(texts[won.indexOf(true)]);
    });

    test('of many with the same bytes, too, one wins', async () => {
      const one = store();
      const won = await Promise.all(Array.from({ length: 20 }, () => one.putIfAbsent('commits/one', 'the same')));
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    // Again where the server of the tests resets a connection on a busy machine, which callers of ours would try again too.
    test('keeps bytes as they are, and nothing at all', { retry: 2 }, async () => {
      const one = store();
      const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
      await one.putIfAbsent('a/bytes', bytes);
      await one.putIfAbsent('a/nothing', '');
      expect(Buffer.from((await one.read('a/bytes')) ?? [])).toEqual(Buffer.from(bytes));
      expect(text(await one.read('a/nothing'))).toBe('');
      // From 2 MB on, AWS's client asks whether it may before it sends the body.
      const large = Buffer.alloc(5_000_000, 'ISO 20022 ');
      expect(await one.putIfAbsent('a/large', large)).toBe(true);
      expect(await one.putIfAbsent('a/large', large)).toBe(false);
      expect(large.equals((await one.read('a/large')) ?? Buffer.alloc(0))).toBe(true);
    });

    test('lists what is right in a folder, in order', async () => {
      const one = store();
      expect(await one.list('inbox')).toEqual([]);
      for (const key of ['inbox/b.xml', 'inbox/a.xml', 'inbox/old/c.xml', 'inbox2/d.xml', 'top'])
        await one.putIfAbsent(key, 'x');
      expect(await one.list('inbox')).toEqual(['inbox/a.xml', 'inbox/b.xml']);
      expect(await one.list('inbox/old')).toEqual(['inbox/old/c.xml']);
      expect(await one.list('')).toEqual(['top']);
    });

    test('lists more than a page has, each once', async () => {
      const one = store();
      const keys = Array.from({ length: 1_003 }, (_, index) => `inbox/${String(index).padStart(6, '0')}.xml`);
      for (let from = 0; from < keys.length; from += 50)
        await Promise.all(keys.slice(from, from + 50).map((key) => one.putIfAbsent(key, 'x')));
      expect(await one.list('inbox')).toEqual(keys);
    }, 60_000);

    test('keeps names of any letters', async () => {
      const one = store();
      for (const name of oddNames) expect(await one.putIfAbsent(`inbox/${name}`, name)).toBe(true);
      expect(await one.list('inbox')).toEqual(oddNames.map((name) => `inbox/${name}`).sort());
      for (const name of oddNames) expect(text(await one.read(`inbox/${name}`))).toBe(name);
      for (const name of oddNames) await one.remove(`inbox/${name}`);
      expect(await one.list('inbox')).toEqual([]);
    });

    test('has nothing under a name that was never written, and removes twice', async () => {
      const one = store();
      expect(await one.read('inbox/a.xml')).toBeNull();
      await one.putIfAbsent('inbox/a.xml', 'x');
      await one.remove('inbox/a.xml');
      await one.remove('inbox/a.xml');
      expect(await one.read('inbox/a.xml')).toBeNull();
      expect(await one.putIfAbsent('inbox/a.xml', 'again')).toBe(true);
    });

    test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '.hidden', 'a/\u0000', 'a\\b', ''])(
      '%j is no key',
      async (key) => {
        await expect(store().read(key)).rejects.toThrow(/no key/);
        await expect(store().putIfAbsent(key, 'x')).rejects.toThrow(/no key/);
      },
    );
  });

describe('a directory', () => {
  test('has nothing else in it than what was written, which nobody may write to', async () => {
    const stores = await directories.start();
    const place = stores.place();
    const won = await Promise.all(
      ['a', 'b', 'c'].map((content) => stores.open(place).putIfAbsent('commits/one', content)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(readdirSync(join(place, 'commits'))).toEqual(['one']);
    expect(statSync(join(place, 'commits/one')).mode & 0o222).toBe(0);
    await stores.close();
  });
});

describe.runIf(buckets.isHere)('a bucket', () => {
  test('of somebody else, or none, is no empty one', async () => {
    const stores = await buckets.start();
    const place = stores.place();
    const other = { ...stores.environment, S3_SECRET_ACCESS_KEY: 'another-secret' };
    for (const store of [stores.open('s3://no-such-bucket'), openObjectStore({ setting: 'STORE', place }, other)]) {
      await expect(store.read('a')).rejects.toThrow(/could not read a in .*(NoSuchBucket|SignatureDoesNotMatch)/);
      await expect(store.list('a')).rejects.toThrow(/could not list/);
      await expect(store.putIfAbsent('a', 'x')).rejects.toThrow(/could not put/);
    }
    await stores.close();
  });

  test('holds others’ objects beside ours, which are never seen', async () => {
    const stores = await buckets.start();
    const all = stores.open(stores.place());
    const bucket = 's3://bucket-1';
    const ours = stores.open(`${bucket}/ours/`);
    await all.putIfAbsent('ours/inbox/a.xml', 'x');
    await all.putIfAbsent('ours2/inbox/b.xml', 'x');
    await all.putIfAbsent('inbox/c.xml', 'x');
    expect(await ours.list('inbox')).toEqual(['inbox/a.xml']);
    expect(await ours.list('')).toEqual([]);
    expect(await ours.read('inbox/c.xml')).toBeNull();
    await stores.close();
  });
});
