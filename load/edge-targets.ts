// What the edge's benchmarks compare: ours, the bare floor, and the fair one, each on a workerd of its own with the same requests.

import { join } from 'node:path';
import { freePort } from '../scripts/free-port.ts';
import { type Bundle, buildEdge, buildFloor } from './edge-bundle.ts';
import { edgeVars, marqetaAuthorization, putCards } from './edge-cards.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { floorRequests, gatewayRequests, type NextRequest } from './gateway-requests.ts';
import { startQueueServer } from './queue-server.ts';
import { edgeNamespaces, startWorkerd, type Workerd, type WorkerdOptions } from './workerd.ts';

export const kinds = ['floor', 'fair', 'ours'] as const;
export type Kind = (typeof kinds)[number];

export interface EdgeTargets {
  readonly bundles: Readonly<Record<Kind, Bundle>>;
  /** What ours has sent to its queue. */
  readonly delivered: () => { readonly messages: number; readonly events: number };
  /** On the folder's storage: what an earlier one of the same name left there is found. Whoever starts it stops it. */
  readonly start: (kind: Kind, directory: string, options?: Pick<WorkerdOptions, 'inspectorPort'>) => Promise<Workerd>;
}

/** Bundles built fresh, and one queue that only counts. */
export async function edgeTargets(parts: AsyncDisposableStack, directory: string): Promise<EdgeTargets> {
  const bundles = {
    ours: await buildEdge(join(directory, 'edge-bundle')),
    floor: await buildFloor(directory, 'floor'),
    fair: await buildFloor(directory, 'fair-floor'),
  };
  let [messages, events] = [0, 0];
  const queue = await startQueueServer((body) => {
    messages++;
    events += (JSON.parse(body) as { events: unknown[] }).events.length;
  });
  parts.defer(() => queue.close());
  const start: EdgeTargets['start'] = async (kind, at, options = {}) => {
    const workerd = await startWorkerd({
      ...options,
      directory: at,
      bundle: bundles[kind].path,
      namespaces: namespaces[kind],
      port: await freePort(),
      queuePort: queue.port,
      vars: edgeVars,
    });
    parts.defer(() => workerd.stop());
    return workerd;
  };
  return { bundles, start, delivered: () => ({ messages, events }) };
}

const namespaces = { ours: edgeNamespaces, floor: { FLOOR: 'FloorObject' }, fair: { FAIR: 'FairObject' } } as const;

export function requestsOf(kind: Kind, tokens: readonly string[], run: string): NextRequest {
  return kind === 'floor' ? floorRequests(tokens, run) : gatewayRequests(tokens, run);
}

/** Each card has its object, and its object its database: a first write makes it, many times the work of the next. */
export async function makeCards(kind: Kind, url: string, tokens: readonly string[]): Promise<void> {
  if (kind === 'ours') return putCards(url, tokens);
  const next = requestsOf(kind, tokens, 'made');
  await fewAtATime(tokens, async () => {
    const { path, body } = next();
    const answer = await fetch(url + path, { method: 'POST', body, headers: { authorization: marqetaAuthorization } });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${kind} answered ${answer.status}`);
  });
}
