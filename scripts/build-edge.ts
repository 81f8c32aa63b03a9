// The edge as it would be deployed, built into a folder; nothing is deployed.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { wranglerEnv } from './wrangler-env.ts';

export const edgeFolder = 'dist/edge';

/** Paths of its modules, in the order of their names. */
export function buildEdge(): string[] {
  execFileSync('wrangler', ['deploy', '--dry-run', '--minify', '--env', 'production', '--outdir', edgeFolder], {
    env: { ...process.env, ...wranglerEnv },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const modules = readdirSync(edgeFolder).filter((name) => /\.(?:js|mjs|wasm)$/.test(name));
  return modules.toSorted().map((name) => join(edgeFolder, name));
}
