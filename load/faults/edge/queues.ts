// Both queues of a live edge, in the test's own process: what the edge sends is kept, and what its cards must still be told is brought
// back as Cloudflare does, again after the delay that the edge asks for. Either refuses what a card sends while the test says so.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '../../../contracts/ids.ts';
import { type BatchAnswer, batchPath } from './fault.ts';

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

interface Notice {
  readonly id: string;
  readonly body: { readonly card_key: string };
  attempts: number;
  dueMs: number;
}

/** As wrangler.toml has it. */
const noticesQueue = 'atlas-stand-ins';
const batchMax = 10;
const lookEveryMs = 50;

export async function startQueues(): Promise<Queues> {
  const sequences = new Map<string, number[]>();
  const refused = { events: new Set<string>(), notices: new Set<string>() };
  const notices: Notice[] = [];
  let edgeUrl: string | null = null;
  let closed = false;

  const server = await listen(({ queue, delaySeconds, text }) => {
    const body = JSON.parse(text) as { card_key: string; events?: { sequence: number }[] };
    const { card_key, events = [] } = body;
    if (refused[queue].has(card_key)) return false;
    if (queue === 'notices')
      notices.push({ id: newId('req'), body, attempts: 0, dueMs: Date.now() + delaySeconds * 1_000 });
    else sequences.set(card_key, [...(sequences.get(card_key) ?? []), ...events.map(({ sequence }) => sequence)]);
    return true;
  });
  const bringing = (async () => {
    while (!closed) {
      // The edge may be away: what it did not answer for comes again.
      if (edgeUrl !== null) await bring(edgeUrl, notices).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  return {
    port: (server.address() as AddressInfo).port,
    sequencesOf: (cardKey) => sequences.get(cardKey) ?? [],
    refuse: (queue, cardKey) => void refused[queue].add(cardKey),
    take: (queue, cardKey) => void refused[queue].delete(cardKey),
    bringTo(url) {
      edgeUrl = url;
    },
    async close() {
      closed = true;
      await bringing;
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

function textsIn(text: string, isBatch: boolean): string[] {
  if (!isBatch) return [text];
  const { messages } = JSON.parse(text) as { messages: { body: string }[] };
  return messages.map(({ body }) => Buffer.from(body, 'base64').toString());
}

/** Brings what is due; what the edge acks is gone, and the rest is due again when the edge says. */
async function bring(url: string, notices: Notice[]): Promise<void> {
  const due = notices.filter(({ dueMs }) => dueMs <= Date.now()).slice(0, batchMax);
  if (due.length === 0) return;
  for (const notice of due) notice.attempts += 1;
  const messages = due.map(({ id, attempts, body }) => ({ id, attempts, body }));
  const answer = await fetch(url + batchPath, {
    method: 'POST',
    body: JSON.stringify({ queue: noticesQueue, messages }),
  });
  const { acked, retried } = (await answer.json()) as BatchAnswer;
  const kept = notices.filter(({ id }) => !acked.includes(id));
  notices.splice(0, notices.length, ...kept);
  for (const { id, delaySeconds } of retried)
    for (const notice of kept) if (notice.id === id) notice.dueMs = Date.now() + delaySeconds * 1_000;
}
