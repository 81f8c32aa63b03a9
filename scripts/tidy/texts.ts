// Rules on files as text, whatever their language: the README's length, secrets, the lock file.

import { type Finding, lineAt, type RepositoryFile } from './finding.ts';

const readmeLinesMax = 120;

const secrets: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a live API key', /\b[sr]k_live_[0-9A-Za-z]{8,}/g],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/g],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a GitHub token', /\b(?:gh[pousr]_[0-9A-Za-z]{30,}|github_pat_\w{30,})/g],
  ['an npm token', /\bnpm_[0-9A-Za-z]{36}\b/g],
  ['a Neon password', /\bnpg_[0-9A-Za-z]{10,}/g],
];

export function textFindings(file: RepositoryFile): Finding[] {
  const { path, text } = file;
  const findings: Finding[] = [];
  const addAll = (pattern: RegExp, rule: string, message: string) => {
    for (const { index } of text.matchAll(pattern)) findings.push({ path, line: lineAt(text, index), rule, message });
  };

  if (path === 'README.md') {
    const lines = text.split('\n').length - 1;
    const message = `${lines} lines, ${readmeLinesMax} at most; instead move what only some readers need to docs/`;
    if (lines > readmeLinesMax) findings.push({ path, line: readmeLinesMax + 1, rule: 'readme-length', message });
  }
  for (const [name, pattern] of secrets)
    addAll(pattern, 'secret', `looks like ${name}; instead read it from the environment, and revoke this one`);
  if (path === 'package-lock.json') {
    addAll(
      /"resolved": "https?:/g,
      'lock-file',
      'names a registry; instead keep omit-lockfile-registry-resolved in .npmrc and run npm install',
    );
    for (const name of optionalWithoutEntry(text)) {
      const message = `has no entry for the optional ${name}, so npm ci refuses; instead add it with version, os and cpu`;
      findings.push({ path, line: 1, rule: 'lock-file', message });
    }
  }
  return findings;
}

/** npm leaves packages for other platforms out of a lock file where its registry did not have them at that moment. */
function optionalWithoutEntry(text: string): string[] {
  const { packages = {} } = JSON.parse(text) as LockFile;
  const entries = new Set(Object.keys(packages).map((where) => where.replace(/^.*node_modules\//, '')));
  const optional = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  return optional.filter((name) => !entries.has(name));
}

interface LockFile {
  readonly packages?: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}
