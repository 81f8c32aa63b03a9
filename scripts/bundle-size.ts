// Builds the edge as it would be deployed and states its size. What is over the bound fails: every kilobyte is parsed by each new
// isolate before it may answer a card.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { buildEdge } from './build-edge.ts';

// 57 kB, and 13 for what came with it: card numbers found in any writing, the strength of secrets, unknown cards, absurd amounts, joins.
// 1.5 more since a card that was set back is fenced and rebuilt: that has to be where the card is.
// The 198 kB plain are read in 7 ms of CPU, once an isolate; a router of our own instead of hono's would save 5 kB and 0.4 ms of that.
const gzipBytesMax = 73_500;

const texts = buildEdge().map((path) => readFileSync(path));
const bytes = texts.reduce((sum, text) => sum + text.length, 0);
const gzipBytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
console.log(`edge bundle: ${gzipBytes} bytes gzipped (${bytes} plain), at most ${gzipBytesMax}`);
if (gzipBytes > gzipBytesMax) {
  console.error('edge bundle: too large; see what grew with npx esbuild --analyze, or move it to the origin');
  process.exitCode = 1;
}
