// How many connections there may be, and how many of one address. One too many is answered with 503 and closed, so that its caller
// knows why and when to come back; a client library would show a bare reset as a broken network.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Counter, type Registry } from 'prom-client';
import { newId } from '../contracts/ids.ts';
import { problemBody } from '../contracts/problem.ts';
import { isOwnProxy } from './api/http/client-address.ts';
import type { Config } from './config.ts';
import { refusal } from './errors.ts';
import { closeGently, endAfterAnswer, readWhatIsLeft } from './unread-bodies.ts';

export type ConnectionBounds = Pick<Config, 'CONNECTIONS_MAX' | 'CONNECTIONS_PER_ADDRESS_MAX' | 'TRUSTED_PROXIES'>;

/** Refused connections that are being answered at once; beyond it they are closed without a word, so that refusing costs no more. */
const refusedMax = 100;

export interface RefusedConnection {
  /** The bound that it was beyond. */
  readonly bound: 'all' | 'address';
  /** False: closed without an answer, since so many were being answered. */
  readonly answered: boolean;
}

export type OnRefused = (refused: RefusedConnection) => void;

/** Counts for each door what it refuses. */
export function connectionMetrics(registry: Registry): (door: 'outer' | 'inner') => OnRefused {
  const refused = new Counter({
    name: 'connections_refused_total',
    help: 'Connections beyond CONNECTIONS_MAX (bound all) or CONNECTIONS_PER_ADDRESS_MAX (address): answered 503, or closed without an answer',
    labelNames: ['door', 'bound', 'answered'],
    registers: [registry],
  });
  return (door) =>
    ({ bound, answered }) =>
      refused.inc({ door, bound, answered: answered ? 'yes' : 'no' });
}

/** To be called before the server listens. */
export function boundConnections(server: Server, bounds: ConnectionBounds, onRefused: OnRefused): void {
  // Node's own bound closes without an answer: it stands behind ours.
  server.maxConnections = bounds.CONNECTIONS_MAX + refusedMax;
  server.on('drop', () => onRefused({ bound: 'all', answered: false }));
  const open = new Set<Socket>();
  const refused = new Set<Socket>();
  const perAddress = new Map<string, number>();
  // What Node does with a connection: it may not see those that are refused, since it would serve their requests.
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    // Gone already.
    if (address === undefined) {
      socket.destroy();
      return;
    }
    // One of our own proxies brings everybody.
    const isProxy = isOwnProxy(address, bounds.TRUSTED_PROXIES);
    const ofAddress = perAddress.get(address) ?? 0;
    const isFull = open.size >= bounds.CONNECTIONS_MAX;
    if (isFull || (!isProxy && ofAddress >= bounds.CONNECTIONS_PER_ADDRESS_MAX)) {
      onRefused({ bound: isFull ? 'all' : 'address', answered: refuse(socket, refused) });
      return;
    }
    open.add(socket);
    perAddress.set(address, ofAddress + 1);
    socket.once('close', () => {
      open.delete(socket);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left === 0) perAddress.delete(address);
      else perAddress.set(address, left);
    });
    closeGently(socket);
    for (const listener of serve) listener.call(server, socket);
  });
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) =>
    readWhatIsLeft(incoming, outgoing),
  );
}

/** Whether it is answered. */
function refuse(socket: Socket, refused: Set<Socket>): boolean {
  // Strangers reset connections at any time.
  socket.on('error', () => {});
  if (refused.size >= refusedMax) {
    socket.destroy();
    return false;
  }
  refused.add(socket);
  socket.once('close', () => refused.delete(socket));
  // What it sends is thrown away.
  socket.resume();
  endAfterAnswer(socket, answerOfRefusal());
  return true;
}

function answerOfRefusal(): string {
  const body = JSON.stringify(problemBody(refusal('too_many_connections'), newId('req')));
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    ...{ 'retry-after': 1, 'cache-control': 'no-store', connection: 'close' },
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 503 Service Unavailable\r\n${lines.join('')}\r\n${body}`;
}
