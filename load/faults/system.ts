// The whole system of a fault test: the bundle that would be deployed on raw workerd, a queue, the origin's own process, a
// real Postgres. Every part on loopback ports of its own and on disk in one temporary folder, so that parts can be killed
// and started again.

import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { startTemporaryPostgres } from '../../scripts/temporary-postgres.ts';
import { buildEdge } from '../edge-bundle.ts';
import { edgeVars } from '../edge-cards.ts';
import { temporaryDirectory } from '../started.ts';
import { edgeNamespaces, startWorkerd, type Workerd } from '../workerd.ts';
import { type OriginProcess, startOrigin } from './origin-process.ts';
import { type QueueRelay, startQueueRelay } from './queue-relay.ts';

export interface RunningSystem {
  readonly edgeUrl: string;
  readonly origin: OriginProcess;
  readonly queue: QueueRelay;
  readonly databaseUrl: string;
  /** SIGKILL: no farewell, no flush. Returns when the process has gone. */
  killEdge(): Promise<void>;
  /** On the same disk and port. Returns when it answers. */
  restartEdge(): Promise<void>;
}

export async function startSystem(parts: AsyncDisposableStack): Promise<RunningSystem> {
  const directory = await temporaryDirectory(parts, 'faults');
  const bundle = await buildEdge(join(directory, 'bundle'));
  const [edgePort, originPort] = [await freePort(), await freePort()];
  const edgeUrl = `http://127.0.0.1:${edgePort}`;

  const postgres = await startTemporaryPostgres();
  parts.defer(() => postgres.stop());
  const origin = await startOrigin({ port: originPort, databaseUrl: postgres.url, edgeUrl, directory });
  parts.defer(() => origin.stop());
  const queue = await startQueueRelay({ originUrl: origin.url, secret: edgeVars.INTERNAL_SECRET });
  parts.defer(() => queue.close());

  const startEdge = () =>
    startWorkerd({
      directory: join(directory, 'edge'),
      bundle: bundle.path,
      namespaces: edgeNamespaces,
      port: edgePort,
      queuePort: queue.port,
      vars: edgeVars,
    });
  let edge: Workerd = await startEdge();
  parts.defer(() => edge.stop());
  return {
    edgeUrl,
    origin,
    queue,
    databaseUrl: postgres.url,
    killEdge: () => edge.kill(),
    async restartEdge() {
      edge = await startEdge();
    },
  };
}
