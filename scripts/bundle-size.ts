// Builds the edge as it would be deployed and states its size. What is over the bound fails: every kilobyte is parsed by each new
// isolate before it may answer a card.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { buildEdge } from './build-edge.ts';

// 70.6 kB, and less than one as room; terser takes 2.3 off what esbuild makes of it (`build-edge.ts`). Of it 24 are rules, 19 the edge's HTTP, 17 words, 9 schemas (zod), 7 objects; hono's application, of which
// only its router was used, was 5 (`worker/section.ts`). Since then: what a card withholds of refunds,
// card numbers in pieces (1.5), what JSON keeps silent about (1.2). The 206 kB plain are read in 7 ms of CPU, once an isolate.
const gzipBytesMax = 71_300;

const texts = buildEdge().map((path) => readFileSync(path));
const bytes = texts.reduce((sum, text) => sum + text.length, 0);
const gzipBytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
console.log(`edge bundle: ${gzipBytes} bytes gzipped (${bytes} plain), at most ${gzipBytesMax}`);
if (gzipBytes > gzipBytesMax) {
  console.error('edge bundle: too large; see what grew with npx esbuild --analyze, or move it to the origin');
  process.exitCode = 1;
}
