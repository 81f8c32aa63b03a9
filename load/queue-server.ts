// Stands in for Cloudflare Queues under raw workerd: the HTTP side of its queue binding (POST /message and /batch), each
// message handed to `onMessage` before it is acknowledged. Written from what workerd sends; keeps nothing itself. Takes cards'
// events only: nobody could bring a stand-in back to a bare workerd, so that queue is away, and the edge declines.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface QueueServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export async function startQueueServer(onMessage: (body: string) => void): Promise<QueueServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // The configuration of workerd puts the header on what is for another queue than that of the events.
      if (request.headers['x-queue'] !== undefined) {
        response.statusCode = 503;
        response.end();
        return;
      }
      const body = Buffer.concat(chunks);
      if (request.url === '/batch') {
        const { messages } = JSON.parse(body.toString()) as { messages: { body: string }[] };
        for (const message of messages) onMessage(Buffer.from(message.body, 'base64').toString());
      } else {
        onMessage(body.toString());
      }
      response.setHeader('content-type', 'application/json');
      response.end('{"metadata":{"metrics":{"backlogCount":0,"backlogBytes":0}}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
