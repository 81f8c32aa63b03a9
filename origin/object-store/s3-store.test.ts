// What goes wrong between us and a bucket: answers that are lost, slow, cut short, or say no.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../scripts/test-waiting.ts';
import type { ObjectStore } from './object-store.ts';
import { S3Store, type S3StoreOptions } from './s3-store.ts';
import { type S3Fault, type StandInS3, startStandInS3 } from './stand-in-s3.ts';

const path = '/bank/atlas/claims/one';
const triesMax = 5;
let s3: StandInS3;
beforeEach(async () => {
  s3 = await startStandInS3();
  return () => s3.close();
});

function storeOf(changes: Partial<S3StoreOptions> = {}): ObjectStore {
  const keys = [{ accessKeyId: 'access-key', secretAccessKey: 'secret-key' }];
  const times = { tryMsMax: 5_000, callMsMax: 15_000, backoffMs: 1 };
  return new S3Store({
    endpoint: s3.url,
    region: 'auto',
    keys,
    bucket: 'bank',
    prefix: 'atlas',
    ...times,
    ...changes,
  });
}

const fail = (...faults: S3Fault[]) => s3.faults.push(...faults.map((fault) => ({ fault })));
/** By another writer, which is told that it was the first. */
const somebodyElsePuts = (content: string) => () =>
  s3.objects.set(path, { body: Buffer.from(content), metadata: { 'x-amz-meta-put-id': 'another' } });
const held = () => s3.objects.get(path)?.body.toString();

describe('a put whose answer is lost', () => {
  test.each<[string, S3Fault[]]>([
    ['which arrived', ['cut_after']],
    ['which did not arrive', ['cut_before']],
    ['twice', ['cut_after', 'cut_after']],
    ['and then a 503', ['cut_after', 'slow_down']],
  ])('%s is ours', async (_, faults) => {
    fail(...faults);
    expect(await storeOf().putIfAbsent('claims/one', 'mine')).toBe(true);
    expect(held()).toBe('mine');
    expect(s3.calls.filter((call) => call === `PUT ${path}`)).toHaveLength(faults.length + 1);
  });

  test.each(['mine', 'yours'])("is another's, who was first with %j", async (content) => {
    s3.faults.push({ fault: 'cut_before', meanwhile: somebodyElsePuts(content) });
    expect(await storeOf().putIfAbsent('claims/one', 'mine')).toBe(false);
    expect(held()).toBe(content);
  });

  test('where whose it is gets lost as well, is asked again', async () => {
    fail('cut_after');
    s3.faults.push({ fault: 'cut_before' });
    expect(await storeOf().putIfAbsent('claims/one', 'mine')).toBe(true);
  });

  test('for good says neither yes nor no', async () => {
    fail(...Array.from({ length: triesMax }, () => 'cut_after' as const));
    await expect(storeOf().putIfAbsent('claims/one', 'mine')).rejects.toThrow('could not put atlas/claims/one in bank');
    expect(s3.calls).toHaveLength(triesMax);
  });
});

describe('a put beside another of the same key (409)', () => {
  test('is repeated', async () => {
    fail('conflict', 'conflict');
    expect(await storeOf().putIfAbsent('claims/one', 'mine')).toBe(true);
  });

  test('has lost where the other wrote the same bytes', async () => {
    s3.faults.push({ fault: 'conflict', meanwhile: somebodyElsePuts('mine') });
    expect(await storeOf().putIfAbsent('claims/one', 'mine')).toBe(false);
  });

  test('is not repeated for ever', async () => {
    fail(...Array.from({ length: 20 }, () => 'conflict' as const));
    await expect(storeOf().putIfAbsent('claims/one', 'mine')).rejects.toThrow('ConditionalRequestConflict (409)');
    expect(s3.calls).toHaveLength(triesMax);
  });
});

describe('a read', () => {
  beforeEach(() => void s3.objects.set(path, { body: Buffer.from('whole'.repeat(1_000)), metadata: {} }));

  test.each<S3Fault>(['slow_down', 'internal', 'bad_gateway', 'cut_before', 'half_a_body'])(
    'is repeated after %s, and is whole',
    async (fault) => {
      fail(fault, fault);
      expect(Buffer.from((await storeOf().read('claims/one')) ?? []).toString()).toBe('whole'.repeat(1_000));
      expect(s3.calls).toHaveLength(3);
    },
  );

  test('fails after five tries', async () => {
    fail(...Array.from({ length: 20 }, () => 'slow_down' as const));
    await expect(storeOf().read('claims/one')).rejects.toThrow(
      'could not read atlas/claims/one in bank: SlowDown (503)',
    );
    expect(s3.calls).toHaveLength(triesMax);
  });

  test('that may not be is not repeated, and its failure says nothing of the key', async () => {
    fail('forbidden');
    const error: unknown = await storeOf()
      .read('claims/one')
      .catch((thrown) => thrown);
    expect(String(error)).toContain('AccessDenied (403)');
    expect(s3.calls).toHaveLength(1);
    const all = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(all).not.toMatch(/access-key|secret-key|Signature/);
  });
});

describe('a server that does not answer', () => {
  let store: ObjectStore;
  beforeEach(() => {
    store = storeOf({ tryMsMax: 100, callMsMax: 400 });
  });
  // Whatever was given up is closed: it cannot arrive any more.
  afterEach(() =>
    until(
      () => s3.waiting(),
      (waiting) => waiting === 0,
    ),
  );

  test('is asked again', async () => {
    fail('hang_before');
    expect(await store.read('claims/one')).toBeNull();
  });

  test('has kept what it was given', async () => {
    fail('hang_after');
    expect(await store.putIfAbsent('claims/one', 'mine')).toBe(true);
    expect(s3.calls).toEqual([`PUT ${path}`, `PUT ${path}`, `HEAD ${path}`]);
  });

  test('is given up in the end', async () => {
    fail(...Array.from({ length: 20 }, () => 'hang_before' as const));
    const startMs = performance.now();
    await expect(store.remove('claims/one')).rejects.toThrow('no whole answer within 400 ms');
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });
});

describe('a list', () => {
  const page = (more: string) =>
    `<ListBucketResult><Contents><Key>atlas/inbox/a%2Bb+c</Key></Contents>${more}</ListBucketResult>`;

  test('has names as they were before their server encoded them', async () => {
    s3.pages.push(page('<EncodingType>url</EncodingType>'));
    expect(await storeOf().list('inbox')).toEqual(['inbox/a+b c']);
  });

  test('whose server does not encode names has them as they are', async () => {
    s3.pages.push(page(''));
    expect(await storeOf().list('inbox')).toEqual(['inbox/a%2Bb+c']);
  });

  test('that breaks off is none', async () => {
    s3.pages.push(page('<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>'));
    await expect(storeOf().list('inbox')).rejects.toThrow('breaks off');
  });
});
