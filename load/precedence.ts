// Puts the measured part of a benchmark before whatever else the machine does: Linux's real-time class, by util-linux's `chrt`, and as root.
// Sharing by weight (nice, autogroups) is not enough: on two busy cores each wake-up still waits some ms for whoever has the core.
// Linux leaves the others a twentieth of each core.

import { execFileSync } from 'node:child_process';

/** Throws where the machine does not allow it. All threads of the processes, and what they start from then on. */
export function putFirst(pids: readonly number[]): void {
  for (const pid of pids.filter((one) => !done.has(one))) {
    try {
      execFileSync('chrt', ['--rr', '--all-tasks', '--pid', '1', String(pid)], { stdio: 'pipe' });
    } catch (error) {
      throw new Error('this machine does not let a benchmark be first: run it without --first', { cause: error });
    }
    done.add(pid);
  }
}

const done = new Set<number>();
