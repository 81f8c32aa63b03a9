// Signed checkpoints: how long both chains were at an instant, their last hashes, and what the ledger had booked by then, kept outside the
// database. A chain alone proves nothing against somebody who rewrites all of it, or cuts its tail; a checkpoint that they cannot sign
// does. Each names the one before it by its hash, so that one taken out of the middle is missed too. They lie in a directory or a bucket:
// best where who owns the database may only add.

import type { KeyObject } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../object-store/object-store.ts';
import { type LedgerSum, type Link, sha256 } from './chain.ts';
import { type AuditKeys, idOf, signerOf, signWith } from './signing-key.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const linkSchema = z.strictObject({ no: z.number().int().min(0), hash: hex });
const common = {
  checkpoint_no: z.number().int().min(1),
  made_at: z.iso.datetime(),
  audit: linkSchema,
  ledger: linkSchema,
  /** SHA-256 of the file before; null in the first. */
  previous: z.nullable(hex),
};
/** Of before 2026-12: which key has signed it is to be tried, and what was booked by then it does not say. */
const firstVersion = z.strictObject({ version: z.literal(1), ...common });
const secondVersion = z.strictObject({
  version: z.literal(2),
  ...common,
  /** Of all transfers up to the ledger's seal: by currency, how many and their sum, whatever kind they are. */
  ledger_sums: z.array(
    z.strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/),
      transfers: z.number().int().min(1),
      amount_minor: z.string().regex(/^\d{1,38}$/),
    }),
  ),
  /** Which key has signed it. */
  key_id: z.string().regex(/^[0-9a-f]{16}$/),
});
const checkpointSchema = z.discriminatedUnion('version', [firstVersion, secondVersion]);
const signature = { signature: z.base64() };
const signedSchema = z.discriminatedUnion('version', [firstVersion.extend(signature), secondVersion.extend(signature)]);
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** What is signed: the members in their order, as JSON without spaces. */
function signedBytes(checkpoint: Checkpoint): Buffer {
  return Buffer.from(`atlas checkpoint\n${JSON.stringify(checkpointSchema.parse(checkpoint))}`);
}

export function sumsOf(checkpoint: Checkpoint): readonly LedgerSum[] | null {
  return checkpoint.version === 1 ? null : checkpoint.ledger_sums;
}

export interface StoredCheckpoints {
  readonly checkpoints: readonly Checkpoint[];
  /** A sentence for each that is missing, unreadable, not signed by these keys, or out of order. */
  readonly problems: readonly string[];
}

interface Found {
  readonly name: string;
  /** Null: it cannot be read. */
  readonly checkpoint: Checkpoint | null;
  readonly hash: string;
  /** Of a key that is known; null: none of those has signed it. */
  readonly signer: string | null;
}

/** Reads and verifies all that lie there. A directory that does not exist holds none; a bucket that does not, throws. */
export async function readCheckpoints(store: ObjectStore, keys: AuditKeys): Promise<StoredCheckpoints> {
  const names = (await store.list('')).filter(isCheckpoint).toSorted();
  const found: Found[] = [];
  for (const name of names) found.push(await read(store, name, keys));
  const vouched = vouchedFor(found);
  const checkpoints: Checkpoint[] = [];
  const problems: string[] = [];
  for (const [index, { name, checkpoint }] of found.entries()) {
    const number = index + 1;
    if (checkpoint === null) problems.push(`${name} cannot be read`);
    else if (!vouched.has(name))
      problems.push(`${name} is not signed by ${keysInWords(keys)}${signedInWords(checkpoint)}`);
    else if (name !== nameOf(number) || checkpoint.checkpoint_no !== number)
      problems.push(`checkpoint ${number} is missing: ${name} stands in its place`);
    else if (checkpoint.previous !== (found[index - 1]?.hash ?? null))
      problems.push(`${name} does not continue the one before it`);
    else checkpoints.push(checkpoint);
  }
  return { checkpoints, problems };
}

/**
 * Those signed by a known key, and those that one of these continues: whoever signed that one has verified them, and its hash is of each of
 * their bytes. So a key that was taken out goes on being believed for what it had signed by then, and for nothing more.
 */
function vouchedFor(found: readonly Found[]): Set<string> {
  const vouched = new Set<string>();
  let wanted: string | null = null;
  for (const { name, checkpoint, hash, signer } of found.toReversed()) {
    const isGood: boolean = checkpoint !== null && (signer !== null || hash === wanted);
    if (isGood) vouched.add(name);
    wanted = isGood ? (checkpoint?.previous ?? null) : null;
  }
  return vouched;
}

async function read(store: ObjectStore, name: string, keys: AuditKeys): Promise<Found> {
  const text = Buffer.from((await store.read(name)) ?? []).toString();
  const hash = sha256(text).toString('hex');
  const { data } = signedSchema.safeParse(parsed(text));
  if (data === undefined) return { name, checkpoint: null, hash, signer: null };
  const { signature: signed, ...checkpoint } = data;
  return { name, checkpoint, hash, signer: signerOf(keys, signedBytes(checkpoint), signed) };
}

function keysInWords(keys: readonly KeyObject[]): string {
  return keys.length === 1 ? `this key (${keys.map(idOf).join()})` : `one of these keys (${keys.map(idOf).join(', ')})`;
}

function signedInWords(checkpoint: Checkpoint): string {
  return checkpoint.version === 1 ? '' : `; it says that it is by ${checkpoint.key_id}`;
}

export interface NewestCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Of its file. */
  readonly hash: string;
  /** Which of the keys has signed it. */
  readonly signer: string;
}

/** The newest alone: what the next one continues. Null: there is none yet. Throws where it is not to be continued. */
export async function newestCheckpoint(store: ObjectStore, keys: AuditKeys): Promise<NewestCheckpoint | null> {
  const names = (await store.list('')).filter(isCheckpoint).toSorted();
  const name = names.at(-1);
  if (name === undefined) return null;
  // All are read by `verify`; for the next one it is enough that none is missing, and that this one is ours.
  if (name !== nameOf(names.length)) throw outOfOrder(`${name} is the newest of ${names.length}`);
  const { checkpoint, hash, signer } = await read(store, name, keys);
  if (checkpoint === null) throw outOfOrder(`${name} cannot be read`);
  if (signer === null) throw outOfOrder(`${name} is not signed by ${keysInWords(keys)}${signedInWords(checkpoint)}`);
  return { checkpoint, hash, signer };
}

function outOfOrder(problem: string): Error {
  return new Error(`checkpoints are not in order: ${problem}; npm run audit -- verify looks at all of them`);
}

export interface Witnessed {
  readonly audit: Link;
  readonly ledger: Link;
  readonly sums: readonly LedgerSum[];
  readonly nowMs: number;
}

/** Writes the next one. Returns its name. One that is there is never written over. */
export async function writeCheckpoint(
  store: ObjectStore,
  keys: AuditKeys,
  { audit, ledger, sums, nowMs }: Witnessed,
): Promise<string> {
  const newest = await newestCheckpoint(store, keys);
  const checkpoint: Checkpoint = {
    version: 2,
    checkpoint_no: (newest?.checkpoint.checkpoint_no ?? 0) + 1,
    made_at: new Date(nowMs).toISOString(),
    audit: { no: audit.no, hash: audit.hash.toString('hex') },
    ledger: { no: ledger.no, hash: ledger.hash.toString('hex') },
    previous: newest?.hash ?? null,
    ledger_sums: [...sums],
    key_id: idOf(keys[0]),
  };
  const signed = { ...checkpoint, signature: signWith(keys, signedBytes(checkpoint)) };
  const name = nameOf(checkpoint.checkpoint_no);
  if (!(await store.putIfAbsent(name, `${JSON.stringify(signed, null, 2)}\n`)))
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
