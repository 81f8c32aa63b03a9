// The records of access put together: what the API tells them, and the loop that writes them and seals days that are over.

import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { type Access, AccessCounts, type AddressBounds } from './access-counts.ts';
import { sealOldestDay, writeAccess } from './write-access.ts';

/** What a process that dies takes with it at most. */
const writeEveryMs = 5_000;

export interface AccessRecords {
  /** Waits for nothing. */
  count(access: Omit<Access, 'atMs'>): void;
  readonly loop: Loop;
  /** Writes what waits. To be called when no call can come any more, and the loop is stopped. */
  close(): Promise<void>;
}

export interface AccessParts {
  readonly database: Database;
  readonly log: Logger;
  readonly now?: () => number;
  readonly bounds?: AddressBounds;
}

export function createAccessRecords({ database, log, now = Date.now, bounds }: AccessParts): AccessRecords {
  const counts = new AccessCounts(bounds);
  /** For a day that is over. */
  let lookAtMs = 0;
  async function writeAll(): Promise<void> {
    const taken = counts.take();
    try {
      await writeAccess(database, taken, now());
    } catch (error) {
      counts.giveBack(taken);
      throw error;
    }
  }
  return {
    count: (access) => counts.count({ ...access, atMs: now() }),
    loop: createLoop({
      name: 'access records',
      log,
      intervalMs: writeEveryMs,
      lagMs: () => {
        const oldestAtMs = counts.oldestAtMs();
        return Promise.resolve(oldestAtMs === null ? null : Math.max(0, now() - oldestAtMs));
      },
      async round() {
        await writeAll();
        if (now() < lookAtMs) return false;
        lookAtMs = now() + 60_000;
        return (await sealOldestDay(database, now())) !== null;
      },
    }),
    async close() {
      // Whoever stops the process goes on: with the database away there is nowhere to write to.
      await writeAll().catch((error: unknown) => {
        const lost = counts.take().reduce((sum, { calls }) => sum + calls, 0);
        log.error({ err: error, calls: lost }, 'records of access were not written, and are lost');
      });
    },
  };
}
