// Loops that find nothing to do rest until something was written, by whichever process. Postgres says so itself: its snapshot names the
// transactions that have ended, and those that only look are not among them. One look in 1.25 s for all loops of a process, instead of fifty
// empty claims a second (all of it at rest: 47 transactions a second before, 1.7 since; `origin/idle.test.ts`).

import type { Sql } from './client.ts';

export interface Rest {
  /** How things stand: to be taken before a look that finds nothing, so that what is written beside it is not missed. */
  mark(): Promise<string>;
  /** True: something was written since the mark. False: `ms` are over, or it was told to stop. */
  until(mark: string, ms: number, signal: AbortSignal): Promise<boolean>;
  /** This process has written something: nobody waits for the next look. */
  written(): void;
}

/** How long what another process writes may wait here, where all was at rest. */
const lookEveryMs = 1_250;

interface Resting {
  readonly mark: string;
  readonly wake: () => void;
}

export function createRest(sql: Sql, everyMs = lookEveryMs): Rest {
  const resting = new Set<Resting>();
  let looking: NodeJS.Timeout | null = null;
  /** What the last look saw, while there are looks. */
  let seen: string | null = null;

  async function look(): Promise<string> {
    const { rows } = await sql.query<{ mark: string }>({
      name: 'rest_mark',
      text: 'select pg_current_snapshot()::text as mark',
      values: [],
    });
    return rows[0]?.mark ?? '';
  }

  function wake(isConcerned: (one: Resting) => boolean): void {
    for (const one of resting) if (isConcerned(one)) one.wake();
  }

  function lookAgain(): void {
    if (looking !== null || resting.size === 0) return;
    looking = setTimeout(async () => {
      // Where it cannot be had, they find that out themselves, and pause longer as failures do.
      const now = await look().catch(() => null);
      looking = null;
      seen = resting.size === 0 ? null : now;
      wake((one) => one.mark !== now);
      lookAgain();
    }, everyMs);
    looking.unref();
  }

  return {
    // An older one misses nothing either: what was written since then wakes once too often.
    mark: async () => seen ?? (await look()),
    until: (since, ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(false);
        const one = { mark: since, wake: () => end(true) };
        const over = () => end(false);
        const timer = setTimeout(over, ms);
        signal.addEventListener('abort', over);
        resting.add(one);
        lookAgain();
        function end(isWritten: boolean): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', over);
          resting.delete(one);
          resolve(isWritten);
        }
      }),
    written: () => wake(() => true),
  };
}
