// Secrets from files: as good as from the environment, and what is wrong with one is said without its path or content.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { withSecretFiles } from './secret-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'atlas-secrets-'));
const random = 'k7Qp2vXw9LmR4tYb8NcD3fHj';
const given = {
  DATABASE_URL: 'postgresql://atlas@127.0.0.1/atlas',
  API_KEY: random,
  INTERNAL_SECRET: 'whsec_p5Rj0hC1yqFvU8mKzD3nXs6LwB9oTgE2iNaY4cHfQbk=',
  EDGE_URL: 'https://edge.example.com',
};

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

test('a secret in a file is the same as in the environment; a line break at its end is no part of it', () => {
  const { API_KEY, INTERNAL_SECRET, DATABASE_URL, ...rest } = given;
  const config = readConfig({
    ...rest,
    API_KEY_FILE: file('api-key', `${API_KEY}\n`),
    INTERNAL_SECRET_FILE: file('internal-secret', INTERNAL_SECRET),
    DATABASE_URL_FILE: file('database-url', `${DATABASE_URL}\r\n`),
  });
  expect(config).toMatchObject({ API_KEY, INTERNAL_SECRET, DATABASE_URL });
});

test('what is given together with a secret may stand in a file too', () => {
  const { environment, problems } = withSecretFiles({ S3_ACCESS_KEY_ID_FILE: file('s3-access-key-id', 'key-1\n') });
  expect([environment['S3_ACCESS_KEY_ID'], problems]).toEqual(['key-1', []]);
});

test('two lines in a file are two secrets, while one changes', () => {
  const next = 'Zt5Hn8KcR2wQ9yLpX4vMd7Gs';
  const { API_KEY } = readConfig({ ...given, API_KEY: '', API_KEY_FILE: file('two', `${next}\n${random}\n`) });
  expect(API_KEY.split(/\s+/)).toEqual([next, random]);
});

test.each([
  ['API_KEY_FILE: the file cannot be read (ENOENT)', { API_KEY: undefined, API_KEY_FILE: join(directory, 'nowhere') }],
  ['API_KEY_FILE: must be a file, and is a folder', { API_KEY: undefined, API_KEY_FILE: directory }],
  ['API_KEY_FILE: the file is empty', { API_KEY: undefined, API_KEY_FILE: file('empty', '\n') }],
  ['API_KEY_FILE: API_KEY is set too; keep one of the two', { API_KEY_FILE: file('both', random) }],
  ['INTERNAL_SECRET: must be whsec_', { INTERNAL_SECRET: undefined, INTERNAL_SECRET_FILE: file('odd', 'plain') }],
])('%s', (message, changed) => {
  const read = () => readConfig({ ...given, ...changed });
  expect(read).toThrow(message);
  expect(read).not.toThrow(directory);
  expect(read).not.toThrow('API_KEY: is not set');
});

test('a file that holds a weak secret is refused as the environment is', () => {
  const API_KEY_FILE = file('weak', 'a'.repeat(40));
  expect(() => readConfig({ ...given, API_KEY: undefined, API_KEY_FILE })).toThrow('API_KEY: is one character');
});
