// A process of its own that tries mutants one after the other, with a test runner that stays: starting one for each mutant would
// take longer than the tests. Whoever started it ends it where a mutant never comes to an end.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';

/** Tests of one project, or a command that fails where something is wrong. */
export type Attempt =
  | { readonly project: string; readonly tests: readonly string[] }
  | { readonly command: readonly string[] };

export interface Trial {
  readonly path: string;
  readonly text: string;
  /** In turn, until one fails. */
  readonly attempts: readonly Attempt[];
}

/** `killedBy`: the test file or command that noticed; null: nothing did. */
export interface Tried {
  readonly killedBy: string | null;
}

const root = process.argv[2] ?? process.cwd();
const runners = new Map<string, Promise<Vitest>>();

function runnerOf(project: string): Promise<Vitest> {
  const known = runners.get(project);
  if (known !== undefined) return known;
  const started = createVitest({
    root,
    project: project === '' ? [] : [project],
    watch: false,
    run: true,
    bail: 1,
    fileParallelism: false,
    reporters: [{}],
  });
  runners.set(project, started);
  return started;
}

async function failing(attempt: Attempt, changed: string): Promise<string | null> {
  if ('command' in attempt) {
    const [command = '', ...args] = attempt.command;
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'ignore' });
    return status === 0 ? null : attempt.command.join(' ');
  }
  const runner = await runnerOf(attempt.project);
  runner.invalidateFile(changed);
  const { testModules, unhandledErrors } = await runner.runTestFiles(attempt.tests.map((test) => join(root, test)));
  const failed = testModules.find((module) => !module.ok());
  if (failed !== undefined) return failed.moduleId.slice(root.length + 1);
  return unhandledErrors.length > 0 ? 'an error outside of the tests' : null;
}

async function tryOne({ path, text, attempts }: Trial): Promise<Tried> {
  const file = join(root, path);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, text);
  try {
    for (const attempt of attempts) {
      const killedBy = await failing(attempt, file);
      if (killedBy !== null) return { killedBy };
    }
    return { killedBy: null };
  } finally {
    writeFileSync(file, before);
    for (const runner of runners.values()) (await runner).invalidateFile(file);
  }
}

process.on('message', (trial: Trial) => {
  void tryOne(trial).then((tried) => process.send?.(tried));
});
