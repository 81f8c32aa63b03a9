// A live edge for the fault test: raw workerd on a disk of its own, both of its queues, and whoever calls it from outside.

import { join } from 'node:path';
import { newId } from '../../../contracts/ids.ts';
import type { Network } from '../../../contracts/network.ts';
import { cardKey } from '../../../contracts/network.ts';
import type { Profile } from '../../../contracts/profile.ts';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import { signCall } from '../../../contracts/sign-call.ts';
import { signedHeaders } from '../../../origin/notify/sign.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { gatewayMessage } from '../../../scripts/marqeta-messages.ts';
import { buildWorker } from '../../edge-bundle.ts';
import { edgeVars, everydayProfile, marqetaAuthorization, putCard } from '../../edge-cards.ts';
import { temporaryDirectory } from '../../started.ts';
import { edgeNamespaces, startWorkerd } from '../../workerd.ts';
import { type CardFault, faultPath } from './fault.ts';
import { type Queues, startQueues } from './queues.ts';

/** What may be stood in for on a card and day: so many purchases, and a sum. */
export const standInCount = 5;
export const standInSumMinor = 6_000;
export const standInMaxMinor = 5_000;

const vars = {
  ...edgeVars,
  // Marqeta's purchases are declined while a card is away, the native network's are stood in for: so both are seen on one edge.
  NATIVE_FAILURE_POLICY: 'stand_in',
  NATIVE_STAND_IN_MAX: 'USD 50.00',
  NATIVE_STAND_IN_SUM_PER_DAY: 'USD 60.00',
  NATIVE_STAND_IN_COUNT_PER_DAY: `${standInCount}`,
};

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
  readonly waitedMs: number;
}

export interface CardAtEdge {
  readonly network: Network;
  readonly token: string;
}

export interface LiveEdge {
  readonly queues: Queues;
  newCard(network: Network, over?: Partial<Profile>): Promise<CardAtEdge>;
  setFault(card: CardAtEdge, fault: CardFault): Promise<void>;
  /** How often the object was asked since its fault was set. */
  askedOf(card: CardAtEdge): Promise<number>;
  /** What the card holds, and its newest event; of a card that the edge never had, 0. */
  read(card: CardAtEdge): Promise<{ held_minor: number; last_sequence: number }>;
  /** Over Marqeta's gateway. */
  purchase(card: CardAtEdge, amount: string): Promise<Answer>;
  native(path: 'authorizations' | 'messages' | 'voids', body: object): Promise<Answer>;
  /** The slowest purchase on a card that nothing is wrong with, of those that were under way since then: what this machine makes wait. */
  slowestHealthyMs(sinceMs: number): number;
}

export async function startLiveEdge(parts: AsyncDisposableStack): Promise<LiveEdge> {
  const directory = await temporaryDirectory(parts, 'edge');
  const { path: bundle } = await buildWorker(
    new URL('../../faulty-worker.ts', import.meta.url),
    join(directory, 'faulty-edge.js'),
  );
  const queues = await startQueues();
  parts.defer(() => queues.close());
  const workerd = await startWorkerd({
    ...{ directory, bundle, namespaces: edgeNamespaces, vars },
    ...{ port: await freePort(), queuePort: queues.port },
  });
  parts.defer(() => workerd.stop());
  const { url } = workerd;
  queues.bringTo(url);
  const pulse: { readonly endMs: number; readonly waitedMs: number }[] = [];
  const faultUrl = ({ network, token }: CardAtEdge) => `${url}${faultPath}?card=${cardKey(network, token)}`;
  const edge: LiveEdge = {
    queues,
    slowestHealthyMs: (sinceMs) =>
      Math.max(0, ...pulse.filter(({ endMs }) => endMs >= sinceMs).map((one) => one.waitedMs)),
    async newCard(network, over = {}) {
      const token = newId('card');
      await putCard(url, token, { ...everydayProfile(), controls: [], ...over }, network);
      return { network, token };
    },
    async setFault(card, fault) {
      await (await fetch(faultUrl(card), { method: 'PUT', body: JSON.stringify(fault) })).arrayBuffer();
    },
    async askedOf(card) {
      return ((await (await fetch(faultUrl(card))).json()) as { asked: number }).asked;
    },
    async read({ network, token }) {
      const pathAndQuery = `/internal/cards/${network}/${token}`;
      const call = { method: 'GET', pathAndQuery, body: '' };
      const headers = signCall(edgeVars.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
      const answer = await fetch(url + pathAndQuery, { headers });
      const body = (await answer.json()) as { held_minor: number; last_sequence: number };
      if (answer.status === 404) return { held_minor: 0, last_sequence: 0 };
      if (!answer.ok) throw new Error(`a card cannot be read: ${JSON.stringify(body)}`);
      return body;
    },
    purchase: ({ token }, amount) =>
      post(`${url}/networks/marqeta/gateway`, gatewayMessage({ cardToken: token, amount }), {
        authorization: marqetaAuthorization,
      }),
    native(path, body) {
      const text = JSON.stringify(body);
      const id = { eventId: newId('req'), payload: text };
      return post(
        `${url}/networks/native/${path}`,
        text,
        signedHeaders(id, secretsIn(edgeVars.NATIVE_SECRETS), new Date()),
      );
    },
  };
  await keepPulse(parts, edge, pulse);
  return edge;
}

const pulseEveryMs = 100;

async function keepPulse(
  parts: AsyncDisposableStack,
  edge: LiveEdge,
  pulse: { endMs: number; waitedMs: number }[],
): Promise<void> {
  const card = await edge.newCard('marqeta');
  // The first one loads what every later one needs.
  await edge.purchase(card, '0.01');
  let stopped = false;
  const beating = (async () => {
    while (!stopped) {
      const { waitedMs } = await edge.purchase(card, '0.01');
      pulse.push({ endMs: Date.now(), waitedMs });
      await new Promise((resolve) => setTimeout(resolve, pulseEveryMs));
    }
  })();
  // Whoever awaits it hears of a failure; until then it must not end the process.
  beating.catch(() => {});
  parts.defer(async () => {
    stopped = true;
    await beating;
  });
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<Answer> {
  const startedMs = performance.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await answer.text();
  const waitedMs = Math.round(performance.now() - startedMs);
  return { status: answer.status, body: JSON.parse(text), headers: answer.headers, waitedMs };
}
