// Whether what a setting names on this disk can be what it is for: a folder that can be written to, a file that can be read whole. Looked at once, at
// the start; what becomes of it later is in the log of whoever uses it.

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Of which nothing is kept, or which never end (`/dev/zero`): the kernel's own. */
const ofKernel = /^\/+(?:dev|proc|sys)(?:\/|$)/;

/** `s3://bucket` is no path; null: it may be the folder, or it can be made. */
export function folderProblem(path: string): string | null {
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) return null;
  const written = pathProblem(path);
  if (written !== null) return written;
  const found = statOf(path);
  if (found !== null && !found.isDirectory()) return 'must be a folder, and is something else';
  // What is not there yet is made when it is first written to.
  let nearest = path;
  while (statOf(nearest) === null && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (statOf(nearest)?.isDirectory() !== true) return 'must be a folder: a part of its path is a file';
  return mayAccess(nearest, constants.W_OK | constants.X_OK) ? null : 'must be a folder that this process may write to';
}

/** Null: it is a file that can be read. */
export function fileProblem(path: string): string | null {
  const written = pathProblem(path);
  if (written !== null) return written;
  const found = statOf(path);
  if (found === null) return 'must be a file that is there';
  if (!found.isFile()) return 'must be a file, and is a folder, a device or a pipe';
  if (found.size > fileBytesMax) return `must be a file of ${fileBytesMax} bytes at most`;
  return mayAccess(path, constants.R_OK) ? null : 'must be a file that this process may read';
}
const fileBytesMax = 1_048_576;

export function diskProblems(setting: string, problem: string | null): string[] {
  return problem === null ? [] : [`${setting}: ${problem}`];
}

function pathProblem(path: string): string | null {
  if (path.startsWith('~')) return 'must be a whole path: nobody but a shell reads ~';
  return ofKernel.test(path) ? 'must be a path on a disk, and not a device or one of the kernel’s files' : null;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
