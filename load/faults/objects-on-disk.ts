// Cards' objects as raw workerd keeps them, a SQLite file each with its write-ahead log beside it. For faults that set a card back: only
// while workerd does not run.

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const endings = ['.sqlite', '.sqlite-wal', '.sqlite-shm'] as const;

/** Of a run's folder, by the class that `workerd.ts` keeps there. */
export function folderOfCards(directory: string): string {
  return join(directory, 'edge', 'objects', 'atlas');
}

/** All of them, to another folder. */
export function copyObjects(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (endings.some((end) => name.endsWith(end))) copyFileSync(join(from, name), join(to, name));
}

/** One object as it is in the other folder; one that is not there is lost. */
export function replaceObject(name: string, folder: string, other: string | null): void {
  for (const end of endings) {
    rmSync(join(folder, name + end), { force: true });
    if (other !== null && existsSync(join(other, name + end)))
      copyFileSync(join(other, name + end), join(folder, name + end));
  }
}

export interface ObjectOnDisk {
  /** Of its files, without their endings. */
  readonly name: string;
  readonly cardId: string | null;
  readonly lastSequence: number;
}

/** Those that have a log, each with the card whose profile is its first. Of copies: reading one may tidy up its files. */
export function readObjects(folder: string): ObjectOnDisk[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.sqlite') && file !== 'metadata.sqlite');
  return names.flatMap((file) => {
    using database = new DatabaseSync(join(folder, file));
    if (database.prepare("select 1 from sqlite_master where name = 'log'").get() === undefined) return [];
    const row = database
      .prepare(
        `select max(sequence) as last, (select body ->> '$.profile.card_id' from log where body ->> '$.kind' = 'profile' limit 1) as card from log`,
      )
      .get();
    return [
      {
        name: file.slice(0, -'.sqlite'.length),
        cardId: (row?.['card'] ?? null) as string | null,
        lastSequence: Number(row?.['last']),
      },
    ];
  });
}
