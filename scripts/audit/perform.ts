// npm run audit: what its words ask for, done and printed.

import { openObjectStore, readS3Environment } from '../../origin/object-store/open-object-store.ts';
import { type AccessWords, accessInWords, readAccess } from './access.ts';
import { exportInWords, proveExport } from './export.ts';
import { databaseMeant, placeDefault, signingKeys, verifyingKeys } from './place.ts';
import { proofInWords, proveDatabase } from './proof.ts';
import { proveSinceCheckpoint, sinceInWords } from './proof-since.ts';
import { saySetBack, setBackInWords } from './set-back.ts';

export interface AuditWords {
  readonly command: 'verify' | 'checkpoint' | 'access' | 'set-back';
  /** Of `set-back`. */
  readonly reason: string | null;
  readonly since: string | null;
  /** Of the checkpoints; null: not named. */
  readonly place: string | null;
  readonly exported: string | null;
  readonly access: AccessWords;
  /** Of `verify`: from the newest checkpoint on. */
  readonly isSince: boolean;
  readonly json: boolean;
}

export async function performAudit(words: AuditWords): Promise<void> {
  const { command, reason, exported, json } = words;
  if (reason !== null) return print(await saySetBack(databaseMeant().url, reason, words.since), json, setBackInWords);
  if (command === 'access') return print(await readAccess(databaseMeant().url, words.access), json, accessInWords);
  if (exported === null) return await audit(words);
  const environment = readS3Environment(process.env);
  const report = await proveExport({
    exported: openObjectStore({ setting: '--export', place: exported }, environment),
    witness: openObjectStore({ setting: '--checkpoints', place: words.place ?? exported }, environment),
    keys: verifyingKeys(),
  });
  print(report, json, exportInWords);
  if (report.clean && !report.witnessed) process.exitCode = 3;
}

function print<R extends { readonly clean: boolean }>(report: R, json: boolean, inWords: (report: R) => string): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${inWords(report)}\n`);
  if (!report.clean) process.exitCode = 1;
}

async function audit({ command, place: named, isSince, json }: AuditWords): Promise<void> {
  const place = named ?? placeDefault;
  const isSigning = command === 'checkpoint';
  const proving = {
    ...{ ...databaseMeant(), place, isSigning, keys: isSigning ? signingKeys() : verifyingKeys() },
    store: openObjectStore({ setting: '--checkpoints', place }, readS3Environment(process.env)),
  };
  if (isSince) return print(await proveSinceCheckpoint(proving), json, sinceInWords);
  const report = await proveDatabase(proving);
  print(report, json, proofInWords);
  if (report.clean && !report.witnessed) process.exitCode = 3;
}
