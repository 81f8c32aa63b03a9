// Requests that are in hand at one time, each on a connection of its own. Each is begun with its head alone and `Expect: 100-continue`, and
// the server says of each that it has it; when it has all of them, all bodies are sent in one go. So none can be answered before the server
// holds every one. What each is answered is the caller's to judge.

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asking {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
  /** From the question's body to the answer's last byte. */
  readonly tookMs: number;
}

export interface AtOnce {
  /** In the order of the questions; a text says why there is no answer. */
  readonly answers: readonly (Answered | string)[];
  /** Those that the server held a question on, before the first body was sent. */
  readonly connections: number;
}

/** Keeps the connections of one round for the next. `destroy` closes them. */
export function connectionsFor(count: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
}

export async function askAtOnce(asking: readonly Asking[], agent: Agent): Promise<AtOnce> {
  const begun = asking.map((one) => begin(one, agent));
  // One that cannot be begun is no reason not to ask the others: its answer says why.
  const sockets = await Promise.all(begun.map(({ held }) => held));
  const connections = new Set(sockets.filter((socket) => socket !== null)).size;
  return { answers: await Promise.all(begun.map(({ finish }) => finish())), connections };
}

function begin({ url, headers, body }: Asking, agent: Agent) {
  const call = request(url, {
    ...{ method: 'POST', agent },
    headers: { ...headers, 'content-length': Buffer.byteLength(body), expect: '100-continue' },
  });
  const answer = answerOf(call).catch((error: Error) => error.message);
  const held = Promise.race([
    new Promise<Socket | null>((resolve) => call.once('continue', () => resolve(call.socket))),
    answer.then(() => null),
  ]);
  call.flushHeaders();
  const finish = async () => {
    const startMs = performance.now();
    call.end(body);
    const said = await answer;
    return typeof said === 'string' ? said : { ...said, tookMs: performance.now() - startMs };
  };
  return { held, finish };
}

async function answerOf(call: ClientRequest): Promise<Omit<Answered, 'tookMs'>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    // Every later error too: a connection may be reset after its answer.
    call.on('error', reject);
  });
  return { status: response.statusCode ?? 0, body: await text(response) };
}
