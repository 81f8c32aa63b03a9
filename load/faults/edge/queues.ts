// Both queues of a live edge, in the test's own process: what the edge sends is kept, and what its cards must still be told is brought
// back as Cloudflare does, again after the delay that the edge asks for. Either refuses what a card sends while the test says so.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { textsIn } from '../../queue-server.ts';
import { startNotices } from './notices.ts';

export type QueueName = 'events' | 'notices';

export interface Queues {
  readonly port: number;
  /** The sequences of a card's events, as they came. */
  sequencesOf(cardKey: string): readonly number[];
  refuse(queue: QueueName, cardKey: string): void;
  take(queue: QueueName, cardKey: string): void;
  /** From now on, what cards must be told is brought to the edge at this address. */
  bringTo(edgeUrl: string): void;
  close(): Promise<void>;
}

export async function startQueues(): Promise<Queues> {
  const sequences = new Map<string, number[]>();
  const refused = { events: new Set<string>(), notices: new Set<string>() };
  const notices = startNotices();

  const server = await listen(({ queue, delaySeconds, text }) => {
    const body = JSON.parse(text) as { card_key: string; events?: { sequence: number }[] };
    const { card_key, events = [] } = body;
    if (refused[queue].has(card_key)) return false;
    if (queue === 'notices') notices.take(text, delaySeconds);
    else sequences.set(card_key, [...(sequences.get(card_key) ?? []), ...events.map(({ sequence }) => sequence)]);
    return true;
  });
  return {
    port: (server.address() as AddressInfo).port,
    sequencesOf: (cardKey) => sequences.get(cardKey) ?? [],
    refuse: (queue, cardKey) => void refused[queue].add(cardKey),
    take: (queue, cardKey) => void refused[queue].delete(cardKey),
    bringTo: notices.bringTo,
    async close() {
      await notices.close();
      await new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      });
    },
  };
}

interface Sent {
  readonly queue: QueueName;
  readonly delaySeconds: number;
  readonly text: string;
}

/** The HTTP side of workerd's queue bindings (../../queue-server.ts). `take` says whether a message is taken. */
async function listen(take: (sent: Sent) => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // The configuration of workerd puts the header on what is for another queue than that of the events.
      const queue = request.headers['x-queue'] === undefined ? 'events' : 'notices';
      const delaySeconds = Number(request.headers['x-msg-delay-secs'] ?? 0);
      const texts = textsIn(Buffer.concat(chunks).toString(), request.url === '/batch');
      const isTaken = texts.every((text) => take({ queue, delaySeconds, text }));
      response.writeHead(isTaken ? 200 : 503, { 'content-type': 'application/json' });
      response.end('{"metadata":{"metrics":{"backlogCount":0,"backlogBytes":0}}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
