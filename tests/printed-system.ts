// What `npm start -- --json` prints once all of it runs.

import type { ChildProcess } from 'node:child_process';
import { vi } from 'vitest';
import type { Running } from '../scripts/dev/running.ts';

/** Throws where it ended without having printed it. */
export async function printedBy(launcher: ChildProcess): Promise<Running> {
  let printed = '';
  launcher.once('exit', () => {
    printed += '\n';
  });
  launcher.stdout?.on('data', (chunk) => {
    printed += String(chunk);
  });
  await vi.waitUntil(() => printed.includes('\n'), { timeout: 90_000, interval: 50 });
  return JSON.parse(printed);
}
