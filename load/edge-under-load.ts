// The edge that a load script asks, with cards for it: one of the script's own on raw workerd, or the one of `npm start`.

import { join } from 'node:path';
import { newId } from '../contracts/ids.ts';
import { readNote } from '../scripts/dev/home.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePort } from '../scripts/free-port.ts';
import { buildEdge } from './edge-bundle.ts';
import { edgeVars, putCards } from './edge-cards.ts';
import { makeCards } from './origin-cards.ts';
import { startQueueServer } from './queue-server.ts';
import { temporaryDirectory } from './started.ts';
import { edgeNamespaces, startWorkerd } from './workerd.ts';

export interface EdgeUnderLoad {
  readonly url: string;
  readonly marqeta: { readonly username: string; readonly password: string };
  readonly cardTokens: readonly string[];
}

/** The bundle that would be deployed, alone: its events go to a queue that takes them and forgets them. */
export async function startOwnEdge(parts: AsyncDisposableStack, cards: number): Promise<EdgeUnderLoad> {
  const directory = await temporaryDirectory(parts, 'load');
  const bundle = await buildEdge(join(directory, 'bundle'));
  const queue = await startQueueServer(() => {});
  parts.defer(() => queue.close());
  const workerd = await startWorkerd({
    directory: join(directory, 'edge'),
    bundle: bundle.path,
    namespaces: edgeNamespaces,
    port: await freePort(),
    queuePort: queue.port,
    vars: edgeVars,
  });
  parts.defer(() => workerd.stop());
  const cardTokens = Array.from({ length: cards }, (_, index) => `load-${index}`);
  await putCards(workerd.url, cardTokens);
  const { MARQETA_USERNAME: username, MARQETA_PASSWORD: password } = edgeVars;
  return { url: workerd.url, marqeta: { username, password }, cardTokens };
}

/** The edge of `npm start`, with its origin behind it. The cards are made through the origin, and stay there. */
export async function findRunningEdge(cards: number): Promise<EdgeUnderLoad> {
  const running = readNote<Running>('running.json');
  if (running === null) throw new Error('Nothing runs here. Start the system in another terminal: npm start');
  const cardTokens = await makeCards(running.origin_url, cards);
  return { url: running.edge_url, marqeta: running.marqeta, cardTokens };
}

/** For tokens of requests: those of two runs never meet. */
export function newRun(): string {
  return newId('req').slice(-10);
}
