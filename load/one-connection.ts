// One request after the other on one connection, each timed to the microsecond: what a caller waits when nobody else calls.
// A bare HTTP/1.1 client on a socket, since a full one would add its own tenth of a millisecond to ours and to the floor's
// alike, and so flatter the ratio. It reads answers with a content-length only, which both targets send.

import { createConnection, type Socket } from 'node:net';
import { marqetaAuthorization } from './edge-cards.ts';
import type { Round, Target } from './many-connections.ts';
import { percentile } from './statistics.ts';

const headEnd = '\r\n\r\n';

export async function measureOne({ url, next }: Target, { seconds }: { seconds: number }): Promise<Round> {
  const { hostname, port, host } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const ask = asker(socket);
  const latenciesMs: number[] = [];
  let errors = 0;
  const startMs = performance.now();
  let nowMs = startMs;
  while (nowMs - startMs < seconds * 1_000) {
    const { path, body } = next();
    const request =
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${marqetaAuthorization}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}${headEnd}${body}`;
    const sentMs = performance.now();
    const status = await ask(request);
    nowMs = performance.now();
    latenciesMs.push(nowMs - sentMs);
    if (status < 200 || status > 299) errors++;
  }
  socket.destroy();
  return {
    requests_per_s: (latenciesMs.length * 1_000) / (nowMs - startMs),
    p50_ms: percentile(latenciesMs, 50),
    p99_ms: percentile(latenciesMs, 99),
    errors,
  };
}

/** Sends a request and returns its answer's status when the whole answer is here. One at a time. */
function asker(socket: Socket): (request: string) => Promise<number> {
  let received = '';
  let answered: ((status: number) => void) | null = null;
  let failed: ((error: Error) => void) | null = null;
  // One byte, one character: a content-length counts bytes.
  socket.setEncoding('latin1');
  socket.on('error', (error) => failed?.(error));
  socket.on('close', () => failed?.(new Error('the connection was closed before an answer')));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const bodyStart = received.indexOf(headEnd) + headEnd.length;
    if (bodyStart < headEnd.length) return;
    const head = received.slice(0, bodyStart);
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
    if (length === undefined) {
      failed?.(new Error(`an answer without a content-length: ${head.slice(0, 100)}`));
      return;
    }
    if (received.length < bodyStart + Number(length)) return;
    received = received.slice(bodyStart + Number(length));
    answered?.(Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)));
  });
  return (request) =>
    new Promise((resolve, reject) => {
      answered = resolve;
      failed = reject;
      socket.write(request);
    });
}
