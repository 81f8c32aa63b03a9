// Both kinds of object storage for tests, opened as the service opens them: a directory, and a bucket of a real S3 server.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../origin/object-store/object-store.ts';
import { openObjectStore, readS3Environment, type S3Environment } from '../origin/object-store/open-object-store.ts';
import { SampleS3, s3IsThere } from './test-s3.ts';

export interface SampleStores {
  readonly environment: S3Environment;
  /** Names an empty one. */
  place(): string;
  open(place: string): ObjectStore;
  close(): Promise<void>;
}

export interface StoreKind {
  readonly kind: string;
  readonly isHere: boolean;
  readonly start: () => Promise<SampleStores>;
}
export const directories: StoreKind = { kind: 'a directory', isHere: true, start: startDirectories };
export const buckets: StoreKind = { kind: 'a bucket', isHere: s3IsThere, start: startBuckets };
export const storeKinds = [directories, buckets];

function startDirectories(): Promise<SampleStores> {
  const root = mkdtempSync(join(tmpdir(), 'object-store-'));
  const close = () => Promise.resolve(rmSync(root, { recursive: true }));
  return Promise.resolve(opened({}, () => mkdtempSync(join(root, 'directory-')), close));
}

async function startBuckets(): Promise<SampleStores> {
  const s3 = await SampleS3.start();
  // Every other one in a folder of its bucket.
  let made = 0;
  const place = () => `s3://${s3.bucket()}${made++ % 2 === 0 ? '' : '/a folder/of it'}`;
  return opened(s3.environment, place, () => s3.close());
}

function opened(given: Record<string, string>, place: () => string, close: () => Promise<void>): SampleStores {
  const environment = readS3Environment(given);
  return {
    environment,
    place,
    open: (named) => openObjectStore({ setting: 'STORE', place: named }, environment),
    close,
  };
}
