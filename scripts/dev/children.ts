// Child processes of a development system, each in a process group of its own: one signal ends a child with all it started. After a
// `kill -9` of the launcher its guardian ends the groups that were left, and where that was killed too, the next start does.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropNote, home, logDirectory, projectRoot, readNote, writeNote } from './home.ts';

export interface ChildOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Whom it runs as, where that is not who started this. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What ends it in order; SIGTERM for most. */
  readonly endsWith?: 'SIGTERM' | 'SIGINT';
}

export interface Child {
  readonly name: string;
  /** Settles when the process has gone, with how. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

interface Note {
  readonly pid: number;
  /** Part of its command line: a process id that was given to somebody else since is left alone. */
  readonly mark: string;
  readonly endsWith: 'SIGTERM' | 'SIGINT';
  /** Whose it is: a guardian of before must not end what the next launcher has started. */
  readonly launcher: number;
}

const stopWithinMs = 10_000;
const noteName = 'children.json';
const running = new Map<string, Note>();

export function startChild(options: ChildOptions): Child {
  const { name, command, env = {}, user = {}, endsWith = 'SIGTERM' } = options;
  const [file, ...args] = command;
  const log = openSync(logPath(name), 'w');
  const child = spawn(file, args, {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
    ...user,
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
  if (child.pid !== undefined)
    running.set(name, { pid: child.pid, mark: args[0] ?? file, endsWith, launcher: process.pid });
  writeNote(noteName, [...running.values()]);
  return { name, exited, stop: () => stop(child, exited, endsWith) };
}

async function stop(child: ChildProcess, exited: Promise<string>, signal: Note['endsWith']): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    signalGroup(child.pid, signal);
    const { pid } = child;
    const deadline = setTimeout(() => signalGroup(pid, 'SIGKILL'), stopWithinMs);
    await exited;
    clearTimeout(deadline);
    // What the child had started goes with it.
    signalGroup(pid, 'SIGKILL');
  }
}

/** Once, before any child. It holds the other end of a pipe, which closes when this process has gone, and in no other way. */
export function startGuardian(): void {
  const guardian = spawn(process.execPath, [join(import.meta.dirname, 'guardian.ts'), String(process.pid)], {
    cwd: projectRoot,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ATLAS_HOME: home },
  });
  // Nobody waits for it: it waits for us.
  guardian.unref();
  guardian.stdin.on('error', () => {});
  if ('unref' in guardian.stdin && typeof guardian.stdin.unref === 'function') guardian.stdin.unref();
}

/** Ends what a killed launcher left behind: the last that it started first, so that the database outlives who writes to it. Without `of`: of any. */
export async function endLeftovers(of?: number): Promise<void> {
  const left = (readNote<Note[]>(noteName) ?? []).filter(({ launcher }) => of === undefined || launcher === of);
  for (const { pid, mark, endsWith } of left.toReversed()) {
    if (!processHas(pid, mark)) continue;
    signalGroup(pid, endsWith);
    const untilMs = Date.now() + stopWithinMs;
    while (processHas(pid, mark) && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50));
    signalGroup(pid, 'SIGKILL');
  }
  // By now the note may be another launcher's.
  if (of === undefined) dropNote(noteName);
}

/** Kills a child of the launcher that runs, as a machine that dies would. False: there is none such. */
export function killChild(mark: string): boolean {
  const note = (readNote<Note[]>(noteName) ?? []).find((child) => child.mark === mark && processHas(child.pid, mark));
  if (note !== undefined) signalGroup(note.pid, 'SIGKILL');
  return note !== undefined;
}

export function noChildrenLeft(): void {
  dropNote(noteName);
}

/** The last lines a child wrote, for the message that it has died. */
export function lastLines(name: string, count = 15): string {
  return readFileSync(logPath(name), 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

function logPath(name: string): string {
  return join(logDirectory, `${name}.log`);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}

/** Whether a process lives and has this in its command line. */
export function processHas(pid: number, mark: string): boolean {
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(mark);
  } catch {
    return false;
  }
}
