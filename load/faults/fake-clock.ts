// A process whose wall clock is wrong, by libfaketime: how far is written in a file, which it reads again each second. Its timers go on by the
// monotonic clock, as those of a machine do whose time is set. `apt-get install libfaketime`; without it nothing can be shown.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a process may go on by the clock it had, once it is set. */
export const clockReadMs = 1_000;

export interface FakeClock {
  /** Of the process that shall have it. */
  readonly environment: Readonly<Record<string, string>>;
  set(aheadMs: number): void;
}

/** Null: the library is not on this machine. */
export function findFaketime(): string | null {
  for (const folder of ['/usr/lib', '/usr/local/lib'])
    for (const path of foldersIn(folder)) {
      const library = join(path, 'faketime/libfaketimeMT.so.1');
      if (readdir(join(path, 'faketime')).includes('libfaketimeMT.so.1')) return library;
    }
  return null;
}

export function fakeClock(library: string, file: string): FakeClock {
  const set = (aheadMs: number) =>
    writeFileSync(file, `${aheadMs < 0 ? '-' : '+'}${Math.abs(Math.round(aheadMs / 1_000))}\n`);
  set(0);
  return {
    set,
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: `${clockReadMs / 1_000}`,
      // By the older name of the two, which both releases of the library know.
      DONT_FAKE_MONOTONIC: '1',
    },
  };
}

const foldersIn = (folder: string) => [folder, ...readdir(folder).map((name) => join(folder, name))];

function readdir(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
