// The little of HTTP that the simulated provider needs: bodies in, JSON out, connections cut, servers opened and closed.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const host = '127.0.0.1';
const bodyBytesMax = 64 * 1024;

/** `cut`: the connection is reset; `silence`: it stays open, and nothing is said. */
export type Reply = { readonly status: number; readonly body: unknown } | 'cut' | 'silence';

export function says(status: number, body: unknown): Reply {
  return { status, body };
}

/** A body that cannot be read ends its connection, and nothing else. */
export function render(coming: Promise<Reply>, request: IncomingMessage, response: ServerResponse): void {
  coming
    .catch((): Reply => 'cut')
    .then((reply) => {
      if (reply === 'silence') return;
      if (reply === 'cut') request.socket.resetAndDestroy();
      else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
    })
    // What is left is an answer to a connection that is gone.
    .catch(() => undefined);
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
