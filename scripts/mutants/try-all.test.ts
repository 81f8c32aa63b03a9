// The whole way on a toy: a file of which one change is noticed, one is not, one never ends and one does not compile.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Mutant, mutantsOf } from './mutants-of.ts';
import { figuresOf, Outcomes } from './outcomes.ts';
import { importersOf, testsOf } from './related-tests.ts';
import { type House, tryAll } from './try-all.ts';

const toy = `export function count(from: number, until: number): number {
  let steps = 0;
  for (let at = from; at < until; at++) steps++;
  const kind: 'counted' | 'empty' = steps > 0 ? 'counted' : 'empty';
  return kind === 'counted' ? steps : 0;
}
`;
const toyTest = `import { expect, test } from 'vitest';
import { count } from './toy.ts';
test('counts', () => expect(count(1, 4)).toBe(3));
`;
const files: Record<string, string> = {
  'toy/toy.ts': toy,
  'toy/toy.test.ts': toyTest,
  'toy/tsconfig.json': JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, types: [] },
    include: ['toy*.ts'],
    exclude: ['*.test.ts'],
  }),
  'vitest.config.ts': "export default { test: { include: ['toy/*.test.ts'], testTimeout: 1_000 } };\n",
};

const root = mkdtempSync(join(tmpdir(), 'atlas-mutants-toy-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'toy'));
for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));

const house: House = {
  root,
  files: Object.keys(files),
  projectOf: () => 'toy',
  attemptsOf: () => [{ project: '', tests: ['toy/toy.test.ts'] }],
};

function mutant(change: string): Mutant {
  const found = mutantsOf('toy/toy.ts', toy).find((one) => one.change === change);
  if (found === undefined) throw new Error(`the toy has no mutant ${change}`);
  return found;
}

test('a mutant is killed, survives, never ends, or is refused; and is not tried twice', {
  timeout: 120_000,
}, async () => {
  const chosen = [mutant('< → <='), mutant('> → >='), mutant("'counted' → ''"), mutant('at++ → at--')];
  const outcomes = join(root, 'dist/mutants.jsonl');
  const said: string[] = [];
  const trying = { processes: 1, onFound: () => said.push('tried'), timeoutMs: 5_000 };
  const found = await tryAll(house, chosen, { ...trying, outcomes: new Outcomes(outcomes) });
  const byChange = Object.fromEntries(found.map(({ mutant: { change }, outcome }) => [change, outcome]));
  expect(byChange).toEqual({
    '< → <=': 'killed',
    '> → >=': 'survived',
    "'counted' → ''": 'refused',
    'at++ → at--': 'endless',
  });
  expect(figuresOf(found)).toMatchObject({ mutants: 3, killed: 1, endless: 1, survived: 1, killed_percent: 66.7 });
  const again = await tryAll(house, chosen, { ...trying, outcomes: new Outcomes(outcomes) });
  expect([...again].map(({ outcome }) => outcome).sort()).toEqual(found.map(({ outcome }) => outcome).sort());
  expect(said).toHaveLength(3);
});

test('related tests are those that import the file, over any others, its own first', () => {
  const texts: Record<string, string> = {
    'a.ts': 'export const a = 1;',
    'b.ts': "import { a } from './a.ts'; export const b = a;",
    'c.ts': "import type { a } from './a.ts'; export type C = typeof a;",
    'b.test.ts': "import { b } from './b.ts'; console.log(b);",
    'a.test.ts': "import { a } from './a.ts'; console.log(a);",
    'c.test.ts': "import { C } from './c.ts'; console.log(C);",
  };
  const importers = importersOf(Object.keys(texts), (path) => texts[path] ?? '');
  expect(testsOf('a.ts', importers)).toEqual(['a.test.ts', 'b.test.ts']);
});
