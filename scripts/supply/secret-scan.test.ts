// Planted secrets are drawn and put together here, so that this file holds none itself.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitleaksIsThere, howToGetGitleaks, secretsInFolder } from './secret-scan.ts';

if (!gitleaksIsThere) {
  process.stderr.write(`
  ┌───────────────────────────────────────────────────────────────────────────────────────┐
  │ gitleaks is not here: that planted secrets are found is NOT tested.                     │
  └───────────────────────────────────────────────────────────────────────────────────────┘
  ${howToGetGitleaks}
`);
}

/** Always the same: what is drawn at random is now and then too regular to be found. */
const drawn = 'k3Jx9QvLz7RtYw2NcHsPbD5mGfU8eAiT4oWqXyVnKjMrZpBdFgShClEa6u01';
const planted: Readonly<Record<string, string>> = {
  'webhook-signing-secret': `INTERNAL_SECRET: '${['whsec', Buffer.from(drawn).toString('base64').slice(0, 44)].join('_')}'`,
  'atlas-api-key': `authorization: 'Bearer ${['atlas', drawn.slice(0, 43)].join('_')}'`,
  'neon-password': `const password = '${['npg', drawn.slice(0, 12)].join('_')}'`,
  'database-url-with-password': `DATABASE_URL=${['postgresql', '//atlas:k7Zp2vXw9LmQ@ep-cold-sea.eu-central-1.aws.neon.tech/atlas'].join(':')}`,
  'aws-access-token': `key = "${['AK', 'IA', 'Z7VQ2LMN4XRT6YWB'].join('')}"`,
  'github-pat': `token: ${['ghp', drawn.slice(0, 36)].join('_')}`,
  'stripe-access-token': `stripe('${['sk', 'live', drawn.slice(0, 24)].join('_')}')`,
  'private-key': `${['-----BEGIN', 'PRIVATE KEY-----'].join(' ')}\n${Buffer.from(drawn.repeat(3)).toString('base64')}\n${['-----END', 'PRIVATE KEY-----'].join(' ')}`,
  'generic-api-key': `const api_key = '${drawn.slice(5, 45)}';`,
};

describe.runIf(gitleaksIsThere)('secret scan', () => {
  const holder = { folder: '' };
  beforeAll(() => {
    holder.folder = mkdtempSync(join(tmpdir(), 'planted-'));
  });
  afterAll(() => rmSync(holder.folder, { recursive: true }));

  function found(files: Readonly<Record<string, string>>): string[] {
    const folder = mkdtempSync(join(holder.folder, 'tree-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return secretsInFolder(folder).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
  }

  test('each kind of planted secret is found, in a source file and in one long line of a bundle', () => {
    const kinds = Object.entries(planted);
    const sources = kinds.map(([rule, text]) => [`src/${rule}.ts`, `// A comment.\n${text}\n`] as const);
    const noise = 'var a=function(b){return b+1};'.repeat(2000);
    const bundle = `${noise}${planted['webhook-signing-secret']};${noise}`;
    expect(found({ ...Object.fromEntries(sources), 'index.js': bundle }).toSorted()).toEqual(
      [...kinds.map(([rule]) => `src/${rule}.ts:2 ${rule}`), 'index.js:1 webhook-signing-secret'].toSorted(),
    );
  });

  test('a comment or an ignore file beside a secret does not hide it', () => {
    const text = `${planted['github-pat']} // gitleaks:allow\n`;
    expect(found({ 'a.ts': text })).toEqual(['a.ts:1 github-pat']);
    expect(found({ 'a.ts': text, '.gitleaksignore': 'a.ts:github-pat:1\n' })).toEqual([
      '.gitleaksignore:1 exceptions-outside-of-gitleaks-toml',
    ]);
  });

  test('what may stand in the tree is excepted by its value alone: another secret of the same line is found', () => {
    const demo = readFileSync('.dev.vars', 'utf8');
    expect(found({ '.dev.vars': demo })).toEqual([]);
    const line = demo.split('\n').findIndex((text) => text.includes('whsec_'));
    const changed = demo.replace(/whsec_\S+(?=")/, (secret) => `${secret} ${planted['webhook-signing-secret']}`);
    expect(found({ '.dev.vars': changed })).toEqual([`.dev.vars:${line + 1} webhook-signing-secret`]);
  });

  test('what is found is told by its place, and never by its value', () => {
    const value = randomBytes(32).toString('base64');
    const folder = mkdtempSync(join(holder.folder, 'told-'));
    writeFileSync(join(folder, 'a.ts'), `secret: '${['whsec', value].join('_')}'`);
    const told = JSON.stringify(secretsInFolder(folder));
    expect(told).toContain('webhook-signing-secret');
    expect(told).not.toContain(value);
  });
});
