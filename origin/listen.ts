// A listener with bounds: how many connections, how many of one address, how large the headers, how long a request may take to arrive.
// Whoever opens thousands of connections and sends half a request in each keeps each of them for seconds, and not for minutes.

import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { boundConnections, type ConnectionBounds, type OnRefused } from './connection-bounds.ts';

/** A header block comes in one or two packets; all of a request of 64 KiB, over the slowest line that anybody has, in seconds. */
const headersMsMax = 5_000;
const requestMsMax = 15_000;
/** How often the two are looked at: Node's own 30 s would make five seconds into thirty-five. */
const lookMs = 1_000;
/**
 * Between two requests on one connection, in ms: of strangers, and where our own proxies stand in front. A proxy keeps idle connections
 * for a minute or so (nginx and AWS 60 s, cloudflared 90 s) and must be the one that closes them: where we do, at the moment
 * in which it sends a request, that request ends in a reset, and the proxy's caller gets 502.
 */
const idleMsMax = 5_000;
const idleBehindProxyMsMax = 120_000;
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

type Fetch = Parameters<typeof serve>[0]['fetch'];

/** `onRefused`: hears of each connection beyond the bounds. */
export async function listen(
  fetch: Fetch,
  { host, port }: Where,
  bounds: ConnectionBounds,
  onRefused: OnRefused = () => {},
): Promise<Listening> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const serverOptions = {
      ...{ headersTimeout: headersMsMax, requestTimeout: requestMsMax, connectionsCheckingInterval: lookMs },
      keepAliveTimeout: bounds.TRUSTED_PROXIES.length > 0 ? idleBehindProxyMsMax : idleMsMax,
      maxHeaderSize: headerBytesMax,
    };
    // Not hono's own way with bodies that nobody read: it closes the connection after 500 ms, whatever its caller is told.
    const options = { fetch, hostname: host, port, serverOptions, autoCleanupIncoming: false };
    const opened: ServerType = serve(options, () => resolve(opened));
    opened.once('error', reject);
    if (opened instanceof Server) setBounds(opened, bounds, onRefused);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () => closeServer(server),
  };
}

function setBounds(server: Server, bounds: ConnectionBounds, onRefused: OnRefused): void {
  server.maxHeadersCount = headersMax;
  server.timeout = silentMsMax;
  boundConnections(server, bounds, onRefused);
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
