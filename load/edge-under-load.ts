// The edge that a load script asks, with cards for it: one of the script's own on raw workerd, or the one of `npm start`.

import { join } from 'node:path';
import * as z from 'zod';
import { newId } from '../contracts/ids.ts';
import { apiOf } from '../scripts/dev/demo.ts';
import { readNote } from '../scripts/dev/home.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePort } from '../scripts/free-port.ts';
import { buildEdge } from './edge-bundle.ts';
import { edgeVars, everydayProfile, putCards } from './edge-cards.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { startQueueServer } from './queue-server.ts';
import { temporaryDirectory } from './started.ts';
import { startWorkerd } from './workerd.ts';

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
    className: 'CardObject',
    namespaceBinding: 'CARDS',
    port: await freePort(),
    queuePort: queue.port,
    vars: edgeVars,
  });
  parts.defer(() => workerd.stop());
  const cardTokens = namesOf(cards);
  await putCards(workerd.url, cardTokens);
  const { MARQETA_USERNAME: username, MARQETA_PASSWORD: password } = edgeVars;
  return { url: workerd.url, marqeta: { username, password }, cardTokens };
}

const accountSchema = z.object({ account_id: z.string() });
const cardSchema = z.object({ edge: z.object({ state: z.literal('stored') }) });

/** The edge of `npm start`, with its origin behind it. The cards are made through the origin, and stay there. */
export async function findRunningEdge(cards: number): Promise<EdgeUnderLoad> {
  const running = readNote<Running>('running.json');
  if (running === null) throw new Error('Nothing runs here. Start the system in another terminal: npm start');
  const api = apiOf(running.origin_url);
  const account = accountSchema.parse((await api('POST', '/accounts', { name: 'Load', currency: 'USD' })).body);
  // The account's id makes the tokens new in every run.
  const cardTokens = namesOf(cards).map((name) => `${name}-${account.account_id.slice(-6)}`);
  const { status, funds_minor, controls } = everydayProfile();
  await fewAtATime(cardTokens, async (card_token) => {
    const card = { account_id: account.account_id, network: 'marqeta', card_token, status, funds_minor, controls };
    cardSchema.parse((await api('POST', '/cards', card)).body);
  });
  return { url: running.edge_url, marqeta: running.marqeta, cardTokens };
}

function namesOf(cards: number): string[] {
  return Array.from({ length: cards }, (_, index) => `load-${index}`);
}

/** For tokens of requests: those of two runs never meet. */
export function newRun(): string {
  return newId('req').slice(-10);
}
