// Makes what was committed durable, for many at once. A transaction commits without waiting for the disk, so that its locks (the
// heads of the hash chains, a hot balance) are free again at once; its caller hears of it only after one flush that came later.
// The log is one sequence: whatever is durable, everything that was committed before it is too.
// Nobody waits longer than `flushMsMax`: a connection that does not answer is given up, and the flush is tried on another.

import { DatabaseAwayError } from './away.ts';

export interface Flusher {
  /** After a commit in this run of the server (session.ts). Throws where it cannot be known to be on the disk. */
  flush(serverRun: string): Promise<void>;
  /** Waits for what others of this process have committed already. */
  underWay(serverRun: string): Promise<void>;
  /** How long the oldest that waits has waited; 0 where nobody does. */
  ageMs(): number;
}

/** From the commit until its caller hears, at the longest. */
const flushMsMax = 5_000;
/** Of two tries, each; together they end before their callers give up. A disk takes milliseconds. */
const tryMsMax = 2_300;

/** `write`: a transaction that does wait for the disk, within a time; returns the run of the server that it was written in. */
export function createFlusher(write: (msMax: number) => Promise<string>): Flusher {
  let running: Promise<string> | null = null;
  let next: Promise<string> | null = null;
  const waiting = new Set<{ readonly sinceMs: number }>();

  const start = (): Promise<string> => {
    // The second try is on another connection: the first one is destroyed if it was silent, and taken out if it broke.
    running = write(tryMsMax)
      .catch(() => write(tryMsMax))
      .finally(() => {
        running = null;
      });
    return running;
  };
  const flush = (): Promise<string> => {
    // The one under way may have begun before our commit; the one after it covers everybody who has come by then.
    if (running === null) return start();
    next ??= running
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
  const covered = async (written: Promise<string>, serverRun: string): Promise<void> => {
    const place = { sinceMs: performance.now() };
    waiting.add(place);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new DatabaseAwayError(
        `the database has not said within ${flushMsMax} ms that a commit is on its disk`,
      );
      timer = setTimeout(() => reject(error), flushMsMax);
    });
    try {
      // After a crash the log goes on without what had not reached the disk, and a flush there proves nothing of it.
      if ((await Promise.race([written, late])) !== serverRun)
        throw new DatabaseAwayError('the database crashed before a commit was known to be on its disk');
    } finally {
      clearTimeout(timer);
      waiting.delete(place);
    }
  };
  return {
    flush: (serverRun) => covered(flush(), serverRun),
    async underWay(serverRun) {
      const written = next ?? running;
      if (written !== null) await covered(written, serverRun);
    },
    ageMs() {
      // In the order in which they came.
      for (const { sinceMs } of waiting) return performance.now() - sinceMs;
      return 0;
    },
  };
}
