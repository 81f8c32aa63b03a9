// One way to name object storage, in configuration and on command lines: a directory's path, or `s3://bucket/folder`, whose
// server and key are in the environment. Nothing given is quoted: a key might stand where it does not belong.

import * as z from 'zod';
import { secretsIn } from '../../contracts/secret-strength.ts';
import type { KeyWatch } from '../secrets/shown-key.ts';
import { urlSetting, wordSetting } from '../setting-shapes.ts';
import { createDirectoryStore } from './directory-store.ts';
import { isKeyPart, type ObjectStore } from './object-store.ts';
import { type S3Key, S3Store } from './s3-store.ts';

export const s3EnvironmentShape = {
  /** Whose S3: `https://s3.eu-central-1.amazonaws.com`, `https://<account>.r2.cloudflarestorage.com`. */
  S3_ENDPOINT: urlSetting('https:', 'http:').optional(),
  /** R2 has one, `auto`; AWS wants the bucket's. */
  S3_REGION: wordSetting.default('auto'),
  /** Two with a space while the key changes, in the order of S3_SECRET_ACCESS_KEY. */
  S3_ACCESS_KEY_ID: z
    .string()
    .regex(
      /^\w[\w-]*(?:[ \n]+\w[\w-]*)?$/,
      'must be letters and digits, two with a space between them while it changes',
    )
    .optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
} as const;
const s3Environment = z.object(s3EnvironmentShape);
export type S3Environment = z.infer<typeof s3Environment>;

export interface NamedPlace {
  /** Of the setting, for messages: `ISO20022_DIRECTORY`, `--checkpoints`. */
  readonly setting: string;
  readonly place: string;
}

/** For what does not read the whole configuration. Throws one error that names every wrong value. */
export function readS3Environment(environment: Readonly<Record<string, string | undefined>>): S3Environment {
  const trimmed = Object.entries(environment).map(([name, value]) => [name, value?.trim()]);
  const given = Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
  const parsed = s3Environment.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  throw new Error(`configuration: ${problems.join('; ')}`);
}

/** Throws one error that names all that is missing or wrong. Does no I/O. */
export function openObjectStore(named: NamedPlace, environment: S3Environment, keyWatch?: KeyWatch): ObjectStore {
  const problems = placeProblems(named, environment);
  if (problems.length > 0) throw new Error(`configuration: ${problems.join('; ')}`);
  const bucket = bucketOf(named.place);
  if (bucket === null) return createDirectoryStore(named.place);
  return new S3Store({
    ...bucket,
    endpoint: environment.S3_ENDPOINT ?? '',
    region: environment.S3_REGION,
    keys: keysIn(environment),
    keyWatch,
  });
}

function keysIn({ S3_ACCESS_KEY_ID: ids = '', S3_SECRET_ACCESS_KEY: secrets = '' }: S3Environment): S3Key[] {
  const inOrder = secretsIn(secrets);
  return secretsIn(ids).map((accessKeyId, place) => ({ accessKeyId, secretAccessKey: inOrder[place] ?? '' }));
}

/** A sentence for each thing that is wrong or missing; none for a place that can be opened. */
export function placeProblems({ setting, place }: NamedPlace, environment: S3Environment): string[] {
  // Two letters at least: with one it is a drive.
  if (!/^[a-z][a-z0-9+.-]+:/i.test(place)) return [];
  if (bucketOf(place) === null) return [`${setting}: must be a directory, or s3://bucket/folder`];
  const needs = ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;
  const missing = needs.filter((name) => environment[name] === undefined);
  if (missing.length > 0) return missing.map((name) => `${name}: is not set, and ${setting} needs it for a bucket`);
  const [ids, secrets] = [
    secretsIn(environment.S3_ACCESS_KEY_ID ?? ''),
    secretsIn(environment.S3_SECRET_ACCESS_KEY ?? ''),
  ];
  return ids.length === secrets.length
    ? []
    : ['S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: must hold as many values, in the same order'];
}

/** Null: it names no bucket. */
function bucketOf(place: string): { bucket: string; prefix: string } | null {
  const [, bucket, folder = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(place) ?? [];
  const prefix = folder.replace(/\/$/, '');
  if (bucket === undefined || !(prefix === '' || prefix.split('/').every(isKeyPart))) return null;
  return { bucket, prefix };
}
