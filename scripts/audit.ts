// npm run audit: proves that nobody has changed the audit trail or the ledger since it was written, and signs how far it goes,
// in files that the database's owner cannot change. Exits with 1 where something is wrong, with 3 where nothing is, and nobody outside
// the database has witnessed it: its owner could have rewritten all of it.

import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withoutCause } from '../origin/audit/causes.ts';
import { readCheckpoints, writeCheckpoint } from '../origin/audit/checkpoint.ts';
import { readSigningKey } from '../origin/audit/signing-key.ts';
import { verifyAudit } from '../origin/audit/verify-audit.ts';
import { connectOwner } from '../origin/db/client.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { openObjectStore, readS3Environment } from '../origin/object-store/open-object-store.ts';
import { type AccessWords, accessInWords, readAccess } from './audit/access.ts';
import { exportInWords, proveExport } from './audit/export.ts';
import { home, portBaseOption, readNote } from './dev/home.ts';
import type { Running } from './dev/running.ts';
import { developmentSigningKey } from './dev/signing-key.ts';
import { wordsOf } from './words.ts';

const help = `npm run audit -- <command> [options]

  verify       recomputes both hash chains, compares them with every checkpoint, and names the first bad row;
               adds up the ledger's balances, and looks for what moved or was made without an audit event
  checkpoint   verifies, then signs how long both chains are and what they end in, into a file of its own
  access       who read what and who was refused, of the newest seven days, refusals first; and whether the rows of
               days that are over are still those that were sealed

  --checkpoints PLACE a directory or s3://bucket/folder: best one that the database's owner cannot write to
                      (default .atlas/checkpoints)
  --export PLACE      verify: the audit trail that was carried off the host, without the database; its checkpoints are
                      taken from there too, where --checkpoints names no other place
  --day, --key, --outcome
                      access: of one UTC day (2026-11-27), one key (akey_…), one outcome (read, scope_missing, …)
  --json              one object on one line
  --port-base N       the system that npm start -- --port-base N started
  --help              this

Exits with 0 where nothing was changed, 1 where something was (or could not be looked at), 3 where the chains agree with
themselves and no checkpoint has witnessed them.

DATABASE_URL        the database (default: that of the running npm start)
AUDIT_SIGNING_KEY   Ed25519 private key, PKCS #8 in PEM, or its DER in base64; without it one is made in .atlas, for development
AUDIT_PUBLIC_KEY    enough for verify: SubjectPublicKeyInfo, likewise
S3_ENDPOINT         for a bucket: its server; S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: a key to it; S3_REGION (default auto)`;

interface Words {
  readonly command: 'verify' | 'checkpoint' | 'access';
  /** Of the checkpoints; null: not named. */
  readonly place: string | null;
  readonly exported: string | null;
  readonly access: AccessWords;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      checkpoints: { type: 'string' },
      export: { type: 'string' },
      day: { type: 'string' },
      key: { type: 'string' },
      outcome: { type: 'string' },
      ...portBaseOption,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const [command, ...more] = positionals;
  if ((command !== 'verify' && command !== 'checkpoint' && command !== 'access') || more.length > 0)
    throw new Error(`one command: verify, checkpoint or access, not ${positionals.join(' ') || 'none'}`);
  const { checkpoints: place = null, export: exported = null, day = null, key = null, outcome = null, json } = values;
  if (exported !== null && command !== 'verify') throw new Error('--export is for verify');
  if (day !== null && !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error('--day must be a UTC day, as 2026-11-27');
  return { command, place, exported, access: { day, key, outcome }, json };
}

function signingKey(): KeyObject {
  const given = process.env['AUDIT_SIGNING_KEY'];
  return readSigningKey('AUDIT_SIGNING_KEY', given || readFileSync(developmentSigningKey(), 'utf8'));
}

function verifyingKey(): KeyObject {
  const given = process.env['AUDIT_PUBLIC_KEY'];
  return given ? readSigningKey('AUDIT_PUBLIC_KEY', given, 'public') : signingKey();
}

function databaseUrl(): string {
  const url = process.env['DATABASE_URL'] ?? readNote<Running>('running.json')?.database_url;
  if (url === undefined) throw new Error('DATABASE_URL is not set, and no npm start runs');
  return url;
}

const placeDefault = join(home, 'checkpoints');

async function run(words: Words): Promise<void> {
  const { command, exported, json } = words;
  if (command === 'access') return print(await readAccess(databaseUrl(), words.access), json, accessInWords);
  if (exported === null) return await audit(words);
  const environment = readS3Environment(process.env);
  const report = await proveExport({
    exported: openObjectStore({ setting: '--export', place: exported }, environment),
    witness: openObjectStore({ setting: '--checkpoints', place: words.place ?? exported }, environment),
    key: verifyingKey(),
  });
  print(report, json, exportInWords);
  if (report.clean && !report.witnessed) process.exitCode = 3;
}

function print<R extends { readonly clean: boolean }>(report: R, json: boolean, inWords: (report: R) => string): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${inWords(report)}\n`);
  if (!report.clean) process.exitCode = 1;
}

async function audit({ command, place: named, json }: Words): Promise<void> {
  const place = named ?? placeDefault;
  const store = openObjectStore({ setting: '--checkpoints', place }, readS3Environment(process.env));
  const key = command === 'checkpoint' ? signingKey() : verifyingKey();
  const stored = await readCheckpoints(store, key);
  const sql = await connectOwner(databaseUrl());
  const { proof, books, orphans } = await (async () => ({
    proof: await verifyAudit(sql, stored.checkpoints),
    books: await verifyLedger(sql),
    orphans: await withoutCause(sql),
  }))().finally(() => sql.end());
  const problems = [...stored.problems, ...proof.faults.map(({ says }) => says), ...books.differences, ...orphans];
  const clean = problems.length === 0;
  const { audit, ledger, faults } = proof;
  const name =
    clean && command === 'checkpoint'
      ? await writeCheckpoint(store, key, { audit: audit.last, ledger: ledger.last, nowMs: Date.now() })
      : null;
  const newest = stored.checkpoints.at(-1);
  const report = {
    clean,
    // A checkpoint of an empty database has witnessed nothing.
    witnessed: name !== null || (newest !== undefined && newest.audit.no + newest.ledger.no > 0),
    witnessed_to:
      newest === undefined
        ? null
        : { made_at: newest.made_at, audit_events: newest.audit.no, ledger_seals: newest.ledger.no },
    audit_events: audit.links,
    ledger_seals: ledger.links,
    ledger_transfers: ledger.transfers,
    checkpoints: stored.checkpoints.length,
    faults: faults.map(({ chain, no, problem, says }) => ({ chain, no, problem, says })),
    problems,
    checkpoint: name === null ? null : `${place.replace(/\/+$/, '')}/${name}`,
  };
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${inWords(report)}\n`);
  if (!clean) process.exitCode = 1;
  else if (!report.witnessed) process.exitCode = 3;
}

interface WitnessedTo {
  readonly made_at: string;
  readonly audit_events: number;
  readonly ledger_seals: number;
}

function inWords(report: {
  clean: boolean;
  witnessed: boolean;
  witnessed_to: WitnessedTo | null;
  audit_events: number;
  ledger_seals: number;
  ledger_transfers: number;
  checkpoints: number;
  problems: readonly string[];
  checkpoint: string | null;
}): string {
  const { audit_events, ledger_seals, ledger_transfers, checkpoints, problems, checkpoint } = report;
  const witnessedTo = report.witnessed_to;
  return [
    `audit events       ${audit_events} good`,
    `ledger seals       ${ledger_seals} good, of ${ledger_transfers} transfers`,
    `checkpoints        ${checkpoints} agree${witnessedTo === null ? '' : `; the newest, of ${witnessedTo.made_at}, goes to event ${witnessedTo.audit_events} and seal ${witnessedTo.ledger_seals}`}`,
    ...problems.map((problem) => `WRONG              ${problem}`),
    ...(checkpoint === null ? [] : [`signed             ${checkpoint}`]),
    verdictOn(report),
  ].join('\n');
}

function verdictOn({ clean, witnessed }: { clean: boolean; witnessed: boolean }): string {
  if (!clean) return 'this is not what was written';
  if (witnessed) return 'nothing was changed';
  return "the chains agree with themselves, and nobody has witnessed them: sign a checkpoint, in a place that the database's owner cannot write to";
}

const words = wordsOf(readWords, help);
try {
  await run(words);
} catch (error) {
  process.stderr.write(`audit: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
