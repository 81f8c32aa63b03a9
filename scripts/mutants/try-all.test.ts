// The whole way on a toy: a file of which one change is noticed, one is not, one never ends and one does not compile.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Mutant, mutantsOf } from './mutants-of.ts';
import { figuresOf, Outcomes } from './outcomes.ts';
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

for (const path of ['scripts/mutants/in-tests.ts', 'scripts/mutants/orders.ts'])
  files[path] = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

const root = mkdtempSync(join(tmpdir(), 'atlas-mutants-toy-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));

const house: House = {
  root,
  files: Object.keys(files),
  projectOf: () => 'toy',
  rooms: {
    toy: {
      ...{ project: '', tests: ['toy/toy.test.ts'], drawsMax: 10, askedMaxOfShort: 1_000 },
      ...{ command: null, commandBefore: 'long tests' },
    },
  },
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
  const files: string[] = [];
  const onFile = (path: string, ofFile: readonly unknown[]) => files.push(`${path} ${ofFile.length}`);
  const quietly = { before: () => {}, onProgress: () => {}, onFile };
  const trying = { ...quietly, onFound: () => said.push('tried'), timeoutMs: 5_000 };
  const found = await tryAll(house, chosen, { ...trying, outcomes: new Outcomes(outcomes, () => toyTest) });
  const byChange = Object.fromEntries(found.map(({ mutant: { change }, outcome }) => [change, outcome]));
  expect(byChange).toEqual({
    '< → <=': 'killed',
    '> → >=': 'survived',
    "'counted' → ''": 'refused',
    'at++ → at--': 'endless',
  });
  expect(figuresOf(found)).toMatchObject({ mutants: 3, killed: 1, endless: 1, survived: 1, killed_percent: 66.7 });
  const again = await tryAll(house, chosen, { ...trying, outcomes: new Outcomes(outcomes, () => toyTest) });
  expect([...again].map(({ outcome }) => outcome).sort()).toEqual(found.map(({ outcome }) => outcome).sort());
  expect(said).toHaveLength(4);
  expect(files).toEqual(['toy/toy.ts 4']);
});

test('a compiler that cannot be started ends the run with an error that says so', async () => {
  const modules = join(root, 'node_modules');
  rmSync(modules);
  try {
    const outcomes = new Outcomes(join(root, 'dist/none.jsonl'), () => null);
    const quietly = { before: () => {}, onProgress: () => {}, onFile: () => {}, onFound: () => {} };
    await expect(tryAll(house, [mutant('< → <=')], { ...quietly, outcomes })).rejects.toThrow('tsc ENOENT');
  } finally {
    symlinkSync(join(import.meta.dirname, '../../node_modules'), modules);
  }
});
