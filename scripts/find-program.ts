// Programs that npm does not install: found on PATH by the first of their names that is there.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Its path; null: it is not here. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
