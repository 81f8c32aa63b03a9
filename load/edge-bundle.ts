// The bundle that would be deployed, and the floor's: built fresh, so that a benchmark never runs yesterday's code.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { shrink } from '../scripts/build-edge.ts';
import { wranglerEnv } from '../scripts/wrangler-env.ts';

const wranglerPath = new URL('../node_modules/wrangler/bin/wrangler.js', import.meta.url).pathname;

export interface Bundle {
  readonly path: string;
  readonly gzipBytes: number;
}

/** What `npm run deploy -- --env production` uploads. */
export async function buildEdge(directory: string): Promise<Bundle> {
  await promisify(execFile)(
    process.execPath,
    [wranglerPath, 'deploy', '--env', 'production', '--dry-run', '--minify', '--outdir', directory],
    { env: { ...process.env, ...wranglerEnv } },
  );
  const path = join(directory, 'index.js');
  shrink(path);
  return bundleAt(path);
}

export function buildFloor(directory: string, name: 'floor' | 'fair-floor'): Promise<Bundle> {
  return buildWorker(new URL(`${name}-worker.ts`, import.meta.url), join(directory, `${name}.js`));
}

/** A worker that is never deployed, as one file for workerd. */
export async function buildWorker(entry: URL, outfile: string): Promise<Bundle> {
  await build({
    entryPoints: [entry.pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:workers', 'node:*'],
    outfile,
  });
  return bundleAt(outfile);
}

async function bundleAt(path: string): Promise<Bundle> {
  // At the level of scripts/bundle-size.ts, so that both say the same figure.
  return { path, gzipBytes: gzipSync(await readFile(path), { level: 9 }).byteLength };
}
