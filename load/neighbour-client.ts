// Starts a tenant's client (neighbour-program.ts) and gives it its orders, one at a time.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, Report } from './neighbour-program.ts';

export interface Client {
  readonly pid: number;
  order(order: Order): Promise<Report>;
}

export function startClient(parts: AsyncDisposableStack): Client {
  const child = fork(join(import.meta.dirname, 'neighbour-program.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  parts.defer(() => {
    child.kill();
  });
  const order = async (given: Order): Promise<Report> => {
    const over = new AbortController();
    const { signal } = over;
    const report = once(child, 'message', { signal }) as Promise<[Report]>;
    const died = once(child, 'exit', { signal }).then(() => {
      throw new Error('a client of the benchmark has ended');
    });
    died.catch(() => {});
    child.send(given);
    try {
      return (await Promise.race([report, died]))[0];
    } finally {
      over.abort();
    }
  };
  return { pid: child.pid ?? 0, order };
}
