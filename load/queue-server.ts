// Stands in for Cloudflare Queues under raw workerd: the HTTP side of its queue binding (POST /message and /batch), each
// message handed to `onMessage` before it is acknowledged. Written from what workerd sends; keeps nothing itself. Takes cards'
// events, and what cards must still be told where there is an `onNotice`; without one that queue is away, since nobody could bring
// such a notice back to a bare workerd, and the edge declines.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface QueueServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export async function startQueueServer(
  onMessage: (body: string) => void,
  onNotice?: (body: string, delaySeconds: number) => void,
): Promise<QueueServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // The configuration of workerd puts the header on what is for another queue than that of the events.
      const isNotice = request.headers['x-queue'] !== undefined;
      if (isNotice && onNotice === undefined) {
        response.statusCode = 503;
        response.end();
        return;
      }
      const delaySeconds = Number(request.headers['x-msg-delay-secs'] ?? 0);
      for (const text of textsIn(Buffer.concat(chunks).toString(), request.url === '/batch'))
        if (isNotice) onNotice?.(text, delaySeconds);
        else onMessage(text);
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

/** The messages of a call of workerd's: one, or those of a batch. */
export function textsIn(text: string, isBatch: boolean): string[] {
  if (!isBatch) return [text];
  const { messages } = JSON.parse(text) as { messages: { body: string }[] };
  return messages.map(({ body }) => Buffer.from(body, 'base64').toString());
}
