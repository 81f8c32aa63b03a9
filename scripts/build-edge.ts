// The edge as it would be deployed, built into a folder; nothing is deployed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** One line for each module, as sha256sum writes it, so that `sha256sum --check` reads it. */
export function checksumsOf(modules: readonly string[]): string {
  return modules.map((path) => `${sha256(readFileSync(path))}  ${path}\n`).join('');
}

/** Of the modules as a whole, by name and content, wherever they lie: what a deployment calls the bundle. */
export function idOfModules(modules: readonly string[]): string {
  return sha256(modules.map((path) => `${sha256(readFileSync(path))}  ${basename(path)}\n`).join(''));
}
