// A listener with bounds: how many connections, how many of one address, how large the headers, how long a request may take to arrive.
// Whoever opens thousands of connections and sends half a request in each keeps each of them for seconds, and not for minutes.

import type { AddressInfo, Socket } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { isOwnProxy } from './api/client-address.ts';
import type { Config } from './config.ts';

/** A header block comes in one or two packets; all of a request of 64 KiB, over the slowest line that anybody has, in seconds. */
const headersMsMax = 5_000;
const requestMsMax = 15_000;
/** How often the two are looked at: Node's own 30 s would make five seconds into thirty-five. */
const lookMs = 1_000;
/** Between two requests on one connection. */
const idleMsMax = 5_000;
/** Nothing sent and nothing taken: an answer that nobody reads. Longer than any route takes to answer. */
const silentMsMax = 60_000;
const headerBytesMax = 16 * 1024;
const headersMax = 100;
/** For requests in hand when it is told to stop. */
const drainMsMax = 15_000;

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

interface Where {
  readonly host: string;
  readonly port: number;
}

type Bounds = Pick<Config, 'CONNECTIONS_MAX' | 'CONNECTIONS_PER_ADDRESS_MAX' | 'TRUSTED_PROXIES'>;
type Fetch = Parameters<typeof serve>[0]['fetch'];

export async function listen(fetch: Fetch, { host, port }: Where, bounds: Bounds): Promise<Listening> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const serverOptions = {
      ...{ headersTimeout: headersMsMax, requestTimeout: requestMsMax, connectionsCheckingInterval: lookMs },
      ...{ keepAliveTimeout: idleMsMax, maxHeaderSize: headerBytesMax },
    };
    const opened: ServerType = serve({ fetch, hostname: host, port, serverOptions }, () => resolve(opened));
    opened.once('error', reject);
    bindConnections(opened, bounds);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () => closeServer(server),
  };
}

function bindConnections(server: ServerType, bounds: Bounds): void {
  server.maxConnections = bounds.CONNECTIONS_MAX;
  if ('maxHeadersCount' in server) server.maxHeadersCount = headersMax;
  if ('timeout' in server) server.timeout = silentMsMax;
  const perAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    // Gone already, or one of our own proxies, which brings everybody.
    if (address === undefined || isOwnProxy(address, bounds.TRUSTED_PROXIES)) return;
    const open = perAddress.get(address) ?? 0;
    if (open >= bounds.CONNECTIONS_PER_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    perAddress.set(address, open + 1);
    socket.once('close', () => {
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left === 0) perAddress.delete(address);
      else perAddress.set(address, left);
    });
  });
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(idle);
      clearTimeout(deadline);
      resolve();
    });
    // A connection that is kept alive becomes idle only after its last answer, so it is looked for again and again.
    const idle = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), 50);
    const deadline = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), drainMsMax);
  });
}
