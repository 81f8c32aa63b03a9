// Each rule of the house is shown to fire, on a repository made of a few lines, and to be silent where it should be.

import { describe, expect, test } from 'vitest';
import type { RepositoryFile } from './tidy/finding.ts';
import { checksumsPath, sealedChecksums } from './tidy/migrations.ts';
import { houseFindings } from './tidy/rules.ts';

function found(...files: readonly (readonly [path: string, text: string])[]): string[] {
  return houseFindings(repository(files)).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

function repository(files: readonly (readonly [path: string, text: string])[]): RepositoryFile[] {
  return files.map(([path, text]) => ({ path, text }));
}

const lines = (count: number) => 'export {};\n'.repeat(count);
const functionOf = (count: number) => `export function long(): void {\n${'  //\n'.repeat(count - 2)}}\n`;

describe('imports: the table', () => {
  test.each<[path: string, statement: string]>([
    ['contracts/a.ts', "import { decide } from '../core/card/decide.ts';"],
    ['contracts/a.ts', "import { readFileSync } from 'node:fs';"],
    ['contracts/a.ts', "import { Hono } from 'hono';"],
    ['core/a.ts', "import * as z from 'zod';"],
    ['core/a.ts', "import type { CardObject } from '../durable-objects/card/card-object.ts';"],
    ['core/a.ts', "export { x } from '../worker/index.ts';"],
    ['core/a.ts', "const { x } = await import('drizzle-orm');"],
    ['core/a.ts', "import fc from 'fast-check';"],
    ['durable-objects/card/a.ts', "import { Hono } from 'hono';"],
    ['durable-objects/card/a.ts', "import type { x } from '../../worker/index.ts';"],
    ['durable-objects/card/a.ts', "import type { x } from '../../origin/main.ts';"],
    ['worker/a.ts', "import { decide } from '../core/card/decide.ts';"],
    ['worker/a.ts', "import { x } from '../origin/main.ts';"],
    ['worker/a.ts', "import { sql } from 'drizzle-orm';"],
    ['worker/a.ts', "import { CardObject } from '../durable-objects/card/card-object.ts';"],
    ['origin/a.ts', "import type { x } from '../worker/index.ts';"],
    ['origin/a.ts', "import type { x } from '../durable-objects/card/card-object.ts';"],
    ['origin/a.ts', "import { env } from 'cloudflare:workers';"],
    ['origin/payouts/create.ts', "import { x } from '../api/http/route.ts';"],
    ['origin/payouts/create.ts', "import type { Ground } from '../features/feature.ts';"],
    ['origin/merchants/owed.ts', "import type { x } from '../payouts/claim.ts';"],
    ['origin/queues/pull.ts', "import type { x } from '../intake/intake.ts';"],
    ['sdk/a.ts', "import * as z from 'zod';"],
    ['sdk/a.ts', "import { newId } from '../contracts/ids.ts';"],
    ['load/bench/a.ts', "import { x } from '../../tests/simulation.ts';"],
    ['core/a.ts', "import { table } from './decide.test.ts';"],
    ['core/card/decide.test.ts', "import * as z from 'zod';"],
    ['core/card/decide.ts', "import { request } from '../testing/samples.ts';"],
    ['core/windows/windows.ts', "import { decide } from '../card/decide.ts';"],
    ['core/assert.ts', "import { decide } from './card/decide.ts';"],
    ['durable-objects/log/outbox.ts', "import { x } from '../card/card-object.ts';"],
  ])('%s refuses %s', (path, statement) => {
    expect(found([path, `${statement}\nexport const one = 1;\n`])).toEqual([`${path}:1 import`]);
  });

  test.each<[path: string, statement: string]>([
    ['contracts/a.ts', "import * as z from 'zod';"],
    ['core/a.test.ts', "import * as Instant from 'temporal-polyfill/fns/Instant';"],
    ['core/windows/windows.test.ts', "import fc from 'fast-check';"],
    ['core/windows/windows.test.ts', "import { decide } from '../card/decide.ts';"],
    ['core/testing/samples.ts', "import { decide } from '../card/decide.ts';"],
    ['core/card/decide.ts', "import { windowStart } from '../windows/windows.ts';"],
    ['core/card/decide.ts', "import { assert } from '../assert.ts';"],
    ['durable-objects/card/a.ts', "import { DurableObject } from 'cloudflare:workers';"],
    ['durable-objects/card/a.test.ts', "import { runInDurableObject } from 'cloudflare:test';"],
    ['worker/a.ts', "import type { CardObject } from '../durable-objects/card/card-object.ts';"],
    ['origin/a.ts', "import { drizzle } from 'drizzle-orm/node-postgres';"],
    ['origin/start.ts', "import { createApp } from './api/app.ts';"],
    ['origin/api/cards/cards.ts', "import { x } from '../http/route.ts';"],
    ['origin/payouts/claim.ts', "import { x } from '../merchants/owed.ts';"],
    ['sdk/a.ts', "import type { Decision } from '../contracts/decision.ts';"],
    ['tests/a.test.ts', "import { decide } from '../core/card/decide.ts';"],
    ['vitest.config.ts', "import { defineConfig } from 'vitest/config';"],
  ])('%s allows %s', (path, statement) => {
    expect(found([path, `${statement}\nexport const one = 1;\n`])).toEqual([]);
  });

  test('a room that the house does not have is named', () => {
    expect(found(['src/a.ts', 'export const one = 1;\n'])).toEqual(['src/a.ts:1 room']);
  });
});

describe('words', () => {
  test.each<[path: string, line: string]>([
    ['scripts/a.ts', "parseFloat('1');"],
    ['origin/a.ts', '(1.005).toFixed(2);'],
    ['core/a.ts', 'Math.random();'],
    ['core/a.ts', 'Date.now();'],
    ['contracts/a.ts', 'new Date();'],
    ['core/a.ts', 'performance.now();'],
    ['core/a.ts', "fetch('https://example.com');"],
    ['core/a.ts', "console.error('');"],
    ['origin/a.ts', "console.log('');"],
    // The next three are texts that the check has to refuse: nothing here is typed away, focused or skipped.
    ['tests/a.ts', 'const x = y as any;'],
    ['core/a.test.ts', "test.only('', () => {});"],
    ['core/a.test.ts', "describe.skip('', () => {});"],
  ])('%s refuses %s', (path, line) => {
    expect(found([path, `export const one = 1;\n${line}\n`])).toEqual([`${path}:2 word`]);
  });

  test('a word in a comment, a text or a pattern is no finding', () => {
    const text = "// Date.now()\nexport const words = ['Date.now()', `Math.random()`, /console.log/]; /* fetch( */\n";
    expect(found(['core/a.ts', text])).toEqual([]);
  });

  test('a clock is allowed where one is read', () => {
    expect(found(['durable-objects/card/a.ts', 'export const now = () => Date.now();\n'])).toEqual([]);
  });
});

describe('shape', () => {
  test.each(['utils', 'helpers', 'common', 'card-manager', 'service', 'types'])('a file is not named %s', (name) => {
    expect(found([`core/${name}.ts`, 'export const one = 1;\n'])).toEqual([`core/${name}.ts:1 file-name`]);
  });

  test('a file has at most 300 lines', () => {
    expect(found(['core/a.ts', lines(300)])).toEqual([]);
    expect(found(['core/a.ts', lines(301)])).toEqual(['core/a.ts:1 file-length']);
  });

  test('a function has at most 70 lines, wherever it stands', () => {
    expect(found(['core/a.ts', functionOf(70)])).toEqual([]);
    expect(found(['core/a.ts', `\n${functionOf(71)}`])).toEqual(['core/a.ts:2 function-length']);
    const method = `export class A {\n  long() {\n${'    //\n'.repeat(70)}  }\n}\n`;
    expect(found(['core/a.ts', method])).toEqual(['core/a.ts:2 function-length']);
  });

  test('the body of a test may be long, a function of a test may not', () => {
    expect(found(['core/a.test.ts', `test('', () => {\n${'  //\n'.repeat(80)}});\n`])).toEqual([]);
    expect(found(['core/a.test.ts', functionOf(71)])).toEqual(['core/a.test.ts:1 function-length']);
  });

  test('only entries have a default export', () => {
    expect(found(['core/a.ts', 'export default 1;\n'])).toEqual(['core/a.ts:1 default-export']);
    expect(found(['worker/index.ts', 'export default 1;\n'])).toEqual([]);
    expect(found(['vitest.config.ts', 'export default 1;\n'])).toEqual([]);
  });

  test('a file that only passes on is a barrel', () => {
    expect(found(['core/a.ts', "export { decide } from './decide.ts';\n"])).toEqual(['core/a.ts:1 barrel']);
    expect(found(['core/a.ts', "export const one = 1;\nexport * from './decide.ts';\n"])).toEqual([
      'core/a.ts:2 barrel',
    ]);
  });
});

describe('texts', () => {
  test('README has at most 120 lines', () => {
    expect(found(['README.md', '\n'.repeat(120)])).toEqual([]);
    expect(found(['README.md', '\n'.repeat(121)])).toEqual(['README.md:121 readme-length']);
  });

  // In two parts, so that this file holds none.
  test.each([
    ['sk_live_', 'abcdefgh12345678'],
    ['-----BEGIN RSA ', 'PRIVATE KEY-----'],
    ['AKIA', 'ABCDEFGHIJKLMNOP'],
    ['ghp_', 'a'.repeat(36)],
    ['npm_', 'a'.repeat(36)],
    ['npg_', 'abcdefgh1234'],
  ])('%s… is a secret', (start, rest) => {
    expect(found(['docs/a.md', `one\n${start}${rest}\n`])).toEqual(['docs/a.md:2 secret']);
  });

  test('the lock file names no registry', () => {
    const lock = (host: string) => `{\n  "resolved": "${host}/zod.tgz"\n}\n`;
    expect(found(['package-lock.json', lock('https://registry.example')])).toEqual(['package-lock.json:2 lock-file']);
    expect(found(['package-lock.json', '{ "version": "4.6.7" }\n'])).toEqual([]);
  });

  test('the lock file has an entry for every optional package, for other platforms too', () => {
    const lock = (...entries: readonly string[]) =>
      JSON.stringify({
        packages: {
          'node_modules/workerd': { optionalDependencies: { '@workerd/darwin': '1.0.0', '@workerd/linux': '1.0.0' } },
          ...Object.fromEntries(entries.map((name) => [`node_modules/workerd/node_modules/${name}`, {}])),
        },
      });
    expect(found(['package-lock.json', lock('@workerd/darwin', '@workerd/linux')])).toEqual([]);
    expect(found(['package-lock.json', lock('@workerd/linux')])).toEqual(['package-lock.json:1 lock-file']);
  });
});

describe('pages', () => {
  const page = (path: string, text: string) => [path, text] as const;
  const target = page('docs/target.md', '# Target\n\n## What `x` does, and why\n\n## Twice\n\n## Twice\n');

  test.each([
    ['a file that is not there', '[one](nowhere.md)'],
    ['a folder that is not there', '[one](../nowhere/)'],
    ['a heading that is not there', '[one](target.md#nothing)'],
    ['a heading of its own that is not there', '[one](#nothing)'],
    ['a reference', '[one][1]\n\n[1]: nowhere.md'],
    ['a picture', '![one](nowhere.png)'],
    ['beside code', '`x` and [`one`](nowhere.md)'],
  ])('a link to nothing is named: %s', (_, text) => {
    const line = text.split('\n').length;
    expect(found(target, page('docs/a.md', text))).toEqual([`docs/a.md:${line} link`]);
  });

  test('links that lead somewhere, addresses of other places, and code are silent', () => {
    const text = [
      '# Own',
      '[a](target.md) [b](../docs) [c](./) [d](#own) [e](https://example.com/none.md) [f](mailto:a@example.com)',
      '[g](target.md#what-x-does-and-why) [h](target.md#twice-1)',
      '`[i](nowhere.md)`',
      '```md',
      '[j](nowhere.md)',
      '```',
    ].join('\n');
    expect(found(target, page('docs/a.md', text))).toEqual([]);
  });

  test('a heading in code is no place to lead to', () => {
    const text = '[one](#two)\n\n```sh\n# two\n```\n';
    expect(found(page('docs/a.md', text))).toEqual(['docs/a.md:1 link']);
  });

  test('a page of docs that the index does not list is named', () => {
    const index = (text: string) => page('docs/README.md', text);
    expect(found(target, index('# Index\n'))).toEqual(['docs/target.md:1 index']);
    expect(found(target, index('[the target](target.md#twice)\n'))).toEqual([]);
    const decision = page('docs/decisions/0001-one.md', '# 1\n');
    expect(found(decision, index('[all](decisions/)\n'))).toEqual(['docs/decisions/0001-one.md:1 index']);
  });
});

describe('migrations', () => {
  const first = ['migrations/0001_ledger.sql', 'create table transfer ();\n'] as const;
  const second = ['migrations/0002_settlement.sql', 'create table settlement ();\n'] as const;
  const sealed = (...files: readonly (readonly [string, string])[]) =>
    [checksumsPath, sealedChecksums(repository(files))] as const;

  test('a sealed migration is silent, and one that is not sealed yet is named', () => {
    expect(found(first, sealed(first))).toEqual([]);
    expect(found(first, second, sealed(first))).toEqual(['migrations/0002_settlement.sql:1 migration']);
  });

  test('a sealed migration may neither change nor go, and sealing again does not hide it', () => {
    const edited = [first[0], `${first[1]}-- edited\n`] as const;
    expect(found(edited, sealed(first))).toEqual(['migrations/0001_ledger.sql:1 migration']);
    expect(found(edited, sealed(edited, sealed(first)))).toEqual(['migrations/0001_ledger.sql:1 migration']);
    expect(found(sealed(first))).toEqual([`${checksumsPath}:1 migration`]);
  });

  test('a migration says which older release works on it, locks nobody out for an index, and leaves grants to their file', () => {
    const before = Array.from(
      { length: 36 },
      (_, n) => [`migrations/${String(n + 1).padStart(4, '0')}_x.sql`, ''] as const,
    );
    const messages = (text: string) => {
      const files = [...before, ['migrations/0037_x.sql', text] as const];
      return houseFindings(repository([...files, sealed(...files)])).map(({ message }) => message.split(';')[0]);
    };
    expect(messages('-- compatible-from: 36\nselect 1;\n')).toEqual([]);
    expect(messages('select 1;\n')).toEqual(['does not say which older release works on it']);
    expect(messages('-- compatible-from: 36\ncreate index i on t (a);\n')).toEqual([
      'index i is built while nobody may write to t',
    ]);
    expect(messages('-- compatible-from: 36\ngrant select on t to atlas_app;\n')).toEqual(['grants or revokes']);
    expect(found(['migrations/grants.sql', 'grant select on t to atlas_app;\n'])).toEqual([]);
  });

  test('numbers have no gaps, and names have one form', () => {
    expect(found(second, sealed(second))).toEqual([`${checksumsPath}:1 migration`]);
    expect(found(['migrations/1-ledger.sql', ''])).toEqual(['migrations/1-ledger.sql:1 migration']);
  });
});
