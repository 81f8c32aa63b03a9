// Signed checkpoints: how long both chains were at an instant, and their last hashes, kept outside the database. A chain alone
// proves nothing against somebody who rewrites all of it, or cuts its tail; a checkpoint that they cannot sign does. Each names
// the one before it, so that one taken out of the middle is missed too. They lie in a directory or a bucket: best where who owns
// the database may only add.

import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../object-store/object-store.ts';
import { type Link, sha256 } from './chain.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const linkSchema = z.strictObject({ no: z.number().int().min(0), hash: hex });
const checkpointSchema = z.strictObject({
  version: z.literal(1),
  checkpoint_no: z.number().int().min(1),
  made_at: z.iso.datetime(),
  audit: linkSchema,
  ledger: linkSchema,
  /** SHA-256 of the file before; null in the first. */
  previous: z.nullable(hex),
});
const signedSchema = z.strictObject({ ...checkpointSchema.shape, signature: z.base64() });
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** What is signed: the members in their order, as JSON without spaces. */
function signedBytes(checkpoint: Checkpoint): Buffer {
  return Buffer.from(`atlas checkpoint\n${JSON.stringify(checkpointSchema.parse(checkpoint))}`);
}

export interface StoredCheckpoints {
  readonly checkpoints: readonly Checkpoint[];
  /** A sentence for each that is missing, unreadable, not signed by this key, or out of order. */
  readonly problems: readonly string[];
}

/** Reads and verifies all that lie there. A directory that does not exist holds none; a bucket that does not, throws. */
export async function readCheckpoints(store: ObjectStore, key: KeyObject): Promise<StoredCheckpoints> {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const names = (await store.list('')).filter(isCheckpoint);
  const checkpoints: Checkpoint[] = [];
  const problems: string[] = [];
  let newest: string | null = null;
  for (const [index, name] of names.entries()) {
    const text = Buffer.from((await store.read(name)) ?? []).toString();
    const read = signedSchema.safeParse(parsed(text));
    if (!read.success) {
      problems.push(`${name} cannot be read`);
      continue;
    }
    const { signature, ...checkpoint } = read.data;
    if (!verify(null, signedBytes(checkpoint), publicKey, Buffer.from(signature, 'base64')))
      problems.push(`${name} is not signed by this key`);
    else if (name !== nameOf(index + 1) || checkpoint.checkpoint_no !== index + 1)
      problems.push(`checkpoint ${index + 1} is missing: ${name} stands in its place`);
    else if (checkpoint.previous !== newest) problems.push(`${name} does not continue the one before it`);
    else checkpoints.push(checkpoint);
    newest = sha256(text).toString('hex');
  }
  return { checkpoints, problems };
}

/** The newest alone: what the next one continues. Null: there is none yet. Throws where it is not to be continued. */
export async function newestCheckpoint(
  store: ObjectStore,
  key: KeyObject,
): Promise<{ checkpoint: Checkpoint; hash: string } | null> {
  const names = (await store.list('')).filter(isCheckpoint).toSorted();
  const name = names.at(-1);
  if (name === undefined) return null;
  // All are read by `verify`; for the next one it is enough that none is missing, and that this one is ours.
  if (name !== nameOf(names.length)) throw outOfOrder(`${name} is the newest of ${names.length}`);
  const text = Buffer.from((await store.read(name)) ?? []).toString();
  const read = signedSchema.safeParse(parsed(text));
  if (!read.success) throw outOfOrder(`${name} cannot be read`);
  const { signature, ...checkpoint } = read.data;
  if (!verify(null, signedBytes(checkpoint), createPublicKey(key), Buffer.from(signature, 'base64')))
    throw outOfOrder(`${name} is not signed by this key`);
  return { checkpoint, hash: sha256(text).toString('hex') };
}

function outOfOrder(problem: string): Error {
  return new Error(`checkpoints are not in order: ${problem}; npm run audit -- verify looks at all of them`);
}

/** Writes the next one. Returns its name. One that is there is never written over. */
export async function writeCheckpoint(
  store: ObjectStore,
  key: KeyObject,
  { audit, ledger, nowMs }: { readonly audit: Link; readonly ledger: Link; readonly nowMs: number },
): Promise<string> {
  const newest = await newestCheckpoint(store, key);
  const checkpoint: Checkpoint = {
    version: 1,
    checkpoint_no: (newest?.checkpoint.checkpoint_no ?? 0) + 1,
    made_at: new Date(nowMs).toISOString(),
    audit: { no: audit.no, hash: audit.hash.toString('hex') },
    ledger: { no: ledger.no, hash: ledger.hash.toString('hex') },
    previous: newest?.hash ?? null,
  };
  const signature = sign(null, signedBytes(checkpoint), key).toString('base64');
  const name = nameOf(checkpoint.checkpoint_no);
  if (!(await store.putIfAbsent(name, `${JSON.stringify({ ...checkpoint, signature }, null, 2)}\n`)))
    throw new Error(`${name} is there already, signed by somebody else at the same time: sign again`);
  return name;
}

function isCheckpoint(name: string): boolean {
  return /^checkpoint-\d{8}\.json$/.test(name);
}

function nameOf(checkpointNo: number): string {
  return `checkpoint-${String(checkpointNo).padStart(8, '0')}.json`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
