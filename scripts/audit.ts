// npm run audit: proves that nobody has changed the audit trail or the ledger since it was written, and signs how far it goes,
// in files that the database's owner cannot change. Exits with 1 where something is wrong.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCheckpoints, writeCheckpoint } from '../origin/audit/checkpoint.ts';
import { verifyAudit } from '../origin/audit/verify-audit.ts';
import { connectOwner } from '../origin/db/client.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { openObjectStore, readS3Environment } from '../origin/object-store/open-object-store.ts';
import { home, readNote } from './dev/home.ts';
import type { Running } from './dev/running.ts';
import { wordsOf } from './words.ts';

const help = `npm run audit -- <command> [options]

  verify       recomputes both hash chains, compares them with every checkpoint, and names the first bad row;
               adds up the ledger's balances
  checkpoint   verifies, then signs how long both chains are and what they end in, into a file of its own

  --checkpoints PLACE a directory or s3://bucket/folder: best one that the database's owner cannot write to
                      (default .atlas/checkpoints)
  --json              one object on one line
  --help              this

DATABASE_URL        the database (default: that of the running npm start)
AUDIT_SIGNING_KEY   Ed25519 private key, PKCS #8 in PEM, or its DER in base64; without it one is made in .atlas, for development
AUDIT_PUBLIC_KEY    enough for verify: SubjectPublicKeyInfo, likewise
S3_ENDPOINT         for a bucket: its server; S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: a key to it; S3_REGION (default auto)`;

interface Words {
  readonly command: 'verify' | 'checkpoint';
  readonly place: string;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      checkpoints: { type: 'string', default: join(home, 'checkpoints') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const [command, ...more] = positionals;
  if ((command !== 'verify' && command !== 'checkpoint') || more.length > 0)
    throw new Error(`one command: verify or checkpoint, not ${positionals.join(' ') || 'none'}`);
  return { command, place: values.checkpoints, json: values.json };
}

function signingKey(): KeyObject {
  const given = process.env['AUDIT_SIGNING_KEY'];
  if (given) return keyFrom('AUDIT_SIGNING_KEY', given, 'private');
  const path = join(home, 'audit-signing-key.pem');
  if (!existsSync(path)) {
    mkdirSync(home, { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  }
  return createPrivateKey(readFileSync(path));
}

function verifyingKey(): KeyObject {
  const given = process.env['AUDIT_PUBLIC_KEY'];
  return given ? keyFrom('AUDIT_PUBLIC_KEY', given, 'public') : signingKey();
}

/** Never quotes what it was given. */
function keyFrom(name: string, given: string, type: 'private' | 'public'): KeyObject {
  const pem = given.includes('-----BEGIN');
  const key = pem ? given.replaceAll('\\n', '\n') : Buffer.from(given, 'base64');
  try {
    const read =
      type === 'private'
        ? createPrivateKey(typeof key === 'string' ? key : { key, format: 'der', type: 'pkcs8' })
        : createPublicKey(typeof key === 'string' ? key : { key, format: 'der', type: 'spki' });
    if (read.asymmetricKeyType === 'ed25519') return read;
  } catch {
    // What was wrong with it might quote it.
  }
  throw new Error(`${name} is no Ed25519 key`);
}

function databaseUrl(): string {
  const url = process.env['DATABASE_URL'] ?? readNote<Running>('running.json')?.database_url;
  if (url === undefined) throw new Error('DATABASE_URL is not set, and no npm start runs');
  return url;
}

async function audit({ command, place, json }: Words): Promise<void> {
  const store = openObjectStore({ setting: '--checkpoints', place }, readS3Environment(process.env));
  const key = command === 'checkpoint' ? signingKey() : verifyingKey();
  const stored = await readCheckpoints(store, key);
  const sql = await connectOwner(databaseUrl());
  const { proof, books } = await (async () => ({
    proof: await verifyAudit(sql, stored.checkpoints),
    books: await verifyLedger(sql),
  }))().finally(() => sql.end());
  const problems = [...stored.problems, ...proof.faults.map(({ says }) => says), ...books.differences];
  const clean = problems.length === 0;
  const { audit, ledger, faults } = proof;
  const name =
    clean && command === 'checkpoint'
      ? await writeCheckpoint(store, key, { audit: audit.last, ledger: ledger.last, nowMs: Date.now() })
      : null;
  const report = {
    clean,
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
}

function inWords(report: {
  clean: boolean;
  audit_events: number;
  ledger_seals: number;
  ledger_transfers: number;
  checkpoints: number;
  problems: readonly string[];
  checkpoint: string | null;
}): string {
  const { audit_events, ledger_seals, ledger_transfers, checkpoints, problems, checkpoint } = report;
  return [
    `audit events       ${audit_events} good`,
    `ledger seals       ${ledger_seals} good, of ${ledger_transfers} transfers`,
    `checkpoints        ${checkpoints} agree`,
    ...problems.map((problem) => `WRONG              ${problem}`),
    ...(checkpoint === null ? [] : [`signed             ${checkpoint}`]),
    report.clean ? 'nothing was changed' : 'this is not what was written',
  ].join('\n');
}

const words = wordsOf(readWords, help);
try {
  await audit(words);
} catch (error) {
  process.stderr.write(`audit: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
