// The audit trail carried off the host: new events into files beside the checkpoints, each event once. Where it stands is told by the
// newest file alone, so a process that dies leaves nothing half done, and of two processes the first to write a name wins.

import type { Logger } from 'pino';
import { ageMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { auditRowsAfter, beginning, faultOfRow } from './audit-chain.ts';
import type { Link } from './chain.ts';
import { exportName, listExport, packRows, rowsPerFile, unpackRows } from './export-file.ts';

/** How often it looks; and how long a first event waits for others of its file: a day has at most 1,440 files that are not full. */
const lookEveryMs = 10_000;
const gatherMs = 60_000;

export interface ExportLoopParts {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly now?: () => number;
}

export function createExportLoop({ database, store, log, now = Date.now }: ExportLoopParts): Loop {
  /** The last event that lies there; null: to be looked up. */
  let last: Link | null = null;
  return createLoop({
    name: 'audit export',
    log,
    intervalMs: lookEveryMs,
    lagMs: () =>
      last === null
        ? Promise.resolve(null)
        : ageMs(database.sql, `select at from audit_events where audit_no = ${last.no + 1}`),
    async round() {
      last ??= await newestLink(store);
      const rows = await auditRowsAfter(database.sql, last.no, rowsPerFile);
      const [first] = rows;
      if (first === undefined) return false;
      const isFull = rows.length === rowsPerFile;
      if (!isFull && now() - Number(first.at_us) / 1_000 < gatherMs) return false;
      let link = last;
      for (const row of rows) {
        const fault = faultOfRow(row, link);
        if (fault !== null) throw new Error(`the audit trail does not continue what was exported: ${fault.says}`);
        link = { no: Number(row.audit_no), hash: row.hash };
      }
      const isOurs = await store.putIfAbsent(exportName(last.no + 1), packRows(rows));
      // Somebody else's file may end elsewhere.
      last = isOurs ? link : null;
      return isFull || !isOurs;
    },
  });
}

async function newestLink(store: ObjectStore): Promise<Link> {
  const name = (await listExport(store)).names.at(-1);
  if (name === undefined) return beginning();
  const packed = await store.read(name);
  const row = packed === null ? undefined : unpackRows(packed).at(-1);
  if (row === undefined)
    throw new Error(`${name} is gone, or holds nothing: npm run audit -- verify --export looks at all`);
  return { no: Number(row.audit_no), hash: row.hash };
}
