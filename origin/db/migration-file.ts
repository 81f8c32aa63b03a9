// What a migration's file says of itself. Two lines at its head are ours:
//   -- compatible-from: 36    the oldest code that works on the schema once this is applied, by the newest migration it knows
//   -- online                 its statements run one by one outside of a transaction, so that nobody who writes waits for them

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  readonly version: number;
  readonly file: string;
  readonly text: string;
  readonly checksum: string;
  /** Code whose newest migration is this one or a later one works on the schema. Without the line: only code that has this file. */
  readonly compatibleFrom: number;
  /** Null: all of it in one transaction. */
  readonly online: readonly OnlineStep[] | null;
}

/** A statement that may be run again after it was done, or was done by half. */
export interface OnlineStep {
  readonly statement: string;
  /** What it builds: a build that was broken off leaves an index of this name that is not valid. */
  readonly index: string | null;
}

/** The rules below hold for files from this one on: those of before are sealed. */
const headedFrom = 37;

const onlineForms = [
  /^create (?:unique )?index concurrently if not exists ([a-z_][a-z0-9_]*) on /i,
  /^drop index concurrently if exists [a-z_][a-z0-9_]*$/i,
  /^alter table [a-z_][a-z0-9_]* validate constraint [a-z_][a-z0-9_]*$/i,
];

export const migrationName = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** Every file of the folder, in order. Throws what is wrong with one, by name. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => /^\d.*\.sql$/.test(file)).toSorted();
  return await Promise.all(
    files.map(async (file, index) => {
      const version = Number(migrationName.exec(file)?.[1]);
      if (version !== index + 1)
        throw new Error(`migration ${file}: the name must be ${String(index + 1).padStart(4, '0')}_<words>.sql`);
      return migrationOf(file, await readFile(`${directory}/${file}`, 'utf8'));
    }),
  );
}

export function migrationOf(file: string, text: string): Migration {
  const [problem] = migrationProblems(file, text);
  if (problem !== undefined) throw new Error(`migration ${file}: ${problem}`);
  const version = Number(file.slice(0, 4));
  return {
    ...{ version, file, text },
    checksum: createHash('sha256').update(text).digest('hex'),
    compatibleFrom: compatibleFromOf(text) ?? version,
    online: isOnline(text) ? stepsOf(text) : null,
  };
}

/** What a migration must not be. Those before `headedFrom` were sealed before there were any rules. */
export function migrationProblems(file: string, text: string): string[] {
  const version = Number(file.slice(0, 4));
  const from = compatibleFromOf(text);
  const problems: string[] = [];
  if (from !== null && (from < 1 || from > version))
    problems.push(`compatible-from is ${from}; it must be a migration's number, ${version} at most`);
  if (isOnline(text)) {
    for (const { statement } of stepsOf(text))
      if (!onlineForms.some((form) => form.test(statement)))
        problems.push(
          `"${statement.slice(0, 60)}" is no online step; those are create index concurrently if not exists, ` +
            'drop index concurrently if exists, alter table … validate constraint',
        );
  } else if (version >= headedFrom) {
    for (const { index, table } of slowIndexes(text))
      problems.push(
        `index ${index} is built while nobody may write to ${table}; instead create index concurrently if not exists, ` +
          'in a migration of its own with the line "-- online"',
      );
  }
  return problems;
}

/** Whether it lacks the line that says which older code works on it. */
export function lacksHead(file: string, text: string): boolean {
  return Number(file.slice(0, 4)) >= headedFrom && compatibleFromOf(text) === null;
}

/** Of the comment lines at the file's beginning. */
function headOf(text: string): string[] {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--') && line.trim() !== '');
  return end < 0 ? lines : lines.slice(0, end);
}

function compatibleFromOf(text: string): number | null {
  const said = headOf(text).flatMap((line) => /^-- compatible-from: (\d{1,4})$/.exec(line.trimEnd())?.[1] ?? []);
  return said[0] === undefined ? null : Number(said[0]);
}

function isOnline(text: string): boolean {
  return headOf(text).some((line) => line.trimEnd() === '-- online');
}

/** Statements of the three forms have no text in quotes that holds a semicolon. */
function stepsOf(text: string): OnlineStep[] {
  const [build] = onlineForms;
  return withoutComments(text)
    .split(';')
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '')
    .map((statement) => ({ statement, index: build?.exec(statement)?.[1] ?? null }));
}

/** Indexes on tables that were there before: on a table that the same file makes, nobody waits. */
function slowIndexes(text: string): { readonly index: string; readonly table: string }[] {
  const sql = withoutComments(text);
  const made = new Set(
    [...sql.matchAll(/create (?:unlogged )?table (?:if not exists )?(\w+)/gi)].map(([, name]) => name),
  );
  return [...sql.matchAll(/create (?:unique )?index (?:if not exists )?(\w+)\s+on (?:only )?(\w+)/gi)]
    .map(([, index = '', table = '']) => ({ index, table }))
    .filter(({ table }) => !made.has(table));
}

function withoutComments(text: string): string {
  return text.replace(/--.*$/gm, '');
}
