// Signed checkpoints: how long both chains were at an instant, and their last hashes, kept outside the database. A chain alone
// proves nothing against somebody who rewrites all of it, or cuts its tail; a checkpoint that they cannot sign does. Each names
// the one before it, so that one taken out of the middle is missed too.

import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
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
  /** SHA-256 of the newest file. */
  readonly newest: string | null;
}

/** Reads and verifies all of a directory. One that does not exist holds none. */
export async function readCheckpoints(directory: string, key: KeyObject): Promise<StoredCheckpoints> {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const names = (await readdir(directory).catch(() => []))
    .filter((name) => /^checkpoint-\d{8}\.json$/.test(name))
    .toSorted();
  const checkpoints: Checkpoint[] = [];
  const problems: string[] = [];
  let newest: string | null = null;
  for (const [index, name] of names.entries()) {
    const text = await readFile(join(directory, name), 'utf8');
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
  return { checkpoints, problems, newest };
}

/** Writes the next one. Returns its path. `wx`: a file that is there is never written over. */
export async function writeCheckpoint(
  directory: string,
  key: KeyObject,
  { audit, ledger, nowMs }: { readonly audit: Link; readonly ledger: Link; readonly nowMs: number },
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { checkpoints, problems, newest } = await readCheckpoints(directory, key);
  if (problems.length > 0) throw new Error(`checkpoints are not in order: ${problems.join('; ')}`);
  const checkpoint: Checkpoint = {
    version: 1,
    checkpoint_no: checkpoints.length + 1,
    made_at: new Date(nowMs).toISOString(),
    audit: { no: audit.no, hash: audit.hash.toString('hex') },
    ledger: { no: ledger.no, hash: ledger.hash.toString('hex') },
    previous: newest,
  };
  const signature = sign(null, signedBytes(checkpoint), key).toString('base64');
  const path = join(directory, nameOf(checkpoint.checkpoint_no));
  const file = await open(path, 'wx', 0o444);
  try {
    await file.writeFile(`${JSON.stringify({ ...checkpoint, signature }, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
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
