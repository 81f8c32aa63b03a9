// Checkpoints in a directory and in a bucket on a real S3 server: one way through both.

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SampleStores, storeKinds } from '../../scripts/test-stores.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { createMemoryStore } from '../testing/memory-store.ts';
import { sha256 } from './chain.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { type AuditKeys, idOf, readSigningKeys } from './signing-key.ts';

const { privateKey: key } = generateKeyPairSync('ed25519');

/** Chains that are `no` links long. */
function signAt(store: ObjectStore, no: number): Promise<string> {
  const last = { no, hash: sha256(`link ${no}`) };
  return writeCheckpoint(store, [key], { audit: last, ledger: last, sums: [], nowMs: no });
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
      const names = [await signAt(store, 1), await signAt(store, 2), await signAt(store, 3)];
      expect(names).toEqual([1, 2, 3].map((no) => `checkpoint-0000000${no}.json`));
      const { checkpoints, problems } = await readCheckpoints(store, [key]);
      expect(problems).toEqual([]);
      expect(checkpoints.map(({ audit }) => audit.no)).toEqual([1, 2, 3]);
    });

    test('one taken out of the middle is missed', async () => {
      const store = stores().open(stores().place());
      for (const no of [1, 2, 3]) await signAt(store, no);
      await store.remove('checkpoint-00000002.json');
      const { problems } = await readCheckpoints(store, [key]);
      expect(problems).toEqual(['checkpoint 2 is missing: checkpoint-00000003.json stands in its place']);
      await expect(signAt(store, 4)).rejects.toThrow('not in order');
    });

    test('of many signed at once, none is written over, and who was late is told', async () => {
      const place = stores().place();
      const signed = await Promise.allSettled([1, 2, 3, 4, 5].map((no) => signAt(stores().open(place), no)));
      const done = signed.filter(({ status }) => status === 'fulfilled');
      const late = signed.filter((one) => one.status === 'rejected').map(({ reason }) => String(reason));
      expect(done.length).toBeGreaterThan(0);
      expect(late).toEqual(late.map(() => expect.stringContaining('is there already')));
      const { checkpoints, problems } = await readCheckpoints(stores().open(place), [key]);
      expect([checkpoints.length, problems]).toEqual([done.length, []]);
    });

    test('what else lies there is not looked at', async () => {
      const store = stores().open(stores().place());
      await store.putIfAbsent('notes.txt', 'x');
      await store.putIfAbsent('old/checkpoint-00000001.json', 'x');
      expect(await signAt(store, 1)).toBe('checkpoint-00000001.json');
      expect((await readCheckpoints(store, [key])).problems).toEqual([]);
    });
  });

describe('while the key is changed', () => {
  const { privateKey: old } = generateKeyPairSync('ed25519');
  const { privateKey: next } = generateKeyPairSync('ed25519');
  const signed = async (store: ObjectStore, keys: AuditKeys, no: number) => {
    const last = { no, hash: sha256(`link ${no}`) };
    return await writeCheckpoint(store, keys, { audit: last, ledger: last, sums: [], nowMs: no });
  };
  const problems = async (store: ObjectStore, ...keys: readonly [KeyObject, ...KeyObject[]]) =>
    (await readCheckpoints(store, keys)).problems;
  const files = new Map<string, string>();
  beforeEach(() => files.clear());
  const store = createMemoryStore(files);

  test('the newest signs and says so, either is believed, and the former may go once the new one has signed', async () => {
    await signed(store, [old], 1);
    await signed(store, [old, next], 2);
    expect((await problems(store, next)).length).toBe(2);
    await signed(store, [next, old], 3);
    const ids = (await readCheckpoints(store, [next, old])).checkpoints.map((one) => 'key_id' in one && one.key_id);
    expect(ids).toEqual([idOf(old), idOf(old), idOf(next)]);
    expect([await problems(store, next), await problems(store, next, old), await problems(store, old, next)]).toEqual([
      [],
      [],
      [],
    ]);
    expect(idOf(createPublicKey(next))).toBe(idOf(next));
    expect(await problems(store, createPublicKey(next))).toEqual([]);
    // Whoever has only the former key cannot tell who signed the newest.
    expect(await problems(store, old)).toEqual([
      `checkpoint-00000003.json is not signed by this key (${idOf(old)}); it says that it is by ${idOf(next)}`,
    ]);
    await signed(store, [next], 4);
    expect(await problems(store, next)).toEqual([]);
  });

  test('with the former key, stolen, nothing of before can be written anew', async () => {
    await signed(store, [old], 1);
    await signed(store, [old], 2);
    await signed(store, [next, old], 3);
    const forged = new Map<string, string>();
    await signed(createMemoryStore(forged), [old], 9);
    files.set('checkpoint-00000001.json', forged.get('checkpoint-00000001.json') ?? '');
    expect((await problems(store, next)).length).toBeGreaterThan(0);
    expect((await problems(store, next, old)).length).toBeGreaterThan(0);
  });

  test('what neither has signed is not continued', async () => {
    await signed(store, [generateKeyPairSync('ed25519').privateKey], 1);
    await expect(signed(store, [next, old], 2)).rejects.toThrow('not signed by one of these keys');
  });

  test('checkpoints of before, which name no key, go on being believed', async () => {
    const hash = sha256('link').toString('hex');
    const link = { no: 1, hash };
    const checkpoint = {
      version: 1,
      checkpoint_no: 1,
      made_at: '2026-11-20T10:00:00.000Z',
      audit: link,
      ledger: link,
      previous: null,
    };
    const bytes = Buffer.from(`atlas checkpoint\n${JSON.stringify(checkpoint)}`);
    const signature = sign(null, bytes, old).toString('base64');
    files.set('checkpoint-00000001.json', `${JSON.stringify({ ...checkpoint, signature }, null, 2)}\n`);
    expect(await problems(store, old)).toEqual([]);
    await signed(store, [next, old], 2);
    expect(await problems(store, next)).toEqual([]);
  });
});

describe('keys as they are given', () => {
  const pem = (type: 'pkcs8' | 'spki', key: KeyObject) => String(key.export({ type, format: 'pem' } as never));
  const der = (key: KeyObject) => Buffer.from(key.export({ type: 'pkcs8', format: 'der' })).toString('base64');
  const [one, other] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey];
  const ids = (given: string, type?: 'public') => readSigningKeys('KEY', given, type).map(idOf);

  test.each([
    ['one in PEM', pem('pkcs8', one), 1],
    ['one in base64', der(one), 1],
    ['a PEM on one line', pem('pkcs8', one).replaceAll('\n', '\\n'), 1],
    ['two in PEM', `${pem('pkcs8', one)}${pem('pkcs8', other)}`, 2],
    ['two in base64', `${der(one)} ${der(other)}`, 2],
  ])('%s', (_, given, count) => {
    expect(ids(given)).toEqual([idOf(one), idOf(other)].slice(0, count));
  });

  test('public ones likewise', () => {
    const both = [one, other].map((key) => pem('spki', createPublicKey(key))).join('\n');
    expect(ids(both, 'public')).toEqual([idOf(one), idOf(other)]);
  });

  test.each([
    ['nothing', ' '],
    ['one twice', `${der(one)} ${pem('pkcs8', one)}`],
    ['something beside them', `${der(one)} secret`],
    ['two with a comma', `${der(one)},${der(other)}`],
    ['one cut off', der(one).slice(0, 40)],
    ['a key of another kind', pem('pkcs8', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
  ])('not: %s', (_, given) => {
    expect(() => ids(given)).toThrow(/^KEY (?:is no Ed25519 key|holds one key twice)/);
  });
});
