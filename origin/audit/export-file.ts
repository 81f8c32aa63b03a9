// The audit trail in files: one event a line as JSON, compressed, each file named by its first event. The same events are the same lines
// whoever writes them, so a file needs no signature of its own: its rows carry the chain, and checkpoints beside it witness that.

import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { AuditRow } from './audit-chain.ts';

/** The folder, beside the checkpoints. */
const exportFolder = 'events';
export const rowsPerFile = 5_000;
/** Of one file, unpacked: 5,000 rows have some 2 MB. Beyond it somebody has put something else there. */
const fileBytesMax = 128 * 1024 * 1024;

const digits = z.string().regex(/^\d{1,16}$/);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const lineSchema = z.strictObject({
  audit_no: digits,
  at_us: digits,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  merchant_id: z.nullable(z.string()),
  from_state: z.nullable(z.string()),
  to_state: z.nullable(z.string()),
  reason: z.string(),
  correlation_id: z.string(),
  previous_hash: hex,
  hash: hex,
});

export function exportName(firstNo: number): string {
  return `${exportFolder}/${String(firstNo).padStart(12, '0')}.jsonl.gz`;
}

/** The number of its first event; null: it is none of ours. */
function firstNoOf(name: string): number | null {
  const no = Number(/\/(\d{12})\.jsonl\.gz$/.exec(name)?.[1]);
  return Number.isSafeInteger(no) && exportName(no) === name ? no : null;
}

export interface ExportFiles {
  /** In the order of their events. */
  readonly names: readonly string[];
  /** What lies there and has no such name. */
  readonly others: readonly string[];
}

export async function listExport(store: ObjectStore): Promise<ExportFiles> {
  const found = await store.list(exportFolder);
  return {
    names: found.filter((name) => firstNoOf(name) !== null).toSorted(),
    others: found.filter((name) => firstNoOf(name) === null),
  };
}

export function packRows(rows: readonly AuditRow[]): Uint8Array {
  const lines = rows.map((row) => {
    const { previous_hash, hash } = row;
    // Through the schema: its order of members, and a row that could not be read back is not written.
    const line = { ...row, previous_hash: previous_hash.toString('hex'), hash: hash.toString('hex') };
    return `${JSON.stringify(lineSchema.parse(line))}\n`;
  });
  const packed = gzipSync(lines.join(''), { level: 9 });
  // The header names the system that packed it (RFC 1952, byte 9); 255 is "unknown", the same everywhere.
  packed[9] = 255;
  return packed;
}

/** Throws for what is no such file: never a part of it. */
export function unpackRows(packed: Uint8Array): AuditRow[] {
  const text = gunzipSync(packed, { maxOutputLength: fileBytesMax }).toString('utf8');
  if (!text.endsWith('\n')) throw new Error('its last line has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const { previous_hash, hash, ...row } = lineSchema.parse(JSON.parse(line));
      return { ...row, previous_hash: Buffer.from(previous_hash, 'hex'), hash: Buffer.from(hash, 'hex') };
    });
}
