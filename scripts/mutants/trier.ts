// One process that runs tests with mutants, from the outside: gives it one test file at a time, and replaces it where it does not
// answer in time.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Trial, Tried } from './try-mutants.ts';

const tickMs = 1_000;

export class Trier {
  readonly #root: string;
  #process: ChildProcess | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  /** Null: it did not end within the time, or ended its process. */
  async try(trial: Trial, timeoutMs: number): Promise<Tried | null> {
    const child = this.#started();
    const tried = await new Promise<Tried | null>((resolve) => {
      // In ticks, not by the clock: the time in which all of it is held up does not count.
      let leftMs = timeoutMs;
      const timer = setInterval(() => {
        leftMs -= tickMs;
        if (leftMs <= 0) answer(null);
      }, tickMs);
      const answer = (said: Tried | null) => {
        clearInterval(timer);
        child.removeAllListeners();
        resolve(said);
      };
      child.once('message', (said) => answer(said as Tried));
      child.once('exit', () => answer(null));
      child.send(trial);
    });
    if (tried === null) this.close();
    return tried;
  }

  /** Its own children go with it: they are one group of processes. */
  close(): void {
    const { pid } = this.#process ?? {};
    this.#process = null;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #started(): ChildProcess {
    this.#process ??= fork(join(import.meta.dirname, 'try-mutants.ts'), [this.#root], {
      cwd: this.#root,
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return this.#process;
  }
}
