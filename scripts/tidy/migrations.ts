// Migrations are append-only: once sealed, a file's SHA-256 stands in migrations/checksums.txt and its text may not change.

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { lacksHead, migrationProblems } from '../../origin/db/migration-file.ts';
import type { Finding, RepositoryFile } from './finding.ts';

export const checksumsPath = 'migrations/checksums.txt';
/** Applied after the migrations, each time, as it stands: it is no migration, and may change. */
const grantsPath = 'migrations/grants.sql';
/** The last one of before there was that file. */
const grantsInMigrationsUntil = 36;
const migration = /^migrations\/\d{4}_[a-z0-9_]+\.sql$/;

export function migrationFindings(files: readonly RepositoryFile[]): Finding[] {
  const sealed = readChecksums(files);
  const texts = migrationsIn(files);
  const findings: Finding[] = [];
  const add = (path: string, message: string) => findings.push({ path, line: 1, rule: 'migration', message });

  for (const { path } of files)
    if (path.startsWith('migrations/') && path.endsWith('.sql') && path !== grantsPath && !migration.test(path))
      add(path, 'is not named as a migration; instead four digits and words: 0001_ledger.sql');
  for (const [name, text] of texts) {
    for (const problem of migrationProblems(name, text)) add(`migrations/${name}`, problem);
    if (lacksHead(name, text))
      add(
        `migrations/${name}`,
        `does not say which older release works on it; add the line "-- compatible-from: ${Number(name.slice(0, 4)) - 1}", ` +
          'or a later number where an older one does not',
      );
    if (Number(name.slice(0, 4)) > grantsInMigrationsUntil && /^\s*(?:grant|revoke) .*\batlas_app\b/im.test(text))
      add(`migrations/${name}`, `grants or revokes; instead put what atlas_app may do into ${grantsPath}`);
    const checksum = sealed.get(name);
    if (checksum === undefined) add(`migrations/${name}`, 'is not sealed; run npm run tidy -- --seal once it is final');
    else if (checksum !== checksumOf(text))
      add(
        `migrations/${name}`,
        'has changed since it was sealed, and databases have applied it; instead add a new migration',
      );
  }
  for (const name of sealed.keys())
    if (!texts.has(name))
      add(checksumsPath, `names ${name}, which is gone; databases have applied it, so bring it back`);
  const numbers = [...texts.keys()].map((name) => name.slice(0, 4)).sort();
  for (const [index, number] of numbers.entries())
    if (Number(number) !== index + 1) {
      add(
        checksumsPath,
        `number ${number} stands where ${String(index + 1).padStart(4, '0')} should; number without gaps`,
      );
      break;
    }
  return findings;
}

/** The checksum file with every migration in it: sealed lines as they are, new ones added. */
export function sealedChecksums(files: readonly RepositoryFile[]): string {
  const sealed = readChecksums(files);
  for (const [name, text] of migrationsIn(files)) if (!sealed.has(name)) sealed.set(name, checksumOf(text));
  const lines = [...sealed].sort(([one], [other]) => (one < other ? -1 : 1));
  return lines.map(([name, checksum]) => `${checksum}  ${name}\n`).join('');
}

function migrationsIn(files: readonly RepositoryFile[]): Map<string, string> {
  return new Map(
    files.filter(({ path }) => migration.test(path)).map(({ path, text }) => [posix.basename(path), text]),
  );
}

/** Lines as sha256sum writes them, so that `sha256sum --check` reads them too. */
function readChecksums(files: readonly RepositoryFile[]): Map<string, string> {
  const text = files.find(({ path }) => path === checksumsPath)?.text ?? '';
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [checksum = '', name = ''] = line.split('  ');
      return [name, checksum];
    }),
  );
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
