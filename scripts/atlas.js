#!/usr/bin/env node
// npx atlas: the operator's command line. JavaScript that a Node of many years reads, so that an old one can be told what is missing.

const wanted = 24;
if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    `atlas needs Node ${wanted} or newer, and this is ${process.version}. Get it from https://nodejs.org, or run it by the one of this project after npm ci: node_modules/.bin/node scripts/atlas.js\n`,
  );
  process.exit(2);
}
const { runAtlas } = await import('./atlas/run.ts');
process.exitCode = await runAtlas(process.argv.slice(2));
