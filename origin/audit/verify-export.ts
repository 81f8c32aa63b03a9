// The exported audit trail, recomputed row by row without a database, and held to the checkpoints: names the first bad row.

import type { ObjectStore } from '../object-store/object-store.ts';
import { beginning, faultOfRow } from './audit-chain.ts';
import { Anchors, type ChainResult, type Fault, type FaultKind, type Link } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { exportName, listExport, unpackRows } from './export-file.ts';
import { anchorOf } from './verify-audit.ts';

export interface ExportProof extends ChainResult {
  readonly files: number;
}

export async function verifyExport(store: ObjectStore, checkpoints: readonly Checkpoint[]): Promise<ExportProof> {
  const { names, others } = await listExport(store);
  const anchors = new Anchors(
    'audit',
    checkpoints.map((checkpoint) => anchorOf(checkpoint, 'audit')),
  );
  let last = beginning();
  let files = 0;
  const end = (fault: Fault | null): ExportProof => ({ files, links: last.no, last, fault });
  const [other] = others;
  if (other !== undefined) return end(bad(0, 'inserted', `${other} is no file of ours`));
  const fault = anchors.look(last);
  if (fault !== null) return end(fault);
  for (const name of names) {
    const found = await walkFile(store, name, { last, anchors });
    last = found.last;
    if (found.fault !== null) return end(found.fault);
    files += 1;
  }
  return end(anchors.end(last));
}

async function walkFile(
  store: ObjectStore,
  name: string,
  { last, anchors }: { readonly last: Link; readonly anchors: Anchors },
): Promise<{ last: Link; fault: Fault | null }> {
  const expected = exportName(last.no + 1);
  if (name > expected)
    return { last, fault: bad(last.no + 1, 'missing', `event ${last.no + 1} is missing: ${expected} is gone`) };
  if (name < expected)
    return {
      last,
      fault: bad(last.no, 'inserted', `${name} begins with an event that the file before it has already`),
    };
  let rows: ReturnType<typeof unpackRows>;
  try {
    rows = unpackRows((await store.read(name)) ?? new Uint8Array());
  } catch {
    // What was wrong with it might quote it.
    return { last, fault: bad(last.no + 1, 'changed', `${name} cannot be read`) };
  }
  let link = last;
  for (const row of rows) {
    const fault = faultOfRow(row, link) ?? anchors.look({ no: Number(row.audit_no), hash: row.hash });
    if (fault !== null) return { last: link, fault };
    link = { no: Number(row.audit_no), hash: row.hash };
  }
  return { last: link, fault: null };
}

function bad(no: number, problem: FaultKind, says: string): Fault {
  return { chain: 'audit', no, problem, says };
}
