// The house rules as a check: `npm run tidy`. Reads what git knows and what it would add; prints one line a finding and
// exits with 1 where there is one. `--seal` adds new migrations to the checksum file.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { RepositoryFile } from './tidy/finding.ts';
import { checksumsPath, sealedChecksums } from './tidy/migrations.ts';
import { houseFindings } from './tidy/rules.ts';

const files = readRepository();
if (process.argv.includes('--seal')) {
  writeFileSync(checksumsPath, sealedChecksums(files));
  console.log(`${checksumsPath}: every migration is sealed`);
} else {
  const findings = houseFindings(files);
  for (const { path, line, rule, message } of findings) console.log(`${path}:${line} ${rule}: ${message}`);
  console.log(`tidy: ${files.length} files, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

function readRepository(): RepositoryFile[] {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  return [...new Set(listing.split('\0'))]
    .filter((path) => path !== '' && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}
