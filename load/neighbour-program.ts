// One tenant's client, as a process of its own: what it computes must not take the time of the other tenant's client, whose
// waiting is measured. Told what to do by messages of load/neighbours-benchmark.ts; answers each with one.

import { getPriority, setPriority } from 'node:os';

/** What a client is told to do. */
export type Order =
  | {
      readonly do: 'read';
      readonly url: string;
      /** Used in turn: each has a quota of its own, which a moment of catching up must not use up. */
      readonly keys: readonly string[];
      readonly seconds: number;
      readonly perSecond: number;
    }
  | {
      readonly do: 'flood';
      readonly url: string;
      readonly key: string;
      readonly seconds: number;
      readonly call: FloodCall;
    };

export interface FloodCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** `#` stands for the number of the call, so that no two are the same. Null: none. */
  readonly body: string | null;
  /** As how many calls it counts in its quota. */
  readonly weight: number;
}

export interface Report {
  /** Of a reader: ms from when each read was due to the end of its answer. */
  readonly times: readonly number[];
  /** Answers by status; `error` where none came. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** As many calls at once as a client has that means harm; its quota and its turns are what bounds it. */
const inFlight = 50;

let isBelow = false;
process.on('message', (order: Order) => {
  // A flood comes from another machine. On this one it must not take the processor from those who are measured.
  if (order.do === 'flood' && !isBelow) {
    setPriority(Math.min(19, getPriority() + 5));
    isBelow = true;
  }
  void (order.do === 'read' ? read(order) : flood(order)).then((report) => process.send?.(report));
});

/**
 * At a fixed rate, whether or not the read before is answered; a read's time counts from when it was due, so that one that waits does not
 * hide the next. Behind a pause all that are due are sent at once: sent one by one at the same rate, each of them would count the pause again
 * (one pause of 40 ms made a hundred reads late, and a median of 34 ms).
 */
async function read({ url, keys, seconds, perSecond }: Extract<Order, { do: 'read' }>): Promise<Report> {
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const reads: Promise<void>[] = [];
  const startMs = performance.now();
  for (let n = 0; n < seconds * perSecond; n += 1) {
    const dueMs = startMs + (n * 1_000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const authorization = `Bearer ${keys[n % keys.length]}`;
    reads.push(
      statusOf(url, { headers: { authorization } }).then((status) => {
        times[n] = performance.now() - dueMs;
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(reads);
  return { times, statuses };
}

async function flood({ url, key, seconds, call }: Extract<Order, { do: 'flood' }>): Promise<Report> {
  const { method, path, body } = call;
  const statuses: Record<string, number> = {};
  const untilMs = performance.now() + seconds * 1_000;
  const authorization = `Bearer ${key}`;
  let n = 0;
  const one = async () => {
    while (performance.now() < untilMs) {
      n += 1;
      const type = body === null ? {} : { 'content-type': 'application/json' };
      const status = await statusOf(url + path, {
        ...{ method, headers: { authorization, 'idempotency-key': crypto.randomUUID(), ...type } },
        ...(body === null ? {} : { body: body.replace('#', `${n}-${process.pid}`) }),
      });
      statuses[status] = (statuses[status] ?? 0) + 1;
      // Sooner than it is told to, so that its quota is used up all the time.
      if (status === '429' || status === '503') await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return { times: [], statuses };
}

/** The status of the whole answer, or the error instead of one. */
async function statusOf(url: string, init: RequestInit): Promise<string> {
  try {
    const answer = await fetch(url, init);
    await answer.arrayBuffer();
    return String(answer.status);
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return `error ${cause?.code ?? message}`;
  }
}
