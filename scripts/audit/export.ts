// npm run audit -- verify --export PLACE: the exported audit trail, proved without the database.

import { readCheckpoints } from '../../origin/audit/checkpoint.ts';
import type { AuditKeys } from '../../origin/audit/signing-key.ts';
import { verifyExport } from '../../origin/audit/verify-export.ts';
import type { ObjectStore } from '../../origin/object-store/object-store.ts';

interface Places {
  readonly exported: ObjectStore;
  /** Where the checkpoints lie: the origin puts them beside the export. */
  readonly witness: ObjectStore;
  readonly keys: AuditKeys;
}

export async function proveExport({ exported, witness, keys }: Places) {
  const stored = await readCheckpoints(witness, keys);
  const { files, links, fault } = await verifyExport(exported, stored.checkpoints);
  const newest = stored.checkpoints.at(-1);
  const problems = [...stored.problems, ...(fault === null ? [] : [fault.says])];
  return {
    clean: problems.length === 0,
    witnessed: newest !== undefined && newest.audit.no > 0,
    witnessed_to: newest === undefined ? null : { made_at: newest.made_at, audit_events: newest.audit.no },
    files,
    audit_events: links,
    checkpoints: stored.checkpoints.length,
    faults: fault === null ? [] : [fault],
    problems,
  };
}

type ExportReport = Awaited<ReturnType<typeof proveExport>>;

export function exportInWords({
  clean,
  witnessed,
  witnessed_to,
  files,
  audit_events,
  checkpoints,
  problems,
}: ExportReport): string {
  const to =
    witnessed_to === null ? '' : `; the newest, of ${witnessed_to.made_at}, goes to event ${witnessed_to.audit_events}`;
  return [
    `audit events       ${audit_events} good, in ${files} files`,
    `checkpoints        ${checkpoints} agree${to}`,
    ...problems.map((problem) => `WRONG              ${problem}`),
    verdictOn(clean, witnessed),
  ].join('\n');
}

function verdictOn(clean: boolean, witnessed: boolean): string {
  if (!clean) return 'this is not what was written';
  return witnessed ? 'nothing was changed' : 'the chain agrees with itself, and nobody has witnessed it';
}
