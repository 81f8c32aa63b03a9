// The processor time that processes have used so far, by Linux's own account in ns: what a call costs, whatever else the machine does.

import { readdirSync, readFileSync } from 'node:fs';
import type { Sql } from '../origin/db/client.ts';

/** Of all threads of a process, in ms; 0 where it has ended, or where there is no /proc. What an ended thread used is not in it. */
export function processorMs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.reduce((sum, task) => sum + onProcessorNs(`/proc/${pid}/task/${task}/schedstat`), 0) / 1e6;
  } catch {
    return 0;
  }
}

function onProcessorNs(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** The main process of a Postgres server, asked by a superuser of it. */
export async function serverPid(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ text: string }>(`select pg_read_file('postmaster.pid') as text`);
  return Number(rows[0]?.text.split('\n')[0]);
}

/** Of a Postgres server: its main process's children. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Reads by process, so that one which has ended meanwhile takes nothing away: `between(before, after)` counts those that are still there. */
export function readProcessors(pids: readonly number[]): ReadonlyMap<number, number> {
  return new Map(pids.map((pid) => [pid, processorMs(pid)]));
}

export function between(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  return [...after].reduce((sum, [pid, ms]) => sum + Math.max(0, ms - (before.get(pid) ?? 0)), 0);
}
