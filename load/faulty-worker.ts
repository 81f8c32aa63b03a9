// The edge as it is deployed, with card objects that fail and a clock that is wrong when the test says so, and a way in for batches of its
// queues, which raw workerd has none for. Nothing else is changed: the same routes, objects, deadlines and storage. Never part of a deployment.
//
// Faults are kept in the memory of the isolate, which the worker and its objects share here.

import edge, { CardObject as DeployedCardObject } from '../worker/index.ts';
import { type Batch, type BatchAnswer, batchPath, type CardFault, faultPath } from './faults/edge/fault.ts';
import { clockPath, shiftClock } from './faults/edge/shifted-clock.ts';

export { KnownCards, StandInDesk, StandInSwitch } from '../worker/index.ts';

interface Standing {
  readonly fault: CardFault;
  asked: number;
  firstAtMs: number | null;
}
const standings = new Map<string, Standing>();

type Call = NonNullable<CardFault['of']>[number];

export class CardObject extends DeployedCardObject {
  override authorize(...asked: Parameters<DeployedCardObject['authorize']>) {
    return this.#meet('authorize', () => super.authorize(...asked));
  }
  override receive(...asked: Parameters<DeployedCardObject['receive']>) {
    return this.#meet('receive', () => super.receive(...asked));
  }
  override void(...asked: Parameters<DeployedCardObject['void']>) {
    return this.#meet('void', () => super.void(...asked));
  }

  /** The caller is at the other end of an RPC: to it a value and the promise of one are the same. */
  #meet<T>(name: Call, call: () => T): T {
    const standing = standings.get(this.ctx.id.name ?? '');
    if (standing === undefined || !isToFail(standing, name)) return call();
    const { how, marks = {}, waitsMs = 0 } = standing.fault;
    if (how === 'waits') return pause(waitsMs).then(call) as T;
    if (how === 'commits' && name === 'authorize') call();
    if (how === 'aborts') this.ctx.abort('the test ends this object');
    throw Object.assign(new Error('the object is away'), marks);
  }
}

function isToFail(standing: Standing, name: Call): boolean {
  const { of, calls = Number.POSITIVE_INFINITY, awayMs = Number.POSITIVE_INFINITY } = standing.fault;
  if (of !== undefined && !of.includes(name)) return false;
  standing.firstAtMs ??= Date.now();
  standing.asked += 1;
  return standing.asked <= calls && Date.now() - standing.firstAtMs < awayMs;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

type Env = Parameters<typeof edge.fetch>[1];

export default {
  async fetch(request, env, execution) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === batchPath) return Response.json(await handOn(await request.json(), env));
    if (pathname === clockPath) {
      shiftClock(Number(searchParams.get('ahead_ms')));
      return Response.json({ at_ms: Date.now() });
    }
    if (pathname !== faultPath) return edge.fetch(request, env, execution);
    const card = searchParams.get('card') ?? '';
    if (request.method === 'PUT') standings.set(card, { fault: await request.json(), asked: 0, firstAtMs: null });
    return Response.json({ asked: standings.get(card)?.asked ?? 0 });
  },
} satisfies ExportedHandler<Env>;

async function handOn({ queue, messages }: Batch, env: Env): Promise<BatchAnswer> {
  const acked: string[] = [];
  const retried: { id: string; delaySeconds: number }[] = [];
  const batch = {
    queue,
    messages: messages.map((message) => ({
      ...message,
      timestamp: new Date(),
      ack: () => void acked.push(message.id),
      retry: ({ delaySeconds = 0 } = {}) => void retried.push({ id: message.id, delaySeconds }),
    })),
  };
  await edge.queue(batch as unknown as MessageBatch, env);
  return { acked, retried };
}
