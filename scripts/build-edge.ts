// The edge as it would be deployed, built into a folder; nothing is deployed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
// terser: what it finds in esbuild's own output is 3 % of the bundle, of which every new isolate reads each byte before it may answer a card.
import { minify_sync } from 'terser';
import { wranglerEnv } from './wrangler-env.ts';

export const edgeFolder = 'dist/edge';
/** What is deployed, as it is: nothing of it is bundled again. */
export const edgeEntry = join(edgeFolder, 'index.js');

/** Paths of its modules, in the order of their names. */
export function buildEdge(): string[] {
  execFileSync('wrangler', ['deploy', '--dry-run', '--minify', '--env', 'production', '--outdir', edgeFolder], {
    env: { ...process.env, ...wranglerEnv },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const modules = readdirSync(edgeFolder).filter((name) => /\.(?:js|mjs|wasm)$/.test(name));
  shrink(edgeEntry);
  return modules.toSorted().map((name) => join(edgeFolder, name));
}

/** A module that wrangler has built, made smaller in its place. */
export function shrink(path: string): void {
  // Without the line that names its source map, which no longer fits what is written here.
  const text = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '');
  // What is left out makes the text longer once zipped: `null===x` beside `x===null` 170 bytes, functions of two calls put in their place 20,
  // statements joined by commas and parameters left out where nobody reads them 20.
  const compress = {
    ...{ passes: 6, lhs_constants: false, comparisons: false, inline: 1, sequences: false, keep_fargs: false },
  } as const;
  const { code } = minify_sync(text, { module: true, ecma: 2020, compress, format: { quote_style: 2 } });
  if (code === undefined) throw new Error(`${path} cannot be read by terser`);
  writeFileSync(path, code);
  rmSync(`${path}.map`, { force: true });
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
