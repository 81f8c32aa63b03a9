// Where a development system keeps its data, its logs and the note of what runs: ATLAS_HOME, or a folder of this project for each
// port base, so that `--port-base N` on any command means the system that `npm start -- --port-base N` started.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export const portBaseDefault = 8787;
/** An option of every command that speaks to a running system. */
export const portBaseOption = { 'port-base': { type: 'string' } } as const;

const root = join(import.meta.dirname, '../..');
export const home = process.env['ATLAS_HOME'] ?? join(root, homeName(portBaseAsked()));
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

/** Read here already, and not checked: each command knows its own words, and says what is wrong with them. */
function portBaseAsked(): string {
  const { values } = parseArgs({ args: process.argv.slice(2), options: portBaseOption, strict: false });
  const asked = values['port-base'];
  return typeof asked === 'string' && /^[\w-]{1,20}$/.test(asked) ? asked : String(portBaseDefault);
}

function homeName(portBase: string): string {
  return Number(portBase) === portBaseDefault ? '.atlas' : `.atlas-${portBase}`;
}

/** How to start the system that this command looked for. */
export function howToStart(): string {
  const asked = portBaseAsked();
  return Number(asked) === portBaseDefault ? 'npm start' : `npm start -- --port-base ${asked}`;
}

/** What a command needs beside its words to find the system that this one looked for: ` --port-base 9787`, or nothing. */
export function portBaseWords(): string {
  return howToStart().replace(/^npm start( --)?/, '');
}
