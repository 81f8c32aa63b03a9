// The mutants of one room of the house, tried with its tests: first many in one run of a test file, each test again for each mutant
// that it reaches; then those that need a fresh start, one a run, and a command; then the tests that take long, for what is left.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Covered, coverageOf, usualTimeoutMs, without } from './coverage.ts';
import type { TestTried } from './orders.ts';
import type { Outcome } from './outcomes.ts';
import type { Trier } from './trier.ts';

export interface Room {
  /** Of the test runner's configuration. */
  readonly project: string;
  readonly tests: readonly string[];
  /** How many cases a property test draws at most: one that draws thousands would take most of the time. */
  readonly drawsMax: number;
  /** Fails where something is wrong; tried with what no test of the room kills. */
  readonly command: readonly string[] | null;
  readonly commandBefore: 'fresh starts' | 'long tests';
  /** Of a test file that is not long: how often its tests ask for a switch. */
  readonly askedMaxOfShort: number;
}

export interface Trying {
  readonly trier: Trier;
  readonly root: string;
  /** Above every mutant's number. */
  readonly size: number;
  /** The path of a mutant's file, without its ending. */
  readonly nameOf: (id: number) => string;
  /** Waits for whatever it should leave the machine to. */
  readonly before: () => void;
  readonly onOutcome: (id: number, outcome: Outcome, killedBy: string | null) => void;
  readonly onProgress: (text: string) => void;
  /** How long a run of a test file goes on with new mutants, and how long one mutant is given. */
  readonly tryMs: number;
  readonly timeoutMs: number;
}

/** Test files that a mutant is tried with from a fresh start: a constant of `core` is reached by the import of nearly all of them. */
const freshMax = 8;

/** By place of the test in its file. */
type Plan = Set<number>[];

export class RoomTrial {
  readonly #room: Room;
  readonly #trying: Trying;
  readonly #waiting: Set<number>;
  readonly #reached = new Set<number>();
  readonly #covered: Covered[] = [];
  /** By mutant: the test files that have to try it from a fresh start. */
  readonly #fresh = new Map<number, Set<string>>();
  /** By test file, by name of a file with mutants: how many of its mutants the tests come by. */
  readonly #comesBy = new Map<string, ReadonlyMap<string, number>>();

  constructor(room: Room, trying: Trying, ids: readonly number[]) {
    this.#room = room;
    this.#trying = trying;
    this.#waiting = new Set(ids);
  }

  async run(): Promise<void> {
    if (this.#waiting.size === 0) return;
    for (const test of this.#room.tests) await this.#cover(test);
    // A mutant that survives costs a test file's whole time: the quick ones first, so that few are left for those that wait for timers.
    this.#covered.sort((one, other) => one.tookMs - other.tookMs);
    const isShort = ({ asked }: Covered) => asked <= this.#room.askedMaxOfShort;
    for (const covered of this.#covered.filter(isShort)) await this.#tryRepeated(covered);
    if (this.#room.commandBefore === 'fresh starts') this.#tryCommand();
    for (const id of [...this.#waiting]) await this.#tryFresh(id);
    if (this.#room.commandBefore === 'long tests') this.#tryCommand();
    for (const covered of this.#covered.filter((one) => !isShort(one))) await this.#tryRepeated(covered);
    for (const id of this.#waiting) this.#trying.onOutcome(id, this.#reached.has(id) ? 'survived' : 'unreached', null);
  }

  async #cover(test: string): Promise<void> {
    const { trier, size, before, onProgress } = this.#trying;
    const { project, drawsMax } = this.#room;
    before();
    const covered = await coverageOf(trier, { size, drawsMax, project }, test);
    const { atImport, reached, repeats, tookMs } = covered;
    for (const ids of [atImport, ...reached]) for (const id of ids) this.#reached.add(id);
    for (const id of atImport) this.#needsFresh(id, test);
    const once = reached.filter((_, index) => repeats[index] === false);
    for (const ids of once) for (const id of ids) this.#needsFresh(id, test);
    this.#covered.push(covered);
    const names = [...new Set(reached.flatMap((ids) => [...ids]))].map(this.#trying.nameOf);
    this.#comesBy.set(test, new Map([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length])));
    onProgress(`${test}: ${reached.length} tests in ${Math.round(tookMs)} ms, ${once.length} of them only once`);
  }

  #needsFresh(id: number, test: string): void {
    const tests = this.#fresh.get(id) ?? new Set();
    this.#fresh.set(id, tests.add(test));
  }

  #decide(id: number, outcome: Outcome, by: string | null): void {
    if (!this.#waiting.delete(id)) return;
    this.#trying.onOutcome(id, outcome, by);
  }

  async #tryRepeated(covered: Covered): Promise<void> {
    const { reached, repeats } = covered;
    const plan: Plan = reached.map((ids, index) => (repeats[index] === true ? new Set(ids) : new Set()));
    for (let ids = this.#left(plan); ids.size > 0; ids = this.#left(plan)) {
      this.#trying.onProgress(`${covered.test}: ${ids.size} mutants; ${this.#waiting.size} left in all`);
      await this.#tryPlan(covered, plan, ids);
    }
  }

  /** Takes out of the plan what is decided. */
  #left(plan: Plan): Set<number> {
    const left = new Set<number>();
    for (const ids of plan)
      for (const id of ids)
        if (this.#waiting.has(id)) left.add(id);
        else ids.delete(id);
    return left;
  }

  /** One run with some of the plan's mutants. Where it does not come to an end, it is run with half of them, down to one. */
  async #tryPlan(covered: Covered, plan: Plan, only: ReadonlySet<number>): Promise<void> {
    const { test, tookMs, project } = covered;
    const { trier, size, before, tryMs, timeoutMs } = this.#trying;
    before();
    const ids = plan.map((ofTest) => [...ofTest].filter((id) => only.has(id)));
    const order = { ...without, drawsMax: this.#room.drawsMax, size, ids, repeats: false, tryMs };
    const limitMs = (only.size === 1 ? 0 : tryMs) + timeoutMs + 5 * tookMs;
    const tried = await trier.try({ project, test, order }, limitMs);
    // It did not come to an end, or took its process with it: its memory may have had none either.
    const found = tried?.found ?? null;
    if (found === null && only.size > 1) return this.#tryPlan(covered, plan, firstHalf(only));
    if (found === null) {
      await coverageOf(trier, { size, drawsMax: this.#room.drawsMax, project }, test);
      return this.#decideAll(only, 'endless', test);
    }
    // What fails outside of the tests is of a mutant that one of them left at work: without any it did not.
    const isTests = tried !== null && tried.failed !== null && !tried.isOutside;
    if (isTests && !found.isSpoiled) throw new Error(`${test}: ${tried.failed}`);
    for (const [index, ofTest] of found.tests.entries()) this.#take(test, ofTest, plan[index] ?? new Set());
  }

  #decideAll(ids: Iterable<number>, outcome: Outcome, by: string): void {
    for (const id of ids) this.#decide(id, outcome, by);
  }

  #take(test: string, { killed, endless, survived, unsure }: TestTried, planned: Set<number>): void {
    this.#decideAll(killed, 'killed', test);
    this.#decideAll(endless, 'endless', test);
    for (const id of unsure) this.#needsFresh(id, test);
    for (const id of [...survived, ...unsure]) planned.delete(id);
  }

  async #tryFresh(id: number): Promise<void> {
    const { trier, size, before, timeoutMs, onProgress, nameOf } = this.#trying;
    const tests = this.#covered.filter(({ test }) => this.#fresh.get(id)?.has(test) === true);
    for (const { project, test, tookMs, asked } of this.#nearest(tests, nameOf(id)).slice(0, freshMax)) {
      if (!this.#waiting.has(id)) return;
      before();
      const order = { ...without, drawsMax: this.#room.drawsMax, size, on: id, askedMax: 20 * asked + 1_000_000 };
      const tried = await trier.try({ project, test, order }, timeoutMs + 5 * tookMs);
      if (tried === null) this.#decide(id, 'endless', test);
      else if (tried.failed !== null) this.#decide(id, 'killed', test);
      onProgress(`${test} from a fresh start; ${this.#waiting.size} left in all`);
    }
  }

  /** The file's own tests first, then those that come by most of its other mutants: they look at it most closely. */
  #nearest(all: readonly Covered[], name: string): Covered[] {
    const closeness = ({ test }: Covered) =>
      test.startsWith(name) ? Number.MAX_SAFE_INTEGER : (this.#comesBy.get(test)?.get(name) ?? 0);
    return all.toSorted((one, other) => closeness(other) - closeness(one));
  }

  #tryCommand(): void {
    const { command } = this.#room;
    if (command === null || this.#waiting.size === 0) return;
    const { root, before, timeoutMs, onProgress } = this.#trying;
    for (const id of reachedBy(command, root).filter((one) => this.#waiting.has(one))) {
      before();
      this.#reached.add(id);
      const { status, error } = runCommand(command, root, timeoutMs, { MUTANT: String(id) });
      if (error !== undefined && !isTimeout(error)) throw error;
      if (error !== undefined) this.#decide(id, 'endless', command.join(' '));
      else if (status !== 0) this.#decide(id, 'killed', command.join(' '));
      onProgress(`the command; ${this.#waiting.size} left in all`);
    }
  }
}

function runCommand(command: readonly string[], root: string, timeoutMs: number, more: Record<string, string>) {
  const [file = '', ...args] = command;
  const preload = `--import=${join(root, 'scripts/mutants/in-command.ts')}`;
  const env = { ...process.env, NODE_OPTIONS: preload, ...more };
  return spawnSync(file, args, { cwd: root, env, stdio: 'ignore', timeout: timeoutMs, killSignal: 'SIGKILL' });
}

/** Any other error is of the machine, not of the mutant: the command was not there, or there was no memory to start it. */
function isTimeout(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ETIMEDOUT';
}

function reachedBy(command: readonly string[], root: string): number[] {
  const place = join(root, 'mutants-seen.json');
  if (runCommand(command, root, usualTimeoutMs, { MUTANTS_SEEN: place }).status !== 0)
    throw new Error(`without a mutant it fails: ${command.join(' ')}`);
  return JSON.parse(readFileSync(place, 'utf8'));
}

function firstHalf(ids: ReadonlySet<number>): Set<number> {
  return new Set([...ids].slice(0, Math.ceil(ids.size / 2)));
}
