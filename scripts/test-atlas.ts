// npx atlas as an operator runs it, for tests: another process, with nothing of this machine's own system.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const program = join(import.meta.dirname, 'atlas.js');

export interface AtlasPlace {
  readonly url: string;
  readonly key: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function runAtlas({ url, key, environment }: AtlasPlace, ...args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ATLAS_URL: url, ATLAS_API_KEY: key, ATLAS_HOME: '/nowhere', ...environment },
  });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, error, code: Number(code) };
}
