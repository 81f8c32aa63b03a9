// A gate before a peer of the origin (a provider, the queue, Redis, a bucket, a collector) that takes the keys it is told to take, as the
// peer's own console would, and answers 401 to all others. It judges the key, or a bucket's key id, that stands in Authorization; it
// verifies no signature over the body.

import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KeyedGate {
  readonly url: string;
  /** Keys that are taken from now on. */
  take(...keys: readonly string[]): void;
  /** Calls that were let through with this key. */
  passed(key: string): number;
  close(): Promise<void>;
}

export interface KeyedGateOptions {
  readonly keys: readonly string[];
  /** Where what was taken goes on to; a text: an answer of the gate's own. */
  readonly behind: { readonly url: string; readonly authorization?: string } | { readonly answer: string };
  /** What is said to a wrong key, as the peer says it. */
  readonly refusal: string;
}

export async function startKeyedGate({ keys, behind, refusal }: KeyedGateOptions): Promise<KeyedGate> {
  let taken: readonly string[] = keys;
  const passed = new Map<string, number>();
  const server = createServer((asked, answer) => {
    const key = taken.find((one) => asked.headers.authorization?.includes(one));
    if (key === undefined) {
      asked.resume().on('end', () => answer.writeHead(401, { 'content-type': typeOf(refusal) }).end(refusal));
      return;
    }
    passed.set(key, (passed.get(key) ?? 0) + 1);
    if ('answer' in behind) {
      asked.resume().on('end', () => answer.writeHead(200, { 'content-type': 'application/json' }).end(behind.answer));
      return;
    }
    const onward = send(new URL(asked.url ?? '/', behind.url), onwardOf(asked, behind.authorization), (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take(...next) {
      taken = next;
    },
    passed: (key) => passed.get(key) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function onwardOf({ method, headers }: IncomingMessage, authorization: string | undefined) {
  return { method, headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) }, agent: false };
}

function typeOf(text: string): string {
  return text.startsWith('<') ? 'application/xml' : 'application/json';
}
