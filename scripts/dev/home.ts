// .atlas/ (or ATLAS_HOME): where a development system keeps its data, its logs and the note of what runs.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const home = process.env['ATLAS_HOME'] ?? join(root, '.atlas');
export const projectRoot = root;
export const logDirectory = join(home, 'logs');

export function makeHome({ reset }: { reset: boolean }): void {
  if (reset) rmSync(home, { recursive: true, force: true });
  mkdirSync(logDirectory, { recursive: true });
}

/** A note kept in .atlas/, or null where there is none that can be read. */
export function readNote<T>(name: string): T | null {
  try {
    return JSON.parse(readFileSync(join(home, name), 'utf8')) as T;
  } catch {
    return null;
  }
}

export function writeNote(name: string, note: unknown): void {
  writeFileSync(join(home, name), `${JSON.stringify(note, null, 2)}\n`);
}

export function dropNote(name: string): void {
  rmSync(join(home, name), { force: true });
}
