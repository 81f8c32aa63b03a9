// Secrets that were written where they can be read, looked for by gitleaks with .gitleaks.toml. It knows secrets by how they look:
// a password like `blue-horse` is found by nobody.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';

const installed = resolve('.ci/bin/gitleaks');
const gitleaks = existsSync(installed) ? installed : 'gitleaks';

export const howToGetGitleaks = 'GOBIN="$PWD/.ci/bin" go install github.com/zricethezav/gitleaks/v8@v8.30.1';
export const gitleaksIsThere = spawnSync(gitleaks, ['version']).status === 0;

const reportSchema = z.array(z.object({ RuleID: z.string(), File: z.string(), StartLine: z.number() }));

/** Where something that looks like a secret stands. Never the secret itself: this is printed in logs of CI. */
export interface FoundSecret {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
}

/** All files of a folder, by paths relative to it. Throws where gitleaks fails: nothing found and nothing looked at differ. */
export function secretsInFolder(folder: string): FoundSecret[] {
  const work = mkdtempSync(join(tmpdir(), 'secret-scan-'));
  const report = join(work, 'report.json');
  try {
    const { status, stderr, error } = spawnSync(
      gitleaks,
      [
        ...['dir', '.', '--config', resolve('.gitleaks.toml'), '--redact', '--no-banner', '--exit-code', '0'],
        ...['--report-format', 'json', '--report-path', report],
        // Exceptions are in .gitleaks.toml, each with its reason, and nowhere else.
        ...['--ignore-gitleaks-allow', '--gitleaks-ignore-path', work],
      ],
      { cwd: folder, encoding: 'utf8', timeout: 60_000 },
    );
    if (status !== 0) throw new Error(`gitleaks failed: ${error?.message ?? stderr.trim()}`);
    const found = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
    // Two matches of one rule in one line are one place to look at.
    const places = new Map(
      found.map(({ RuleID, File, StartLine }) => [
        `${File}:${StartLine} ${RuleID}`,
        { path: File, line: StartLine, rule: RuleID },
      ]),
    );
    return [...places.values(), ...ignoreFileIn(folder)];
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** gitleaks takes exceptions from this file whatever it is told, so that the file itself is what is found. */
function ignoreFileIn(folder: string): FoundSecret[] {
  const path = '.gitleaksignore';
  return existsSync(join(folder, path)) ? [{ path, line: 1, rule: 'exceptions-outside-of-gitleaks-toml' }] : [];
}

/** What git knows and what it would add, copied away from what is only installed or built here. */
export function secretsInTree(): FoundSecret[] {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = [...new Set(stdout.split('\0'))].filter((path) => path !== '' && existsSync(path));
  if (paths.length === 0) throw new Error('git lists no files: nothing would be looked at');
  const copy = mkdtempSync(join(tmpdir(), 'tree-'));
  try {
    for (const path of paths) {
      mkdirSync(join(copy, dirname(path)), { recursive: true });
      copyFileSync(path, join(copy, path));
    }
    return secretsInFolder(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
