// npm run audit -- verify and checkpoint, and atlas verify: the past proved from the database, and counted for a reader.

import { brokenAccruals } from '../../origin/audit/accrual-law.ts';
import { withoutCause } from '../../origin/audit/causes.ts';
import type { Fault, FaultKind } from '../../origin/audit/chain.ts';
import { readCheckpoints, writeCheckpoint } from '../../origin/audit/checkpoint.ts';
import { noteProof, proofBegins } from '../../origin/audit/last-proofs.ts';
import type { AuditKeys } from '../../origin/audit/signing-key.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import type { Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';
import type { ObjectStore } from '../../origin/object-store/object-store.ts';
import { type Counts, countedInWords, readCounts, totalOf } from './counts.ts';
import { nameOfDatabase } from './place.ts';

type Stored = Awaited<ReturnType<typeof readCheckpoints>>;

export interface Proving {
  readonly url: string;
  /** What says that it is this database: DATABASE_URL, `--port-base 9787`… */
  readonly because: string;
  readonly store: ObjectStore;
  readonly keys: AuditKeys;
  /** As the checkpoints' place is named to people. */
  readonly place: string;
  /** Signs a checkpoint where nothing is wrong. */
  readonly isSigning: boolean;
}

export interface ProofReport {
  /** `localhost:5432/atlas (DATABASE_URL)`. */
  readonly database: string;
  readonly clean: boolean;
  readonly witnessed: boolean;
  readonly witnessed_to: {
    readonly made_at: string;
    readonly audit_events: number;
    readonly ledger_seals: number;
  } | null;
  readonly audit_events: number;
  readonly ledger_seals: number;
  readonly ledger_transfers: number;
  /** Of the last moments: in the database, and not chained yet. */
  readonly unsealed: { readonly audit_events: number; readonly ledger_transfers: number };
  readonly ledger_accounts: number;
  readonly counts: Counts;
  readonly checkpoints: number;
  readonly faults: readonly (Fault & { readonly means: string })[];
  readonly problems: readonly string[];
  readonly checkpoint: string | null;
  /** Whether the database knows of what was proved, so that its age is a metric. False: this login may not say so. */
  readonly noted: boolean;
}

export async function proveDatabase(proving: Proving): Promise<ProofReport> {
  const stored = await readCheckpoints(proving.store, proving.keys);
  const sql = await connectOwner(proving.url);
  try {
    return await prove(sql, proving, stored);
  } finally {
    await sql.end();
  }
}

async function prove(
  sql: Sql,
  { url, because, store, keys, place, isSigning }: Proving,
  stored: Stored,
): Promise<ProofReport> {
  const beganAt = await proofBegins(sql);
  const proof = await verifyAudit(sql, stored.checkpoints);
  const books = await verifyLedger(sql);
  const orphans = [...(await withoutCause(sql)), ...(await brokenAccruals(sql))];
  const { audit, ledger, faults } = proof;
  const counts = await readCounts(sql, audit.last.no);
  const problems = [...stored.problems, ...faults.map(({ says }) => says), ...books.differences, ...orphans];
  const clean = problems.length === 0;
  const name =
    clean && isSigning
      ? await writeCheckpoint(store, keys, {
          ...{ audit: audit.last, ledger: ledger.last, sums: ledger.sums, nowMs: Date.now() },
        })
      : null;
  const newest = stored.checkpoints.at(-1);
  // A checkpoint of an empty database has witnessed nothing.
  const witnessed = name !== null || (newest !== undefined && newest.audit.no + newest.ledger.no > 0);
  const isAuditWrong = problems.length > books.differences.length;
  const found = [
    // What nobody has witnessed is neither proved nor wrong.
    ...(isAuditWrong || (clean && witnessed) ? [{ kind: 'audit' as const, isGood: !isAuditWrong }] : []),
    { kind: 'ledger' as const, isGood: books.differences.length === 0 },
  ];
  const noted: boolean[] = [];
  for (const one of found) noted.push(await noteProof(sql, { ...one, beganAt }));
  return {
    database: `${nameOfDatabase(url)} (${because})`,
    ...{ clean, witnessed },
    witnessed_to:
      newest === undefined
        ? null
        : { made_at: newest.made_at, audit_events: newest.audit.no, ledger_seals: newest.ledger.no },
    ...{ audit_events: audit.links, ledger_seals: ledger.links, ledger_transfers: ledger.transfers },
    unsealed: { audit_events: audit.unsealed, ledger_transfers: ledger.unsealed },
    ...{ ledger_accounts: books.accounts, counts, checkpoints: stored.checkpoints.length },
    faults: faults.map((fault) => ({ ...fault, means: meanings[fault.problem] })),
    problems,
    checkpoint: name === null ? null : `${place.replace(/\/+$/, '')}/${name}`,
    noted: noted.every(Boolean),
  };
}

/** What a fault of a chain means, for whoever has never seen one. */
const meanings: Readonly<Record<FaultKind, string>> = {
  changed:
    'a row was edited after it was written, past the service: its content no longer gives its hash. Compare it with the exported file that holds its number',
  missing: 'rows were deleted, or the end was cut off: everything from this number on is unproved',
  inserted: 'a row was written that the chain never took in: by somebody who writes to the database past the service',
  unlinked: 'a row was put in the place of another: it does not continue the row before it',
  head_differs: 'the chain was ended anew: its last row is not the one that the database counted',
  rewritten:
    'all rows agree with each other and not with a signed checkpoint: somebody with the rights of the owner has written the past anew',
};

export function proofInWords(report: ProofReport): string {
  const { audit_events, ledger_seals, ledger_transfers, ledger_accounts, checkpoints, checkpoint, counts } = report;
  const { settlements, transfers, transitions } = counts;
  const to = report.witnessed_to;
  const newest =
    to === null ? '' : `; the newest, of ${to.made_at}, goes to event ${to.audit_events} and seal ${to.ledger_seals}`;
  // What is claimed of all rows is claimed only where nothing is wrong.
  const holds = (claim: string) => (report.clean ? claim : ' looked at');
  return [
    `database           ${report.database}`,
    `audit events       ${audit_events} good, ${transitions} of them transitions of settlements, cards and keys`,
    `settlements        ${totalOf(settlements)}${holds(', each in the state of its last transition')}`,
    ...countedInWords(settlements.map((row) => ({ ...row, name: row.state }))),
    `transfers          ${ledger_transfers} good, as they were sealed, in ${ledger_seals} seals`,
    ...countedInWords(transfers.map((row) => ({ ...row, name: row.kind }))),
    `ledger accounts    ${ledger_accounts}${holds(', each balance the sum of its transfers; debits equal credits in each currency')}`,
    ...unsealedInWords(report),
    `checkpoints        ${checkpoints} agree${newest}`,
    ...wrongInWords(report),
    ...(checkpoint === null ? [] : [`signed             ${checkpoint}`]),
    ...(report.noted
      ? []
      : [
          'not noted          this login may not: grant execute on functions note_proof and note_failed_proof to it, or nobody is told of it',
        ]),
    verdictOn(report),
  ].join('\n');
}

function unsealedInWords({ unsealed: { audit_events, ledger_transfers } }: ProofReport): string[] {
  if (audit_events + ledger_transfers === 0) return [];
  return [
    `not sealed yet     ${audit_events} events and ${ledger_transfers} transfers of the last moments: a later run proves them`,
  ];
}

function wrongInWords({ clean, faults, problems }: ProofReport): string[] {
  if (clean) return [];
  return [
    ...problems.flatMap((problem) => {
      const fault = faults.find(({ says }) => says === problem);
      return [
        `WRONG              ${problem}`,
        ...(fault === undefined ? [] : [`                   that means: ${fault.means}`]),
      ];
    }),
    'What is wrong is not among what was counted as good. Change nothing, take a dump, and follow ops/runbooks/audit-not-proved.md.',
  ];
}

function verdictOn({ clean, witnessed }: ProofReport): string {
  if (!clean) return 'this is not what was written';
  if (witnessed) return 'nothing was changed';
  return "the chains agree with themselves, and nobody has witnessed them: sign a checkpoint, in a place that the database's owner cannot write to";
}
