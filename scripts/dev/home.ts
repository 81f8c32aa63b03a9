// Where a development system keeps its data, its logs and the note of what runs: ATLAS_HOME, or a folder of this project for each
// port base. Which of them a command means is one rule for all: ATLAS_HOME; --port-base; the one that ATLAS_URL is the origin of; the
// usual port base. `npm start` itself heeds no ATLAS_URL: it makes a system, and does not look for one.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

export const portBaseDefault = 8787;
/** An option of every command that speaks to a running system. */
export const portBaseOption = { 'port-base': { type: 'string' } } as const;

const root = join(import.meta.dirname, '../..');
const isLauncher = basename(process.argv[1] ?? '') === 'dev.ts';
const asked = portBaseAsked();
export const home = process.env['ATLAS_HOME'] ?? join(root, homeName(asked.portBase));
export const projectRoot = root;
/** Why it is this folder, for whoever wonders; null: it is the usual one. */
export const homeBecause = process.env['ATLAS_HOME'] === undefined ? asked.because : 'ATLAS_HOME';
export const logDirectory = join(home, 'logs');

export function makeHome({ reset }: { reset: boolean }): void {
  if (reset) rmSync(home, { recursive: true, force: true });
  mkdirSync(logDirectory, { recursive: true });
}

/** A note kept in .atlas/, or null where there is none that can be read. */
export function readNote<T>(name: string, folder = home): T | null {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
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
export function portBaseWord(): string | null {
  const { values } = parseArgs({ args: process.argv.slice(2), options: portBaseOption, strict: false });
  const word = values['port-base'];
  return typeof word === 'string' && /^[\w-]{1,20}$/.test(word) ? word : null;
}

function portBaseAsked(): { readonly portBase: string; readonly because: string | null } {
  const word = portBaseWord();
  if (word !== null) return { portBase: word, because: `--port-base ${word}` };
  const url = isLauncher ? undefined : process.env['ATLAS_URL'];
  const named = url ? systemsHere().find(({ origin_url }) => isSamePlace(origin_url, url)) : undefined;
  return named === undefined
    ? { portBase: String(portBaseDefault), because: null }
    : { portBase: named.portBase, because: 'ATLAS_URL' };
}

/** Every system of this folder that runs. */
export function systemsHere(): readonly { readonly portBase: string; readonly origin_url: string }[] {
  return readdirSync(root).flatMap((name) => {
    const [, portBase = String(portBaseDefault)] = /^\.atlas(?:-(\d+))?$/.exec(name) ?? [null, 'none'];
    if (portBase === 'none') return [];
    const note = readNote<{ origin_url: string }>('running.json', join(root, name));
    const launcher = readNote<{ pid: number }>('launcher.json', join(root, name));
    return note === null || !lives(launcher?.pid) ? [] : [{ portBase, origin_url: note.origin_url }];
  });
}

/** Of one that was killed the notes stay. */
function lives(pid = Number.NaN): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function isSamePlace(one: string, other: string): boolean {
  const place = (text: string) => URL.parse(text)?.host.replace(/^localhost\b/, '127.0.0.1');
  return place(one) !== undefined && place(one) === place(other);
}

function homeName(portBase: string): string {
  return Number(portBase) === portBaseDefault ? '.atlas' : `.atlas-${portBase}`;
}

/** How to start the system that this command looked for. */
export function howToStart(): string {
  const { portBase } = asked;
  return Number(portBase) === portBaseDefault ? 'npm start' : `npm start -- --port-base ${portBase}`;
}

/** What a command needs beside its words to find the system that this one looked for: ` --port-base 9787`, or nothing. */
export function portBaseWords(): string {
  return howToStart().replace(/^npm start( --)?/, '');
}
