// What a command has started, ended in the opposite order whatever ends the command: its last line, an error, or a signal.
// Only SIGKILL leaves anything behind.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 128 and the signal's number, as a shell says it. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export function started(): AsyncDisposableStack {
  const parts = new AsyncDisposableStack();
  for (const [signal, exitCode] of Object.entries(exitCodes)) {
    const end = () => {
      process.stderr.write(`${signal}: stopping\n`);
      void parts.disposeAsync().finally(() => process.exit(exitCode));
    };
    // The embedded Postgres listens too, and ends the process when its own server has stopped, whatever else still runs.
    process.removeAllListeners(signal);
    process.once(signal, end);
    parts.defer(() => {
      process.off(signal, end);
    });
  }
  return parts;
}

/** A folder of the command's own, which goes when it ends. */
export async function temporaryDirectory(parts: AsyncDisposableStack, name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `atlas-${name}-`));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
