// Runs inside the tests, before a test file is imported: sets the switch that `switched.ts` puts into the code, and lets each test
// run again for each mutant that it is asked to try. The test first runs as it is, which shows what it reaches; a mutant is killed
// where a run with it fails and the next run without it does not. Where that one fails too, the mutant left something behind: it
// is given back as unsure, to be tried from a fresh start, and so is one that the repeated run does not reach again.

import fc from 'fast-check';
import { afterAll, beforeAll, inject, TestRunner } from 'vitest';
import type { FileTried, Order, TestTried } from './orders.ts';

/** Thrown out of a loop that has asked for the switch many times more often than without the mutant. */
class Endless extends Error {}

class Switch {
  on = -1;
  asked = 0;
  askedMax = Number.POSITIVE_INFINITY;
  readonly seen: Uint8Array;

  constructor(size: number) {
    this.seen = new Uint8Array(size);
  }

  readonly isOn = (id: number): boolean => {
    this.seen[id] = 1;
    if (++this.asked > this.askedMax) throw new Endless(`mutant ${this.on} does not come to an end`);
    return id === this.on;
  };

  set(on: number, askedMax: number): void {
    this.on = on;
    this.asked = 0;
    this.askedMax = askedMax;
    this.seen.fill(0);
  }

  reached(): number[] {
    return [...this.seen.keys()].filter((id) => this.seen[id] === 1);
  }
}

const order: Order = inject('mutants');
const theSwitch = new Switch(order.size);
Object.assign(globalThis, { __m: theSwitch.isOn });
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1, numRuns: order.drawsMax, endOnFailure: true });

const tried: FileTried = { atImport: [], asked: 0, isSpoiled: false, tests: [] };
// Tests may put another clock in its place.
const now = performance.now.bind(performance);
const startedMs = now();
/** At least one is tried, however long the tests take without it. */
let triedOnce = false;

class Trial {
  readonly #run: () => unknown;
  readonly #hooksBetween: () => Promise<void>;
  readonly #found: TestTried;
  /** How often the test asks for the switch without a mutant. */
  #asked = 0;

  constructor(task: Task, run: () => unknown, found: TestTried) {
    this.#run = run;
    this.#hooksBetween = () => hooksBetween(task);
    this.#found = found;
  }

  /** False: it fails without a mutant, twice, though it has passed before. Where it is to be seen whether it passes, it throws. */
  async passesAsItIs(): Promise<boolean> {
    theSwitch.set(-1, Number.POSITIVE_INFINITY);
    try {
      await this.#run();
    } catch (error) {
      const failsAgain = await this.#fails(-1);
      if (failsAgain && order.repeats) throw error;
      if (failsAgain) return false;
    }
    this.#asked = theSwitch.asked;
    this.#found.reached = theSwitch.reached();
    tried.asked += theSwitch.asked;
    if (order.repeats) this.#found.repeats = !(await this.#fails(-1));
    return true;
  }

  async with(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      if (tried.tests.some(({ killed, endless }) => killed.includes(id) || endless.includes(id))) continue;
      if (tried.isSpoiled || (triedOnce && now() - startedMs > order.tryMs)) return;
      triedOnce = true;
      const fails = await this.#fails(id);
      const isEndless = theSwitch.asked > theSwitch.askedMax;
      const isReached = theSwitch.seen[id] === 1;
      if (!fails) this.#found[isReached ? 'survived' : 'unsure'].push(id);
      else if (await this.#fails(-1)) {
        tried.isSpoiled = true;
        this.#found.unsure.push(id);
      } else if (isEndless) this.#found.endless.push(id);
      // Again: on a busy machine a test of how long something takes may fail by itself.
      else this.#found[(await this.#fails(id)) ? 'killed' : 'survived'].push(id);
    }
  }

  async #fails(id: number): Promise<boolean> {
    theSwitch.set(id, id === -1 ? Number.POSITIVE_INFINITY : 20 * this.#asked + 200_000);
    try {
      await this.#hooksBetween();
      await this.#run();
      return false;
    } catch {
      return true;
    } finally {
      theSwitch.on = -1;
    }
  }
}

interface Task {
  readonly type: string;
  readonly tasks?: readonly Task[];
  readonly suite?: Task;
  readonly file?: Task;
  readonly context?: unknown;
}
type Runs = WeakMap<Task, () => unknown>;

/**
 * Where the test runner keeps what it runs for each test. Its own way to change that, `TestRunner.setTestFn`, is the getter by
 * mistake (vitest 5.1.1); so the map is caught while the first test of the file is collected.
 */
let runs: Runs | null = null;

function catchRuns(): void {
  const usual = WeakMap.prototype.set;
  WeakMap.prototype.set = function (key: WeakKey & Partial<Task>, value: unknown) {
    if (key.type === 'test' && typeof value === 'function') {
      runs = this as Runs;
      WeakMap.prototype.set = usual;
    }
    return usual.call(this, key, value);
  };
}

function testsOf({ tasks = [] }: Task): Task[] {
  return tasks.flatMap((task) => (task.type === 'test' ? [task] : testsOf(task)));
}

type Hook = (context: unknown, suite: unknown) => unknown;

/** What stands between one run of a test and the next: what comes after each test, and before each. */
async function hooksBetween(task: Task): Promise<void> {
  const suites: Task[] = [];
  for (let suite = task.suite ?? task.file; suite !== undefined; suite = suite.suite) suites.unshift(suite);
  if (task.file !== undefined && suites[0] !== task.file) suites.unshift(task.file);
  const hooksOf = (suite: Task) => TestRunner.getSuiteHooks(suite as never) as unknown as Record<string, Hook[]>;
  for (const suite of suites.toReversed())
    for (const hook of (hooksOf(suite)['afterEach'] ?? []).toReversed()) await hook(task.context, suite);
  for (const suite of suites) for (const hook of hooksOf(suite)['beforeEach'] ?? []) await hook(task.context, suite);
}

if (order.on === null) {
  catchRuns();
  // biome-ignore lint/correctness/noEmptyPattern: the test runner insists on a pattern here, and nothing of it is wanted
  beforeAll(({}, file) => {
    tried.atImport = theSwitch.reached();
    if (runs === null) throw new Error('no test was seen while the file was collected');
    Object.assign(file.meta, { tried });
    for (const [index, task] of testsOf(file as unknown as Task).entries()) {
      const run = TestRunner.getTestFn(task);
      const found: TestTried = { reached: [], repeats: true, killed: [], endless: [], survived: [], unsure: [] };
      tried.tests.push(found);
      runs?.set(task, async () => {
        const trial = new Trial(task, run, found);
        const ids = order.ids[index] ?? [];
        if (await trial.passesAsItIs()) await trial.with(ids);
        else found.survived.push(...ids);
      });
    }
  });
  afterAll(() => theSwitch.set(-1, Number.POSITIVE_INFINITY));
} else theSwitch.set(order.on, order.askedMax);
