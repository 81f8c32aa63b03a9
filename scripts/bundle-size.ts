// Builds the edge as it would be deployed, into dist/edge, and states its size. What is over the bound fails: every kilobyte
// is parsed by each new isolate before it may answer a card.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { wranglerEnv } from './wrangler-env.ts';

const gzipBytesMax = 60_000;
const outdir = 'dist/edge';

execFileSync('wrangler', ['deploy', '--dry-run', '--minify', '--env', 'production', '--outdir', outdir], {
  env: { ...process.env, ...wranglerEnv },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const modules = readdirSync(outdir).filter((name) => /\.(?:js|mjs|wasm)$/.test(name));
const texts = modules.map((name) => readFileSync(join(outdir, name)));
const bytes = texts.reduce((sum, text) => sum + text.length, 0);
const gzipBytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
console.log(`edge bundle: ${gzipBytes} bytes gzipped (${bytes} plain), at most ${gzipBytesMax}`);
if (gzipBytes > gzipBytesMax) {
  console.error('edge bundle: too large; see what grew with npx esbuild --analyze, or move it to the origin');
  process.exitCode = 1;
}
