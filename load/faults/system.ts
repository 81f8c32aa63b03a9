// The whole system of a fault test: the bundle that would be deployed on raw workerd, a queue, the origin's own process, a
// real Postgres. Every part on loopback ports of its own and on disk in one temporary folder, so that parts can be killed
// and started again.

import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { startTemporaryPostgres, type TemporaryServer } from '../../scripts/temporary-postgres.ts';
import { type Bundle, buildEdge } from '../edge-bundle.ts';
import { edgeVars } from '../edge-cards.ts';
import { temporaryDirectory } from '../started.ts';
import { edgeNamespaces, startWorkerd, type Workerd } from '../workerd.ts';
import type { Notices } from './edge/notices.ts';
import type { Misdelivery } from './misdelivery.ts';
import { type OriginProcess, startOrigin } from './origin-process.ts';
import { type QueueRelay, startQueueRelay } from './queue-relay.ts';

export interface RunningSystem {
  readonly edgeUrl: string;
  readonly origin: OriginProcess;
  readonly queue: QueueRelay;
  readonly databaseUrl: string;
  readonly postgres: Pick<TemporaryServer, 'backUpTo' | 'replaceBy'>;
  /** Of this run alone: the edge's objects and the origin's log are below it. */
  readonly directory: string;
  /** What the edge has written to its log since it was started last. */
  edgeOutput(): string;
  /** SIGKILL: no farewell, no flush. Returns when the process has gone. */
  killEdge(): Promise<void>;
  stopOrigin(): Promise<void>;
  /** Anew, on the same port and database, of another program where one is given. Returns when it is ready. */
  startOrigin(program?: string): Promise<void>;
  /** On the same disk and port, of another bundle from then on where one is given. Returns when it answers. */
  restartEdge(bundle?: Bundle): Promise<void>;
}

export interface SystemOptions {
  /** Of the origin's environment, beside what every origin needs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Told of every message that the edge sends to its queue. */
  readonly onQueueMessage?: (text: string) => void;
  /** The edge's; this tree's where none is given. */
  readonly bundle?: Bundle;
  /** The origin's; this tree's where none is given. */
  readonly originProgram?: string;
  /** What cards must still be told is brought to them; the bundle is then `../faulty-worker.ts`. Without it that queue is away. */
  readonly notices?: Notices;
  /** What the queue of events does wrong. */
  readonly misdelivery?: Misdelivery;
  /** Of Postgres. */
  readonly flags?: string[];
  /** Where Postgres archives its write-ahead log; nowhere without it. */
  readonly archive?: string | undefined;
  /** The origin's, where somebody has to know it before; any free one otherwise. */
  readonly port?: number;
}

export async function startSystem(parts: AsyncDisposableStack, options: SystemOptions = {}): Promise<RunningSystem> {
  const {
    environment = {},
    onQueueMessage = () => {},
    bundle: given,
    originProgram,
    notices,
    misdelivery,
    flags = [],
    archive,
    port,
  } = options;
  const directory = await temporaryDirectory(parts, 'faults');
  let bundle = given ?? (await buildEdge(join(directory, 'bundle')));
  const [edgePort, originPort] = [await freePort(), port ?? (await freePort())];
  const edgeUrl = `http://127.0.0.1:${edgePort}`;

  const postgres = await startTemporaryPostgres({ flags, archive });
  parts.defer(() => postgres.stop());
  const startThatOrigin = (program: string | undefined) =>
    startOrigin({
      ...{ port: originPort, databaseUrl: postgres.url, edgeUrl, directory, environment },
      ...(program === undefined ? {} : { program }),
    });
  const origin = await startThatOrigin(originProgram);
  let running = origin;
  parts.defer(() => running.stop());
  const queue = await startQueueRelay({
    originUrl: origin.url,
    secret: edgeVars.INTERNAL_SECRET,
    onMessage: onQueueMessage,
    notices,
    misdelivery,
  });
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
  notices?.bringTo(edgeUrl);
  return {
    edgeUrl,
    origin,
    queue,
    databaseUrl: postgres.url,
    postgres,
    directory,
    stopOrigin: () => running.stop(),
    async startOrigin(program) {
      running = await startThatOrigin(program ?? originProgram);
    },
    edgeOutput: () => edge.output(),
    killEdge: () => edge.kill(),
    async restartEdge(another) {
      bundle = another ?? bundle;
      edge = await startEdge();
    },
  };
}
