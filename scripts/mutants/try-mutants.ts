// A process of its own that runs one test file after the other with a test runner that stays: starting one each time would take
// longer than the tests. Whoever started it ends it where a mutant never comes to an end.

import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import type { FileTried, Order } from './orders.ts';

export interface Trial {
  /** Of the test runner's configuration; an empty text where it has none. */
  readonly project: string;
  /** The test file, from the top of the tree. */
  readonly test: string;
  readonly order: Order;
}

export interface Tried {
  /** How many tests there are: with none, nothing was shown. */
  readonly tests: number;
  /** The first test that failed, or what else went wrong; null: nothing did. */
  readonly failed: string | null;
  /** No test failed, but something that none of them waited for: an alarm, a message on its way. */
  readonly isOutside: boolean;
  /** Null where a mutant was on from the start. */
  readonly found: FileTried | null;
}

const root = process.argv[2] ?? process.cwd();
const setup = join(root, 'scripts/mutants/in-tests.ts');
const runners = new Map<string, Promise<Vitest>>();

async function started(project: string): Promise<Vitest> {
  const runner = await createVitest({
    root,
    project: project === '' ? [] : [project],
    watch: false,
    run: true,
    fileParallelism: false,
    reporters: [{}],
  });
  for (const { config } of runner.projects) config.setupFiles = [...config.setupFiles, setup];
  return runner;
}

async function tryOne({ project, test, order }: Trial): Promise<Tried> {
  const starting = runners.get(project) ?? started(project);
  runners.set(project, starting);
  const runner = await starting;
  for (const one of runner.projects) one.provide('mutants', order);
  runner.config.bail = order.on === null ? 0 : 1;
  const file = join(root, test);
  const { testModules, unhandledErrors } = await runner.runTestFiles([file]);
  // The modules of earlier runs are in the list as well.
  const module = testModules.find(({ moduleId }) => moduleId === file);
  if (module === undefined) return { tests: 0, failed: 'no test file ran', isOutside: false, found: null };
  const tests = [...module.children.allTests()];
  const failing = tests.find((one) => one.result().state === 'failed');
  const [first] = [...(failing?.result().errors ?? []), ...module.errors(), ...(unhandledErrors as Error[])];
  const failed = failing?.fullName ?? (module.ok() && unhandledErrors.length === 0 ? null : 'outside of the tests');
  return {
    tests: tests.length,
    failed: failed === null ? null : `${failed}: ${first?.message ?? ''}`,
    isOutside: failed !== null && failing === undefined,
    found: module.meta().tried ?? null,
  };
}

process.on('message', (trial: Trial) => {
  void tryOne(trial).then(
    (tried) => process.send?.(tried),
    (error: Error) =>
      process.send?.({ tests: 0, failed: error.message, isOutside: false, found: null } satisfies Tried),
  );
});
