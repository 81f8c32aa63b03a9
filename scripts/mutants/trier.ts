// One process that tries mutants, from the outside: gives it one at a time, and replaces it where it does not answer in time.

import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.ts';
import type { Trial, Tried } from './try-mutants.ts';

export class Trier {
  readonly #sandbox: Sandbox;
  #process: ChildProcess | null = null;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Null: it did not end within the time. */
  async try(trial: Trial, original: string, timeoutMs: number): Promise<Tried | null> {
    const child = this.#started();
    const tried = await new Promise<Tried | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), timeoutMs);
      const answer = (said: Tried | null) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(said);
      };
      child.once('message', (said) => answer(said as Tried));
      // A mutant may end its process.
      child.once('exit', () => answer({ killedBy: 'the process ended' }));
      child.send(trial);
    });
    if (tried !== null && child.exitCode === null) return tried;
    this.close();
    writeFileSync(join(this.#sandbox.root, trial.path), original);
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
    this.#process ??= fork(join(import.meta.dirname, 'try-mutants.ts'), [this.#sandbox.root], {
      cwd: this.#sandbox.root,
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return this.#process;
  }
}
