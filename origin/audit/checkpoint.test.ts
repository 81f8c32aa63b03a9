// Checkpoints in a directory and in a bucket on a real S3 server: one way through both.

import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SampleStores, storeKinds } from '../../scripts/test-stores.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { sha256 } from './chain.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';

const { privateKey: key } = generateKeyPairSync('ed25519');

/** Chains that are `no` links long. */
function sign(store: ObjectStore, no: number): Promise<string> {
  const last = { no, hash: sha256(`link ${no}`) };
  return writeCheckpoint(store, key, { audit: last, ledger: last, nowMs: no });
}

for (const { kind, isHere, start } of storeKinds)
  describe.runIf(isHere)(`checkpoints in ${kind}`, () => {
    const holder: { stores?: SampleStores } = {};
    const stores = () => holder.stores as SampleStores;
    beforeAll(async () => {
      holder.stores = await start();
    });
    afterAll(() => holder.stores?.close());

    test('lie there one after another, and agree', async () => {
      const store = stores().open(stores().place());
      const names = [await sign(store, 1), await sign(store, 2), await sign(store, 3)];
      expect(names).toEqual([1, 2, 3].map((no) => `checkpoint-0000000${no}.json`));
      const { checkpoints, problems } = await readCheckpoints(store, key);
      expect(problems).toEqual([]);
      expect(checkpoints.map(({ audit }) => audit.no)).toEqual([1, 2, 3]);
    });

    test('one taken out of the middle is missed', async () => {
      const store = stores().open(stores().place());
      for (const no of [1, 2, 3]) await sign(store, no);
      await store.remove('checkpoint-00000002.json');
      const { problems } = await readCheckpoints(store, key);
      expect(problems).toEqual(['checkpoint 2 is missing: checkpoint-00000003.json stands in its place']);
      await expect(sign(store, 4)).rejects.toThrow('not in order');
    });

    test('of many signed at once, none is written over, and who was late is told', async () => {
      const place = stores().place();
      const signed = await Promise.allSettled([1, 2, 3, 4, 5].map((no) => sign(stores().open(place), no)));
      const done = signed.filter(({ status }) => status === 'fulfilled');
      const late = signed.filter((one) => one.status === 'rejected').map(({ reason }) => String(reason));
      expect(done.length).toBeGreaterThan(0);
      expect(late).toEqual(late.map(() => expect.stringContaining('is there already')));
      const { checkpoints, problems } = await readCheckpoints(stores().open(place), key);
      expect([checkpoints.length, problems]).toEqual([done.length, []]);
    });

    test('what else lies there is not looked at', async () => {
      const store = stores().open(stores().place());
      await store.putIfAbsent('notes.txt', 'x');
      await store.putIfAbsent('old/checkpoint-00000001.json', 'x');
      expect(await sign(store, 1)).toBe('checkpoint-00000001.json');
      expect((await readCheckpoints(store, key)).problems).toEqual([]);
    });
  });
